"""The springs of an ionic crystal: the model of its curvature in displacements and strain, by kinds of springs.

Bonds are springs whose stiffness falls off exponentially with length, after the model Hessian of Lindh et al., Chem.
Phys. Lett. 241, 423 (1995), and the exponential preconditioner of Packwood et al., J. Chem. Phys. 144, 164109 (2016).
Springs between the same two elements and in the same shell are of one kind, whose strength a search can learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Structure

VOIGT: Final = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DECAY: Final = 2.0  # 1/A
_CUTOFF: Final = 5.0  # A
_SITE_STIFFNESS: Final = 0.3  # eV/A^2, keeps translations and soft modes bounded
_ANIONS: Final = frozenset({7, 8, 9, 15, 16, 17, 34, 35, 53})
_ALKALI: Final = frozenset({3, 11, 19, 37, 55})
_BOND: Final = {"strong": (2.05, 5.5), "alkali": (2.4, 1.4), "anion": (2.9, 1.0), "cation": (3.0, 0.7)}
"""Length (A) and stiffness (eV/A^2) of a spring by kind: cation-anion, alkali-anion, anion-anion, cation-cation."""
_SHELL: Final = 1.25
"""Springs longer than this many times the shortest between the same elements are of a kind of their own."""
_ALONG: Final = (1.0, 1.0)
_ACROSS: Final = (0.0, 0.3)
_SITE: Final = (1.0, 2.0)
_STRAIN: Final = (1.0, 0.0)
"""Strength before anything is known, and how far it may be off (one standard deviation), in stiffnesses of the model:
along a bond, across it, of a site, of a strain."""


@dataclass(frozen=True)
class Springs:
    """Springs of a cell, each a linear form of the coordinates (displacements in A, then strains in Voigt order).

    Attributes
    ----------
    forms, places
        Coefficients of each spring and the coordinates that they belong to, shape (springs, 12).
    stiffness
        Of each spring (eV/A^2) at strength 1, shape (springs,).
    kinds
        Kind of each spring, shape (springs,).
    prior, spread
        Strength of each kind and its standard deviation before anything is known, shape (kinds,).
    size
        Number of coordinates, 3n + 6.
    """

    forms: Floats
    places: Integers
    stiffness: Floats
    kinds: Integers
    prior: Floats
    spread: Floats
    size: int

    @classmethod
    def of(cls, structure: Structure, *, cell: bool = True) -> Springs:
        """Springs of a structure; those of a `cell` that is fixed know no strain."""
        bonds = _Bonds.of(structure)
        ends = np.hstack([3 * bonds.first[:, None] + np.arange(3), 3 * bonds.second[:, None] + np.arange(3)])
        strains = np.broadcast_to(3 * len(structure) + np.arange(6), (len(ends), 6))
        places = np.hstack([ends, strains])
        forms = [_bent(direction, bonds.vectors, cell=cell) for direction in bonds.directions]
        n, n_kinds = len(structure), int(bonds.kinds.max(initial=-1)) + 1
        elements, own = np.unique(_numbers(structure), return_inverse=True)
        diagonal = np.zeros((3 * n + 6, 12))
        diagonal[:, 0] = 1.0
        where = np.zeros((3 * n + 6, 12), dtype=np.int64)
        where[:, 0] = np.arange(3 * n + 6)
        last = 2 * n_kinds + len(elements)
        site_kinds = np.concatenate([2 * n_kinds + np.repeat(own, 3), np.full(6, last)])
        expected = [_ALONG] * n_kinds + [_ACROSS] * n_kinds + [_SITE] * len(elements) + [_STRAIN]
        prior, spread = np.array(expected).T
        return cls(
            np.vstack([*forms, diagonal]),
            np.vstack([places, places, places, where]),
            np.concatenate([np.tile(bonds.stiffness, 3), np.full(3 * n + 6, _SITE_STIFFNESS)]),
            np.concatenate([bonds.kinds, bonds.kinds + n_kinds, bonds.kinds + n_kinds, site_kinds]),
            prior,
            spread,
            3 * n + 6,
        )

    def hessian(self, strengths: Floats) -> Floats:
        """Hessian with these strengths of the kinds, shape (3n + 6, 3n + 6), units eV/A^2, eV/A and eV."""
        scaled = (self.stiffness * strengths[self.kinds])[:, None] * self.forms
        used = strengths[self.kinds] != 0.0
        values = scaled[used][:, :, None] * self.forms[used][:, None, :]
        flat = self.places[used][:, :, None] * self.size + self.places[used][:, None, :]
        total = np.bincount(flat.ravel(), weights=values.ravel(), minlength=self.size**2)
        return np.asarray(total.reshape(self.size, self.size))

    def pulls(self, step: Floats) -> Floats:
        """Change of the gradient that each kind at strength 1 gives along a step, shape (3n + 6, kinds)."""
        stretched = self.stiffness * (self.forms * step[self.places]).sum(axis=1)
        flat = self.places * len(self.prior) + self.kinds[:, None]
        total = np.bincount(
            flat.ravel(), weights=(stretched[:, None] * self.forms).ravel(), minlength=self.size * len(self.prior)
        )
        return np.asarray(total.reshape(self.size, len(self.prior)))


@dataclass(frozen=True)
class _Bonds:
    """Pairs of atoms within the cut-off, each once.

    ``vectors`` (A) from the second to the first atom, shape (bonds, 3); ``directions``, shape (3, bonds, 3), are unit
    vectors along a bond and twice across it; ``stiffness`` in eV/A^2.
    """

    first: Integers
    second: Integers
    vectors: Floats
    directions: Floats
    stiffness: Floats
    kinds: Integers

    @classmethod
    def of(cls, structure: Structure) -> _Bonds:
        i, j, images, lengths = structure.get_neighbor_list(_CUTOFF, exclude_self=True)
        leading = images @ np.array([1_000_000, 1_000, 1])
        once = (i < j) | ((i == j) & (leading > 0))
        i, j, images, lengths = i[once], j[once], images[once], lengths[once]
        frac = structure.frac_coords[i] - structure.frac_coords[j] - images
        vectors = frac @ structure.lattice.matrix
        along = vectors / lengths[:, None]
        axes = np.where(np.abs(along[:, :1]) < 0.9, np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]]))
        across = np.cross(along, axes)
        across /= np.linalg.norm(across, axis=1)[:, None]
        numbers = _numbers(structure)
        directions = np.stack([along, across, np.cross(along, across)])
        return cls(
            i, j, vectors, directions, _stiffness(numbers, i, j, lengths), _kinds(numbers[i], numbers[j], lengths)
        )


def _numbers(structure: Structure) -> Integers:
    return np.array([site.specie.Z for site in structure], dtype=np.int64)


def _kinds(first: Integers, second: Integers, lengths: Floats) -> Integers:
    """Number of the kind of each spring: its two elements and its shell."""
    pairs, pair = np.unique(1000 * np.minimum(first, second) + np.maximum(first, second), return_inverse=True)
    shortest = np.full(len(pairs), np.inf)
    np.minimum.at(shortest, pair, lengths)
    return np.unique(2 * pair + (lengths > _SHELL * shortest[pair]), return_inverse=True)[1]


def _stiffness(numbers: Integers, i: Integers, j: Integers, d: Floats) -> Floats:
    """Stiffness (eV/A^2) of each bond."""
    anion = np.isin(numbers, list(_ANIONS))
    alkali = np.isin(numbers, list(_ALKALI))
    mixed = anion[i] ^ anion[j]
    kind = np.where(mixed, np.where(alkali[i] | alkali[j], 1, 0), np.where(anion[i], 2, 3))
    lengths, stiffness = (np.array(column) for column in zip(*_BOND.values(), strict=True))
    return np.asarray(np.minimum(stiffness[kind] * np.exp(-_DECAY * (d - lengths[kind])), 3 * stiffness[kind]))


def _bent(direction: Floats, vectors: Floats, *, cell: bool) -> Floats:
    """How far each bond moves along a direction by displacements of its two ends and by strains, shape (bonds, 12)."""
    strains = [0.5 * (direction[:, a] * vectors[:, b] + direction[:, b] * vectors[:, a]) for a, b in VOIGT]
    return np.hstack([direction, -direction, np.array(strains).T * float(cell)])
