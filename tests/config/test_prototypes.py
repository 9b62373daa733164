"""Every family describes the crystal that it names, and the test of it notices a wrong letter or coordinate."""

from __future__ import annotations

import re
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from monty.serialization import loadfn
from pymatgen.analysis.structure_matcher import StructureMatcher

from hebe.config.family import Family, family_names, load_family
from hebe.science.structures.host import host_cell
from support.prototypes import WITHIN, faults, member_volume

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

families = pytest.mark.parametrize("name", family_names())


@families
def test_prototype_is_the_crystal_it_names(name: str) -> None:
    """Space group, orbits with their letters, and the neighbours of each follow from group and coordinates."""
    family = load_family(name)
    for ion in family.lattice:
        assert list(faults(family, None if ion == "none" else ion)) == []


def changed(family: Family, label: str, **update: object) -> Family:
    plain = family.model_dump()
    plain["sublattices"][label].update(update)
    return Family.model_validate(plain)


def first_fault(family: Family) -> str | None:
    return next(faults(family, next(iter(family.working_ions), None)), None)


@families
def test_a_wrong_letter_is_noticed(name: str) -> None:
    family = load_family(name)
    for label, sublattice in family.sublattices.items():
        number, letter = sublattice.wyckoff.split()[0][:-1], sublattice.wyckoff.split()[0][-1]
        wrong = " ".join([f"{number}{chr(ord(letter) + 1)}", *sublattice.wyckoff.split()[1:]])
        assert first_fault(changed(family, label, wyckoff=wrong)), (label, wrong)


@families
def test_a_wrong_coordinate_is_noticed(name: str) -> None:
    """The first point of every sublattice, moved off every line and plane of symmetry."""
    family = load_family(name)
    for label, sublattice in family.sublattices.items():
        (x, y, z), *others = sublattice.coordinates
        point = [x + Fraction(1, 10), y + Fraction(7, 100), z + Fraction(1, 10)]
        wrong = changed(family, label, coordinates=[point, *others])
        assert first_fault(wrong), label


@families
def test_volumes_of_published_members(name: str) -> None:
    """The estimate of the lattice, made at one radius, holds for others within 5 %, for layered hosts within 10 %."""
    family = load_family(name)
    for number, member in enumerate(family.members):
        guessed, measured = member_volume(family, number)
        assert guessed == pytest.approx(measured, rel=WITHIN[family.layer_axis is not None]), member.formula


def published_types() -> dict[str, Structure]:
    """Prototypes of the AFLOW encyclopedia that pymatgen ships (Mehl et al., Comput. Mater. Sci. 136, S1 (2017))."""
    folder = resources.files("pymatgen.analysis.prototypes")
    found = loadfn(str(folder / "aflow_prototypes.json.gz"))
    return {entry["tags"]["aflow"]: entry["snl"].structure for entry in found}


@pytest.mark.slow
def test_prototypes_are_those_of_the_encyclopedia() -> None:
    """Families whose data name a structure type of AFLOW have its positions, whatever stands on them."""
    types, compared = published_types(), 0
    matcher = StructureMatcher(ltol=0.2, stol=0.15, angle_tol=5)
    for name in family_names():
        family = load_family(name)
        for label in re.findall(r"AFLOW (\w+)", family.checked):
            ion = next(iter(family.working_ions), None)
            assert matcher.fit_anonymous(host_cell(family, ion).structure, types[label]), (name, label)
            compared += 1
    assert compared >= 15
