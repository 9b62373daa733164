"""Valences from moments that others published for calculations with U."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from hebe.science.chemistry.valence import assign_valences


def assign(element: str, moment: float, ion: str | None = None) -> tuple[int | None, bool]:
    site = Structure(Lattice.cubic(4), [element], [[0.0, 0.0, 0.0]])
    if ion is not None:
        site.add_site_property("ion", [ion])
    (found,) = assign_valences(site, [moment])
    return found.charge, found.jahn_teller


@pytest.mark.parametrize(
    ("element", "moment", "charge", "jahn_teller"),
    [
        ("Mn", 3.1, 4, False), ("Mn", 3.8, 3, True), ("Mn", -4.6, 2, False),
        ("Ni", 1.7, 2, False), ("Ni", 0.9, 3, True), ("Ni", 0.1, 4, False),
        ("Co", 0.05, 3, False), ("Fe", 4.2, 3, False), ("Cr", 2.9, 3, False),
        ("Cu", 0.6, 2, True), ("Ti", 0.0, 4, False),
    ],
)  # fmt: skip
def test_moments_of_oxides(element: str, moment: float, charge: int, *, jahn_teller: bool) -> None:
    """Typical PBE+U moments: LiMn2O4 3.1 and 3.8, MnO 4.6, NiO 1.7, LiNiO2 0.9, Fe2O3 4.2, Cr2O3 2.9, CuO 0.6."""
    assert assign(element, moment) == (charge, jahn_teller)


def test_equal_moments_are_told_apart_by_the_ion_alone() -> None:
    assert assign("Fe", 3.6) == (None, False), "Fe2+ or Fe4+"
    assert assign("Fe", 3.6, "Fe2+") == (2, False)
    assert assign("Fe", 3.6, "Fe4+") == (4, True)
    assert assign("Fe", 4.2, "Fe2+") == (3, False), "a moment that decides needs no word"


def test_what_has_no_d_electrons_or_no_sense_is_left_open() -> None:
    assert assign("O", 0.1) == (None, False)
    assert assign("Mn", 1.0) == (None, False)
