"""Cells from which working ions were taken are neutral: what leaves the cations or the anions is what left as ions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, member_spec
from hebe.science.structures.working import _oxidation, site_charges
from support.insertion_states import N_FU, state

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
COMPOSITION = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Ni": QUARTER, "Mg": QUARTER, "Mn": HALF}})
SPLIT = {"TM": {Ion("Ni", 2): QUARTER, Ion("Mg", 2): QUARTER, Ion("Mn", 4): HALF}}
SPEC = member_spec(COMPOSITION, SPLIT, "TM", {"TM": {"Ni": (2, 3, 4), "Mg": (2,), "Mn": (3, 4)}})


@pytest.mark.parametrize(
    ("x", "nickel", "oxygen"),
    [
        (Fraction(1), 2.0, -2.0),
        (Fraction(3, 4), 3.0, -2.0),
        (Fraction(1, 2), 4.0, -2.0),
        (Fraction(1, 4), 4.0, -1.875),
        (Fraction(0), 4.0, -1.75),
    ],
)
def test_charges_of_a_cell_at_every_content(x: Fraction, nickel: float, oxygen: float) -> None:
    """NaNi1/4Mg1/4Mn1/2O2: nickel gives half an electron per formula unit, to Ni4+; the rest comes from two oxygens."""
    structure = state(float(x), -20.0).structure
    assert structure is not None
    second = [i for i, site in enumerate(structure) if site.specie.symbol == "Ni"][1]
    structure.replace(second, "Mg", properties=structure[second].properties)
    oxidation = _oxidation(SPEC, composition_of(SPEC), ConfigurationDoc(key="c", n_fu=N_FU), x)
    charges = site_charges(SPEC, structure, oxidation)
    found: dict[str, set[float]] = {}
    for site, charge in zip(structure, charges, strict=True):
        found.setdefault(site.specie.symbol, set()).add(round(float(charge), 9))
    ions = {"Na": {1.0}} if x else {}
    assert found == {**ions, "Ni": {nickel}, "Mg": {2.0}, "Mn": {4.0}, "O": {oxygen}}
    assert float(charges.sum()) == pytest.approx(0.0, abs=1e-9)
