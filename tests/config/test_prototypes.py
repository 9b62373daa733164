"""Every family describes the crystal that it names, and the test of it notices a wrong letter or coordinate."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hebe.config.family import Family, family_names, load_family
from support.prototypes import WITHIN, faults, member_volume

families = pytest.mark.parametrize("name", family_names())


@families
def test_prototype_is_the_crystal_it_names(name: str) -> None:
    """Space group, orbits with their letters, and the neighbours of each follow from group and coordinates."""
    family = load_family(name)
    for ion in family.lattice:
        assert faults(family, None if ion == "none" else ion) == []


def changed(family: Family, label: str, **update: object) -> Family:
    plain = family.model_dump()
    plain["sublattices"][label].update(update)
    return Family.model_validate(plain)


@families
def test_a_wrong_letter_is_noticed(name: str) -> None:
    family = load_family(name)
    for label, sublattice in family.sublattices.items():
        number, letter = sublattice.wyckoff.split()[0][:-1], sublattice.wyckoff.split()[0][-1]
        wrong = " ".join([f"{number}{chr(ord(letter) + 1)}", *sublattice.wyckoff.split()[1:]])
        assert faults(changed(family, label, wyckoff=wrong), next(iter(family.working_ions), None)), (label, wrong)


@families
def test_a_wrong_coordinate_is_noticed(name: str) -> None:
    """The first point of every sublattice, moved off every line and plane of symmetry."""
    family = load_family(name)
    for label, sublattice in family.sublattices.items():
        (x, y, z), *others = sublattice.coordinates
        point = [x + Fraction(1, 10), y + Fraction(7, 100), z + Fraction(3, 100)]
        wrong = changed(family, label, coordinates=[point, *others])
        assert faults(wrong, next(iter(family.working_ions), None)), label


@families
def test_volumes_of_published_members(name: str) -> None:
    """The estimate of the lattice, made at one radius, holds for others within 5 %, for layered hosts within 10 %."""
    family = load_family(name)
    for number, member in enumerate(family.members):
        guessed, measured = member_volume(family, number)
        assert guessed == pytest.approx(measured, rel=WITHIN[family.layer_axis is not None]), member.formula
