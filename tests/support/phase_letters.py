"""Wyckoff letters of a phase as spglib names them, beside those that its data state."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import spglib

from hebe.science.structures.symmetry import find_orbit, primitive_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.hulls.phase import Phase

_TRIES = 6
_STANDARD = ("", "2", "H", "b", "b1")


def wrong_letters(phase: Phase) -> list[str]:
    """Sites whose letter is not the one of the tables, in words; one entry where spglib names no setting.

    spglib names the orbits of the setting that it chooses, ``P x + p``, which may have another origin than that of the
    tables; the crystal is therefore moved to where the coordinates of that setting are those of the phase. Letters do
    not depend on lengths, so that a made lattice is taken, whose axes spglib leaves in their order.
    """
    number = phase.space_group.number
    vectors = primitive_vectors(number, phase.setting)
    lattice = _made_lattice(number)
    points, owners, kinds = _positions(phase, vectors)
    shift = np.zeros(3)
    for _ in range(_TRIES):
        cell = (lattice.tolist(), ((points - shift) % 1).tolist(), kinds)
        named = spglib.get_symmetry_dataset(cell, symprec=1e-2, hall_number=_hall(number, phase.setting))
        if named is None:
            return ["no symmetry can be found"]
        turned = not np.allclose(named.transformation_matrix, np.eye(3), atol=1e-4)
        if not turned and np.allclose((named.origin_shift - shift + 0.5) % 1, 0.5, atol=1e-4):
            break
        shift = named.origin_shift
    else:
        return ["its orbits cannot be named"]
    found = sorted({(owner, letter) for owner, letter in zip(owners, named.wyckoffs, strict=True)})
    stated = [site.wyckoff for site in phase.sites]
    return [f"{phase.sites[i].species} {stated[i]}: {letter}" for i, letter in found if stated[i][-1] != letter]


def _made_lattice(number: int) -> NDArray[np.float64]:
    """Lattice of the crystal system with rising lengths (A), shape (3, 3)."""
    from pymatgen.core import Lattice

    if number <= 2:
        return np.array(Lattice.from_parameters(8, 9, 10, 95, 96, 97).matrix)
    if number <= 15:
        return np.array(Lattice.monoclinic(8, 9, 10, 100).matrix)
    if 143 <= number <= 194:
        return np.array(Lattice.hexagonal(8, 10).matrix)
    return np.diag([8.0, 9.0 if number <= 74 else 8.0, 8.0 if number >= 195 else 10.0])


def _positions(phase: Phase, vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[int], list[int]]:
    """Positions in the conventional cell, shape (n, 3), the site that each belongs to, and its species by number."""
    steps = {tuple(np.round((np.array(n) @ vectors) % 1 % 1, 6) % 1) for n in product(range(3), repeat=3)}
    species = sorted({site.species for site in phase.sites})
    points, owners, kinds = [], [], []
    for index, site in enumerate(phase.sites):
        for x in find_orbit(phase.space_group.number, site.xyz, phase.setting).primitive:
            for step in sorted(steps):
                points.append(x @ vectors + np.array(step))
                owners.append(index)
                kinds.append(1 + species.index(site.species))
    return np.array(points), owners, kinds


def _hall(number: int, setting: str | None) -> int:
    """Number of the setting in spglib's list."""
    wanted = _STANDARD if setting is None else (setting,)
    kinds = ((hall, spglib.get_spacegroup_type(hall)) for hall in range(1, 531))
    return next(hall for hall, kind in kinds if kind and kind.number == number and kind.choice in wanted)
