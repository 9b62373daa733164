"""A layered cell as slabs that can be stacked otherwise: slabs are rigid, working ions get the sites of the new gaps.

Positions of the close-packed planes are A, B and C (0, 1, 2), a third of a translation of the plane apart. A slab that
steps up by `s` from its lower anions at p has its upper ones at p + s and its metals at p - s (Delmas, Fouassier,
Hagenmuller, Physica B+C 99, 81 (1980)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.science.structures.host import layer_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


Vectors = NDArray[np.float64]
_OFF: Final = 0.1
"""Largest distance of a lateral position from the nearest of A, B and C, in translations of the plane."""

_FLAT: Final = 1e-3
"""Height (A) up to which a lattice vector lies within the layers."""


class NotLayeredError(ValueError):
    """A cell is not made of slabs that can be stacked otherwise."""


@dataclass(frozen=True)
class Plane:
    """Atoms of one layer: their elements, sublattices and Cartesian positions (A), shape (n, 3), all at height 0."""

    elements: tuple[str, ...]
    labels: tuple[str, ...]
    places: Vectors

    def moved(self, by: Vectors) -> Plane:
        """The layer elsewhere."""
        return Plane(self.elements, self.labels, self.places + by)


@dataclass(frozen=True)
class Slab:
    """A layer of metals between two of anions; `step` is +1 or -1."""

    metals: Plane
    lower: Plane
    upper: Plane
    step: int

    def turned(self, step: int) -> Slab:
        """The slab with that step: anions change faces, so that metals stay where they are."""
        return self if step == self.step else Slab(self.metals, self.upper, self.lower, step)

    def moved(self, by: Vectors) -> Slab:
        """The slab elsewhere."""
        return Slab(self.metals.moved(by), self.lower.moved(by), self.upper.moved(by), self.step)


@dataclass(frozen=True)
class Positions:
    """The close-packed plane: what is A, B or C on it.

    Parameters
    ----------
    basis
        Two translations (A) of a layer that holds one kind of atom alone, shape (2, 3).
    normal
        Unit vector across the layers, shape (3,).
    """

    basis: Vectors
    normal: Vectors

    @property
    def steps(self) -> Vectors:
        """The three shortest vectors (A) from a position to the next, shape (3, 3)."""
        return np.array([[1, 1], [-2, 1], [1, -2]]) / 3 @ self.basis

    def place(self, vector: Vectors) -> int:
        """By how many positions a vector leads on: -1, 0 or 1; its height does not count.

        Raises
        ------
        NotLayeredError
            If it leads from no position to another.
        """
        lateral = vector - (vector @ self.normal) * self.normal
        coefficients = np.linalg.lstsq(self.basis.T, lateral, rcond=None)[0]
        thirds = np.rint(3 * coefficients)
        if np.abs(coefficients - thirds / 3).max() > _OFF or (thirds[0] - thirds[1]) % 3:
            raise NotLayeredError("the layers of anions are not close-packed planes in registry")
        return signed(int(thirds[0]))

    def shortest(self, step: int, near: Vectors) -> Vectors:
        """Of the shortest vectors (A) that lead on by `step` the one nearest to a vector; the first of several."""
        if signed(step) == 0:
            return np.zeros(3)
        options = signed(step) * self.steps
        distances = np.round(np.linalg.norm(options - near, axis=1), 6)
        return np.asarray(options[int(np.argmin(distances))])


def signed(step: int) -> int:
    """A step of positions as -1, 0 or 1."""
    return (step + 1) % 3 - 1


@dataclass(frozen=True)
class Slabs:
    """A layered cell taken apart.

    Parameters
    ----------
    slabs
        From the bottom up, as they stand.
    gaps
        Step from each slab to the one above it: -1, 0 or 1.
    within
        Lattice vectors (A) within the layers, shape (2, 3).
    closing
        Lateral part (A) of the lattice vector across the layers, shape (3,).
    repeat, thickness
        Height of a slab with the gap above it, and of a slab alone, between its anion layers (A).
    positions
        The close-packed plane.
    """

    slabs: tuple[Slab, ...]
    gaps: tuple[int, ...]
    within: Vectors
    closing: Vectors
    repeat: float
    thickness: float
    positions: Positions

    @classmethod
    def of(cls, structure: Structure, normal: Vectors, metals: Collection[str], anions: Collection[str]) -> Slabs:
        """Take a cell apart.

        Parameters
        ----------
        structure
            Cell with the site property ``sublattice``, as it was built: layers are flat.
        normal
            Cartesian unit vector across the layers, shape (3,).
        metals, anions
            Names of the sublattices in the middle and on the faces of the slabs.

        Raises
        ------
        NotLayeredError
            If its layers are not slabs of two close-packed layers of anions around one of metals.
        """
        cell, up = _axes(structure, normal)
        within, across = cell.lattice.matrix[:2], cell.lattice.matrix[2]
        layers = _slab_layers(cell, up, metals, anions)
        heights = cell.cart_coords @ up
        period = float(across @ up)
        middle, low, high = layers[0]
        thickness = _rise(float(heights[low].mean()), float(heights[high].mean()), period)
        positions = _positions(cell, low, high, up)
        bottom = float(heights[middle[0]] % period)
        levels = [bottom + k * period / len(layers) for k in range(len(layers))]
        slabs = tuple(
            _slab(cell, positions, layer, (level, level - thickness / 2, level + thickness / 2))
            for layer, level in zip(layers, levels, strict=True)
        )
        closing = across - period * up
        above = [*(slab.lower.places[0] for slab in slabs[1:]), slabs[0].lower.places[0] + closing]
        gaps = tuple(positions.place(b - a.upper.places[0]) for a, b in zip(slabs, above, strict=True))
        return cls(slabs, gaps, within, closing, period / len(slabs), thickness, positions)

    @property
    def steps(self) -> tuple[int, ...]:
        """Step of each slab."""
        return tuple(slab.step for slab in self.slabs)

    def repeated(self, times: int) -> Slabs:
        """The same crystal with a cell that is so many times as high."""
        slabs = tuple(slab.moved(k * self.closing) for k in range(times) for slab in self.slabs)
        return Slabs(
            slabs, self.gaps * times, self.within, self.closing * times, self.repeat, self.thickness, self.positions
        )

    def stacked(self, steps: Sequence[int], gaps: Sequence[int]) -> Slabs:
        """The same slabs stacked otherwise, each moved as little as possible within the plane.

        Parameters
        ----------
        steps, gaps
            Step of each slab and of the gap above it; a multiple of the slabs of the cell.
        """
        held = self.repeated(len(steps) // len(self.slabs))
        before, after = metal_positions(held.steps, held.gaps), metal_positions(steps, gaps)
        moves = [np.zeros(3)]
        for old, new in zip(before[1:], after[1:], strict=True):
            moves.append(self.positions.shortest(new - old, moves[-1]))
        slabs = tuple(
            slab.turned(step).moved(move) for slab, step, move in zip(held.slabs, steps, moves[:-1], strict=True)
        )
        closing = held.closing + moves[-1]
        return Slabs(slabs, tuple(gaps), self.within, closing, self.repeat, self.thickness, self.positions)

    def sites_between(self, number: int) -> Vectors:
        """Sites (A, at height 0) of the gap above a slab, shape (n, 3): octahedra, or both kinds of prisms."""
        slab, gap = self.slabs[number], self.gaps[number]
        taken = {signed(slab.step), signed(slab.step + gap)}  # counted from the lower anions of the slab
        free = sorted({-1, 0, 1} - taken)
        zero = np.zeros(3)
        return np.concatenate([slab.lower.places + self.positions.shortest(y, zero) for y in free])


def metal_positions(steps: Sequence[int], gaps: Sequence[int]) -> list[int]:
    """Position of the metals of each slab, and of the one above the last: that of the first is 0."""
    lower, found = steps[0], []
    for step, gap in zip(steps, gaps, strict=True):
        found.append(lower - step)
        lower += step + gap
    return [*found, lower - steps[0]]


def _axes(structure: Structure, normal: Vectors) -> tuple[Structure, Vectors]:
    """The cell with two lattice vectors within the layers, the third across them; the unit vector up along that one."""
    matrix = structure.lattice.matrix.copy()
    while True:
        rises = matrix @ normal
        order = np.argsort(-np.abs(rises))
        highest, next_one = int(order[0]), int(order[1])
        if abs(rises[next_one]) < _FLAT:
            break
        matrix[highest] -= round(float(rises[highest] / rises[next_one])) * matrix[next_one]
    up = normal * np.sign(rises[highest])
    vectors = matrix[[(highest + 1) % 3, (highest + 2) % 3, highest]]
    cell = Structure(
        Lattice(vectors),
        structure.species,
        structure.cart_coords,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
    )
    return cell, up


def _slab_layers(
    structure: Structure, up: Vectors, metals: Collection[str], anions: Collection[str]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Indices of metals, lower and upper anions of each slab, from the bottom up."""
    labels = structure.site_properties["sublattice"]
    middle = _layers(structure, up, [i for i, name in enumerate(labels) if name in metals])
    faces = _layers(structure, up, [i for i, name in enumerate(labels) if name in anions])
    if not middle or len(faces) != 2 * len(middle):
        raise NotLayeredError("there are not two layers of anions for every layer of metals")
    heights = structure.cart_coords @ up
    period = float(np.abs(structure.lattice.matrix @ up).max())
    found = []
    for layer in middle:
        rises = [_rise(float(heights[layer].mean()), float(heights[face].mean()), period) for face in faces]
        below, above = int(np.argmax(rises)), int(np.argmin(rises))
        if len(faces[below]) != len(faces[above]):
            raise NotLayeredError("the layers of anions do not hold equally many")
        found.append((layer, faces[below], faces[above]))
    return found


