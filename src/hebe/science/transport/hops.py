"""Hops between the working sites of a cell, from its geometry.

Where the cations stand on the octahedral sites of a rock salt an ion goes from one octahedron through a tetrahedron to
the next one. In other hosts it goes straight between sites that are no further apart than 1.15 times the distance at
which the net of all of them first connects, unless another atom is in the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.exceptions import BadInputError
from hebe.schemas.hops import HopDoc
from hebe.science.crystals.crystal import ANIONS
from hebe.science.transport.net import Net, neighbour_net
from hebe.science.transport.tetrahedra import find_tetrahedra

if TYPE_CHECKING:
    from collections.abc import Sequence


Array = NDArray[np.float64]

_FARTHEST: Final = 7.0  # A
_BEYOND: Final = 1.15
_IN_THE_WAY: Final = 1.0  # A
_POINTS: Final = 21
_GATE: Final = 1.15
"""Cations and anions up to so many times the distance of the nearest one belong to the gate."""


@dataclass(frozen=True)
class Cell:
    """A cell with the sites that working ions take, those of other cations, and of anions."""

    structure: Structure
    working: tuple[int, ...]

    @property
    def anions(self) -> list[int]:
        """Sites of anions."""
        return [i for i, site in enumerate(self.structure) if site.specie.symbol in ANIONS]

    @property
    def cations(self) -> list[int]:
        """All other sites."""
        anions = set(self.anions)
        return [i for i in range(len(self.structure)) if i not in anions]

    def near(self, place: Array, sites: Sequence[int], reach: float) -> list[tuple[float, int, Array]]:
        """Distance (A), site and vector from a place (fractional) to sites of a list within reach, nearest first."""
        if not sites:
            return []
        lattice = self.structure.lattice
        points: Any = self.structure.frac_coords[list(sites)]
        found: Any = lattice.get_points_in_sphere(points, lattice.get_cartesian_coords(place), reach)
        rows = [(round(float(d), 4), int(sites[int(i)]), (frac - place) @ lattice.matrix) for frac, d, i, _ in found]
        return sorted(rows, key=lambda row: row[:2])

    def clearance(self, line: Sequence[Array], sites: Sequence[int]) -> float | None:
        """Shortest distance (A) from straight lines between places (fractional) to sites; None without sites."""
        if not sites:
            return None
        points = np.concatenate([np.linspace(a, b, _POINTS) for a, b in pairwise(line)])
        distances = self.structure.lattice.get_all_distances(points, self.structure.frac_coords[list(sites)])
        return float(distances.min())


def find_hops(structure: Structure, working: Sequence[int]) -> list[HopDoc]:
    """All hops between working sites, each once.

    Parameters
    ----------
    structure
        An ideal cell with all working sites occupied.
    working
        Sites of the working ion.
    """
    cell = Cell(structure, tuple(working))
    try:
        return _through_tetrahedra(cell)
    except BadInputError:
        return _straight(cell)


def hop_net(hops: Sequence[HopDoc], n_sites: int) -> Net:
    """Hops as bonds between the sites of their cell."""
    return Net(
        n_sites,
        np.array([hop.first for hop in hops], dtype=np.int64),
        np.array([hop.second for hop in hops], dtype=np.int64),
        np.array([hop.image for hop in hops], dtype=np.int64).reshape(-1, 3),
    )


def _through_tetrahedra(cell: Cell) -> list[HopDoc]:
    """Hops of a rock salt: each pair of working ions at a tetrahedron, with the two other corners as gate."""
    cations, working = cell.cations, set(cell.working)
    part = cell.structure.from_sites([cell.structure[i] for i in cations])
    tetrahedra = find_tetrahedra(part)
    found = []
    for corners, images in zip(tetrahedra.corners, tetrahedra.images, strict=True):
        sites = [cations[i] for i in corners]
        places = cell.structure.frac_coords[sites] + images
        if sum(site in working for site in sites) < 2:
            continue
        anions = cell.near(places.mean(axis=0), cell.anions, 3.5)[:4]
        centre = places.mean(axis=0)
        if len(anions) == 4:
            shift = np.mean([vector for *_, vector in anions], axis=0)
            centre = centre + cell.structure.lattice.get_fractional_coords(shift)
        for a, b in combinations(range(4), 2):
            if sites[a] in working and sites[b] in working:
                gate = [sites[c] for c in range(4) if c not in (a, b)]
                found.append(_octahedral(cell, (sites[a], sites[b]), places[[a, b]], centre, gate, anions))
    return found


def _octahedral(
    cell: Cell,
    sites: tuple[int, int],
    places: Array,
    centre: Array,
    gate: list[int],
    anions: list[tuple[float, int, Array]],
) -> HopDoc:
    structure = cell.structure
    image = np.rint(places[1] - structure.frac_coords[sites[1]] - (places[0] - structure.frac_coords[sites[0]]))
    shift = places[0] - structure.frac_coords[sites[0]]
    via = centre - shift
    area = None
    if len(anions) == 4:
        corners = np.array([vector for *_, vector in anions])
        faces = [np.delete(corners, k, axis=0) for k in range(4)]
        ends = (places - centre) @ structure.lattice.matrix
        crossed = [min(faces, key=lambda face: float(np.linalg.norm(face.mean(axis=0) - end))) for end in ends]
        area = min(float(np.linalg.norm(np.cross(f[1] - f[0], f[2] - f[0])) / 2) for f in crossed)
    line = [structure.frac_coords[sites[0]], via, structure.frac_coords[sites[1]] + image]
    return HopDoc(
        first=sites[0],
        second=sites[1],
        image=(int(image[0]), int(image[1]), int(image[2])),
        via=(float(via[0]), float(via[1]), float(via[2])),
        length_A=_length(structure, line),
        **_named(structure, gate),
        anions=sorted(structure[i].specie.symbol for _, i, _ in anions),
        blocking=sum(i not in cell.working for i in gate),
        moving=sorted(i for i in gate if i in cell.working),
        gate_area_A2=area,
        bottleneck_A=cell.clearance(line, cell.anions),
    )


def _named(structure: Structure, gate: Sequence[int]) -> dict[str, Any]:
    """Symbols and sites of a gate, in the order of the symbols."""
    rows = sorted((structure[i].specie.symbol, i) for i in gate)
    return {"gate": [symbol for symbol, _ in rows], "gate_sites": [i for _, i in rows]}


def _length(structure: Structure, line: Sequence[Array]) -> float:
    places = np.array(line) @ structure.lattice.matrix
    return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())


def _straight(cell: Cell) -> list[HopDoc]:
    """Hops of other hosts: pairs of near working sites with nothing between them."""
    if not cell.working:
        return []
    net, lengths = neighbour_net(cell.structure, _FARTHEST, cell.working)
    crossings = net.crossings(lengths)
    if not crossings:
        return []
    found = []
    for k in np.flatnonzero(lengths <= _BEYOND * crossings[0].value):
        first, second = cell.working[net.first[k]], cell.working[net.second[k]]
        hop = _line(cell, first, second, net.images[k])
        if hop is not None:
            found.append(hop)
    return found


def _line(cell: Cell, first: int, second: int, image: NDArray[np.int64]) -> HopDoc | None:
    """A straight hop, None where another atom is in its way."""
    structure = cell.structure
    line = [structure.frac_coords[first], structure.frac_coords[second] + image]
    others = [i for i in range(len(structure)) if i not in (first, second)]
    clear = cell.clearance(line, others)
    if clear is not None and clear < _IN_THE_WAY:
        return None
    fixed = [i for i in cell.cations if i not in cell.working]
    around = cell.near((line[0] + line[1]) / 2, fixed, 5.0)
    beside = cell.near((line[0] + line[1]) / 2, cell.anions, 5.0)
    return HopDoc(
        first=first,
        second=second,
        image=(int(image[0]), int(image[1]), int(image[2])),
        length_A=_length(structure, line),
        **_named(structure, [i for d, i, _ in around if d <= _GATE * around[0][0]]),
        anions=sorted(structure[i].specie.symbol for d, i, _ in beside if d <= _GATE * beside[0][0]),
        bottleneck_A=cell.clearance(line, cell.anions),
    )
