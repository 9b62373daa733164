"""Small cells with their vertices: what the shipped files say, and what follows from a file by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hebe.science.chemistry.ions import Ion
from hebe.science.errors.mixing_cells import (
    MemberEnergies,
    MixingFile,
    difference,
    differences,
    enthalpy,
    mixing_file,
    pair_terms,
)
from hebe.science.errors.mixing_checks import MeasuredEnthalpy, checks_file, earlier_differences
from hebe.science.errors.model_error import DocumentedPairs, documented_error, model_errors
from hebe.science.errors.pair_fit import fit_pairs

SCALE = "model/scale"
DOCS = Path(__file__).parents[3] / "docs" / "science.md"


def member(ions: dict[str, str], dft: dict[str, float], model: dict[str, float]) -> dict[str, Any]:
    """Row of a file, of a host with one mixed site."""
    row = {"family": "rocksalt", "ions": {"M": ions}, "sites": {"M": 1}, "formula_units": 2, "atoms": 4, "cpu_s": 1.0}
    return row | {"dft": dft, "models": {SCALE: model}}


def document() -> dict[str, Any]:
    """One cell and its two vertices at two geometries."""
    return {
        "dft_scale": "dft/scale",
        "settings": {},
        "own": {SCALE: "first"},
        "members": {
            "AB": member(
                {"Mg2+": "1/2", "Ni2+": "1/2"}, {"first": -10.0, "second": -10.1}, {"first": -5.0, "second": -4.9}
            ),
            "A": member({"Mg2+": "1"}, {"first": -9.0}, {"first": -4.0}),
            "B": member({"Ni2+": "1"}, {"first": -11.4, "second": -11.3}, {"first": -6.2, "second": -6.1}),
        },
        "cells": [{"member": "AB", "vertices": {"A": "1/2", "B": "1/2"}}],
    }


def test_enthalpies_and_their_errors_by_hand() -> None:
    file = MixingFile.model_validate(document())
    cell = file.cells[0]
    assert enthalpy(file, cell, None, None) == pytest.approx(-10.1 + 10.2)
    assert enthalpy(file, cell, SCALE, "first") == pytest.approx(-5.0 + 5.1)
    assert enthalpy(file, cell, SCALE, None) == pytest.approx(-4.9 + 5.1)
    parts = {part: difference(file, cell, SCALE, part) for part in ("both", "energy", "geometry")}
    values = {part: found.value for part, found in parts.items() if found is not None}
    assert values == pytest.approx({"both": 0.1 - 0.1, "energy": 0.1 - 0.2, "geometry": 0.1 - 0.2})
    found = parts["both"]
    assert found is not None
    assert found.terms == pytest.approx({"Mg2+ Ni2+": 0.25})
    assert found.members == {"AB": 1.0, "A": -0.5, "B": -0.5}


def test_a_host_with_two_mixed_sites_per_formula_unit() -> None:
    """Everything per formula unit is twice that of one site; per site it is the same."""
    double = document()
    for row in double["members"].values():
        row["ions"]["M"] = {ion: str(2 * Fraction(x)) for ion, x in row["ions"]["M"].items()}
        row["sites"] = {"M": 2}
        row["dft"] = {name: 2 * energy for name, energy in row["dft"].items()}
        row["models"][SCALE] = {name: 2 * energy for name, energy in row["models"][SCALE].items()}
    one = differences(MixingFile.model_validate(document()), SCALE, "energy")[0]
    two = differences(MixingFile.model_validate(double), SCALE, "energy")[0]
    assert two.value == pytest.approx(one.value)
    assert two.terms == pytest.approx(one.terms)


def test_energies_linear_in_the_ions_change_no_difference() -> None:
    shifted = document()
    slopes = {"Mg2+": 0.37, "Ni2+": -1.21}
    for row in shifted["members"].values():
        added = sum(float(Fraction(x)) * slopes[ion] for ion, x in row["ions"]["M"].items())
        row["models"][SCALE] = {name: energy + added for name, energy in row["models"][SCALE].items()}
    one = differences(MixingFile.model_validate(document()), SCALE)
    other = differences(MixingFile.model_validate(shifted), SCALE)
    assert other[0].value == pytest.approx(one[0].value, abs=1e-12)


def test_a_cell_without_an_energy_has_no_difference() -> None:
    bare = document()
    del bare["members"]["B"]["models"][SCALE]
    assert differences(MixingFile.model_validate(bare), SCALE) == []
    moved = document() | {"own": {SCALE: "second"}}
    assert difference(MixingFile.model_validate(moved), MixingFile.model_validate(moved).cells[0], SCALE) is None


def test_pairs_are_those_of_one_sublattice() -> None:
    third = Fraction(1, 3)
    ions = {"M": {"Li1+": 2 * third, "Mn3+": third}, "X": {"O2-": 2 * third, "F1-": third}}
    assert pair_terms(ions) == pytest.approx({"Li1+ Mn3+": 2 / 9, "F1- O2-": 2 / 9})
    two = pair_terms({"B": {"Mn3+": Fraction(3, 2), "Mn4+": Fraction(1, 2)}}, {"B": 2})
    assert two == pytest.approx({"Mn3+ Mn4+": 0.75 * 0.25})


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("cells", 0, "vertices", "A"), "1/3", "do not balance: Mg2+"),
        (("cells", 0, "member"), "AC", "no energies of AC"),
        (("members", "A", "ions", "M", "Mg2+"), "1/2", "do not fill"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(path: tuple[Any, ...], value: str, words: str) -> None:
    given: Any = document()
    inner = given
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ValidationError, match=words):
        MixingFile.model_validate(given)


def _charge(found: MemberEnergies) -> Fraction:
    charges = {"layered-o3": -3, "rocksalt": -2, "drx": 0}
    held = sum((Ion.parse(ion).charge * x for part in found.ions.values() for ion, x in part.items()), Fraction(0))
    return held + charges[found.family]


def test_shipped_members_are_neutral_and_their_energies_of_one_kind() -> None:
    file = mixing_file()
    for name, found in file.members.items():
        assert _charge(found) == 0, name
        assert set(found.models) <= set(file.own), name
        assert found.lowest in found.models["chgnet-0.3.0/MP2020"], name
        per_atom = found.dft[found.lowest] * found.formula_units / found.atoms
        assert -9 < per_atom < -3, name
        assert max(found.dft.values()) - min(found.dft.values()) < 0.1 * found.atoms / found.formula_units, name


def test_every_shipped_cell_tells_of_a_pair() -> None:
    file = mixing_file()
    for scale in file.own:
        for found in differences(file, scale):
            assert max(map(abs, found.terms.values())) > 0.02, found.cell
            assert abs(found.value) < 0.5, found.cell


def test_earlier_cells_have_the_documented_error_of_chgnet() -> None:
    """Root mean square and mean of the table in docs/science.md, with GPAW at CHGNet's geometry."""
    checks = checks_file()
    errors = [cell.enthalpies["chgnet-0.3.0/MP2020"] - cell.enthalpies["dft"] for cell in checks.earlier.values()]
    assert (sum(e**2 for e in errors) / len(errors)) ** 0.5 == pytest.approx(19.2, abs=0.05)
    assert sum(errors) / len(errors) == pytest.approx(-11.4, abs=0.05)
    assert documented_error("chgnet-0.3.0/MP2020") == pytest.approx(0.019)


