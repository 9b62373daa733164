"""Cells of NaNi1/2Mn1/2O2 (O3) at any sodium content, built and displaced, for tests of defects."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
from pymatgen.core import Structure

from hebe.schemas.calculation import CalculationDoc
from hebe.science.chemistry.member import composition_of, family_of, split_of
from hebe.science.structures.configuration import build_configuration, lattice_radius
from hebe.science.structures.defects import DefectSites
from hebe.science.structures.working import apply_ordering, choose_orderings
from support.insertion_states import spec


def cell(x: str, n_sites: int = 8, shift: float = 0.08) -> Structure:
    """A cell at a content, every site displaced by `shift` (A) at random; a copy that can be changed."""
    return _cell(x, n_sites, shift).copy()


@cache
def _cell(x: str, n_sites: int, shift: float) -> Structure:
    member = spec()
    composition, split = composition_of(member), split_of(member)
    radius = lattice_radius(composition, split, "TM")
    made = build_configuration(composition, "TM", n_sites=n_sites, index=0, seed=0, radius=radius)
    (occupied, *_) = choose_orderings(member, made, Fraction(x), 1).occupied
    assert made.structure is not None
    found = apply_ordering(made.structure, occupied, family_of(member).working_of("Na"))
    moves = np.random.default_rng(5).normal(size=(len(found), 3))
    moves *= shift / np.linalg.norm(moves, axis=1)[:, None]
    coords = found.frac_coords + found.lattice.get_fractional_coords(moves)
    return Structure(found.lattice, found.species, coords, site_properties=found.site_properties)


def sites(structure: Structure) -> DefectSites:
    """Where defects can be made in such a cell."""
    return DefectSites(structure, family_of(spec()), spec().working_ion)


def calculation(structure: Structure, energy: float, key: str = "k", **more: object) -> CalculationDoc:
    """A converged calculation of a cell with an energy (eV)."""
    fields = {"engine": "e", "energy_scale": "s", "task": "relax", "status": "converged", "topology": "host", **more}
    return CalculationDoc(key=key, structure=structure, energy_eV=energy, **fields)