def _layers(structure: Structure, up: Vectors, sites: Sequence[int]) -> list[NDArray[np.int64]]:
    """Sites of each layer, from the bottom up."""
    numbers = np.array(layer_numbers(structure, sites, up), dtype=np.int64)
    return [np.array(sites, dtype=np.int64)[numbers == k] for k in range(int(numbers.max(initial=-1)) + 1)]


def _rise(low: float, high: float, period: float) -> float:
    """Height (A) of the next layer of that kind above another one."""
    return (high - low) % period


def _positions(structure: Structure, lower: NDArray[np.int64], upper: NDArray[np.int64], up: Vectors) -> Positions:
    """The plane, from the three upper anions around a lower one; the slab steps up by one position, by definition."""
    start = structure[int(lower[0])]
    upper_set = set(upper.tolist())
    found = []
    for neighbour in structure.get_neighbors(start, 4.0):
        lateral = neighbour.coords - start.coords
        rise = float(lateral @ up)
        if neighbour.index in upper_set and rise > 0:
            found.append(lateral - rise * up)
    found.sort(key=lambda v: [round(float(x), 3) for x in (np.linalg.norm(v), *v)])
    if len(found) < 3 or np.linalg.norm(found[0]) < 0.5:
        raise NotLayeredError("the metals do not stand in octahedra")
    first, second, third = found[:3]
    return Positions(np.array([first - second, first - third]), up)


def _slab(
    structure: Structure,
    positions: Positions,
    layer: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    heights: tuple[float, float, float],
) -> Slab:
    """Slab of a layer of metals and its anions; `heights` (A) are where they are, whatever image the cell holds."""
    labels, up = structure.site_properties["sublattice"], positions.normal
    across = structure.lattice.matrix[2]
    planes = []
    for part, height in zip(layer, heights, strict=True):
        places = structure.cart_coords[part]
        places = places - np.rint((places @ up - height) / (across @ up))[:, None] * across
        flat = places - (places @ up)[:, None] * up
        planes.append(Plane(tuple(structure[int(i)].specie.symbol for i in part), tuple(labels[i] for i in part), flat))
    metals, lower, upper = planes
    step = positions.place(upper.places[0] - lower.places[0])
    if step == 0 or positions.place(metals.places[0] - lower.places[0]) != -step:
        raise NotLayeredError("the metals do not stand in octahedra")
    return Slab(metals, lower, upper, step)