def test_an_earlier_cell_by_hand() -> None:
    found = {one.cell: one for one in earlier_differences(checks_file(), "chgnet-0.3.0/MP2020")}
    assert found["LiAl0.5Co0.5O2"].value == pytest.approx((-2.9 - 12.1) * 4 / 1000)
    assert found["LiCo0.5Ga0.5O2"].value == pytest.approx((24.9 - 5.4) * 4 / 1000)
    terms = found["LiAl0.3333Mg0.3333Ti0.3333O2"].terms
    assert terms == pytest.approx({"Al3+ Mg2+": 1 / 9, "Al3+ Ti4+": 1 / 9, "Mg2+ Ti4+": 1 / 9 - 2 / 3 / 4})


def test_calorimetry_in_its_own_unit() -> None:
    """5.1 kJ/mol at x (1 - x) = 1/4, and 6.92 kJ/mol, in meV per site."""
    values = {one.formula: one for one in checks_file().measured}
    per_kilojoule = 1000 / 96.485332
    assert 1000 * (values["Co1/2Mg1/2O"].value or 0) == pytest.approx(5.1 / 4 * per_kilojoule, abs=0.05)
    five = values["Co1/5Cu1/5Mg1/5Ni1/5Zn1/5O"]
    assert 1000 * (five.value or 0) == pytest.approx(6.92 * per_kilojoule, abs=0.05)
    assert 1000 * (five.sd or 0) == pytest.approx(0.65 * per_kilojoule, abs=0.05)
    assert all(sum(one.vertices.values()) == 1 for one in values.values())
    with pytest.raises(ValidationError, match="is not negative"):
        MeasuredEnthalpy(formula="AB", vertices={}, value=0.1, sign="negative", source="made up")


def test_documented_pairs_follow_from_the_shipped_cells() -> None:
    """The blocks of model_errors.yaml are what the fit makes of the data beside them."""
    documented = {scale: errors.pairs for scale, errors in model_errors().items() if errors.pairs is not None}
    assert "chgnet-0.3.0/MP2020" in documented
    for scale, pairs in documented.items():
        found = [*differences(mixing_file(), scale), *earlier_differences(checks_file(), scale)]
        errors = fit_pairs(found)
        assert pairs.n == len(found)
        assert pairs.bias == pytest.approx(errors.bias, abs=6e-4)
        assert pairs.sd == pytest.approx(errors.spread.pairs, abs=6e-4)
        assert pairs.remainder == pytest.approx(errors.spread.remainder, abs=6e-4)
        for name, (mean, sd) in pairs.values.items():
            number = errors.names.index(name)
            assert mean == pytest.approx(errors.mean[number], abs=6e-4)
            assert sd == pytest.approx(errors.covariance[number, number] ** 0.5, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Mn3+ Fe3+", (0.1, 0.1), "not a sorted pair"),
        ("Fe3+ Ni2+", (0.1, 0.1), "of one charge"),
        ("Fe3+ Mn3+", (0.1, 0.0), "standard deviation"),
    ],
)
def test_documented_pairs_that_mean_nothing_are_refused(name: str, value: tuple[float, float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DocumentedPairs(bias=0.1, sd=0.1, remainder=0.01, n=5, values={name: value}, source="made up")


def test_the_table_of_the_documentation_is_that_of_the_data() -> None:
    """GPAW's enthalpies and both columns of CHGNet, meV per mixed site, in the order of the cells."""
    text = DOCS.read_text(encoding="utf-8")
    start = text.index("| cell | atoms | GPAW | CHGNet 0.3.0 | energy |")
    rows = [line.split(" | ") for line in text[start:].split("\n\n")[0].splitlines()[2:]]
    file, scale = mixing_file(), "chgnet-0.3.0/MP2020"
    assert len(rows) == len(file.cells)
    for row, cell in zip(rows, file.cells, strict=True):
        errors = [difference(file, cell, scale, "both"), difference(file, cell, scale, "energy")]
        values = [enthalpy(file, cell, None, None) or 0, *(-one.value for one in errors if one is not None)]
        assert [float(x) for x in row[2:5]] == pytest.approx([1000 * x for x in values], abs=0.051), row[0]
