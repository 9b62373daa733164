"""From energies of small cells to errors: what is measured, what is left out, and errors that survive being stored."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.calibration import CalibrationSpec
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.calibration import ChosenCell, ChosenVertex, ErrorsDoc
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.errors.calibration_document import (
    MeasuredMember,
    calibration_document,
    errors_document,
    errors_of,
    prior_errors,
)
from hebe.science.errors.cell_choice import chosen_cells
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.small_members import SmallMember, balanced, member_name

HALF = Fraction(1, 2)
PAIRS = (("Mg", "Ni"), ("Co", "Mg"), ("Co", "Ni"))
W = {"Mg2+ Ni2+": 0.2, "Co2+ Mg2+": -0.1, "Co2+ Ni2+": 0.05}


def rocksalt(*elements: str) -> SmallMember:
    """Oxide half and half of two elements."""
    split = {Ion.parse(f"{element}2+"): HALF for element in elements}
    composition = HostComposition("rocksalt", None, Fraction(0), {"M": dict.fromkeys(elements, HALF)})
    valences = {"M": dict.fromkeys(elements, (2,))}
    found = balanced(member_spec(composition, {"M": split}, "M", valences))
    assert found is not None
    return found


PRIOR = EntryErrors(bias=0.0, sd=0.3, remainder=0.0)
CELLS = [rocksalt(*pair) for pair in PAIRS]


def chosen(*, fitted: int = 3) -> list[ChosenCell]:
    return [
        ChosenCell(
            spec=cell.spec,
            vertices=[ChosenVertex(spec=spec, amount=str(n)) for n, spec in cell.vertices],
            fitted=i < fitted,
        )
        for i, cell in enumerate(CELLS)
    ]


def calculated(energy: float, scale: str, n_fu: int, **fields: object) -> CalculationDoc:
    structure = Structure(Lattice.cubic(4), ["Mg", "O"], np.array([[0.0] * 3, [0.5] * 3]))
    given: dict[str, object] = {
        "key": "k",
        "engine": scale,
        "energy_scale": scale,
        "task": "static",
        "status": "converged",
    }
    given |= {"structure": structure, "energy_eV": energy * n_fu, "cpu_s": 2.0}
    return CalculationDoc.model_validate(given | fields)


def members(sign: float = 1.0) -> dict[str, MeasuredMember]:
    """Every member twice: with an engine that lacks the energies of pairs, and with them."""
    found = {}
    for n_fu, cell in zip((2, 4, 6), CELLS, strict=True):
        for spec in (cell.spec, *(vertex for _, vertex in cell.vertices)):
            energy = -5.0 * len(spec.split["M"])
            pairs = sum(W[pair] * x for pair, x in cell.terms.items()) if spec is cell.spec else 0.0
            found[member_name(spec)] = MeasuredMember(
                spec,
                ConfigurationDoc(key="k", n_fu=n_fu),
                calculated(energy, "springs", n_fu),
                [calculated(energy + 100 + sign * pairs, "exact", n_fu)],
            )
    return found


def test_differences_are_per_mixed_site_and_follow_the_sign_of_the_documents() -> None:
    for sign in (1.0, -1.0):
        document = calibration_document(chosen(), members(sign))
        assert {row.formula: row.value for row in document.rows} == {
            cell.spec.formula: pytest.approx(sign * sum(W[p] * x for p, x in cell.terms.items())) for cell in CELLS
        }
        assert document.n == 3
        assert document.errors is not None
        mean = dict(zip(document.errors.pairs, document.errors.mean, strict=True))
        assert all(np.sign(mean[pair]) == sign * np.sign(w) for pair, w in W.items() if abs(w) >= 0.1)
        assert document.cpu_s == pytest.approx(2.0 * 6)


def test_the_lowest_reference_counts() -> None:
    found = members()
    first = found[CELLS[0].name]
    (reference,) = first.references
    assert reference is not None
    higher = reference.model_copy(update={"energy_eV": reference.energy + 3})
    again = {
        **found,
        CELLS[0].name: MeasuredMember(first.spec, first.configuration, first.computed, [higher, reference]),
    }
    values = [calibration_document(chosen(), one).rows[0].value for one in (found, again)]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"status": "failed"}, "has no energy"), ({"topology": "collapsed"}, "no longer the host (collapsed)")],
)
def test_cells_without_a_meaning_are_left_out_and_named(fields: dict[str, object], words: str) -> None:
    found = members()
    for name in (CELLS[0].name, CELLS[1].name):
        one = found[name]
        left = calculated(-9, "springs", 2, **fields)
        found[name] = MeasuredMember(one.spec, one.configuration, left, one.references)
    document = calibration_document(chosen(), found)
    assert [row.formula for row in document.rows] == [CELLS[2].spec.formula]
    assert document.errors is None
    assert sum(words in warning for warning in document.warnings) == 2
    assert any("1 cells with energies" in warning for warning in document.warnings)


def test_a_missing_vertex_takes_all_its_cells_along() -> None:
    found = members()
    nickel = next(name for name in found if name.startswith("NiO"))
    del found[nickel]
    document = calibration_document(chosen(), found)
    assert [row.formula for row in document.rows] == [CELLS[1].spec.formula]


def test_cells_that_were_kept_aside_change_no_error() -> None:
    first = calibration_document(chosen(fitted=2), members())
    found = members()
    odd = found[CELLS[2].name]
    found[CELLS[2].name] = MeasuredMember(odd.spec, odd.configuration, odd.computed, [calculated(90.5, "exact", 6)])
    second = calibration_document(chosen(fitted=2), found)
    assert [row.fitted for row in first.rows] == [True, True, False]
    assert first.rows[2].value != second.rows[2].value
    assert first.rows[2].predicted == second.rows[2].predicted
    assert first.errors == second.errors


def test_sites_that_lost_their_moments_are_named() -> None:
    properties = {"ion": ["Ni2+", "O2-"], "magmom": [2.0, 0.0]}
    cell = Structure(Lattice.cubic(4), ["Ni", "O"], np.array([[0.0] * 3, [0.5] * 3]), site_properties=properties)
    found = members()
    nickel = next(name for name in found if name.startswith("NiO"))
    one = found[nickel]
    for moment, number in ((1.6, 0), (0.2, 1)):
        static = calculated(95, "exact", 2, input_structure=cell, magmoms=[moment, 0.05])
        found[nickel] = MeasuredMember(one.spec, one.configuration, one.computed, [static])
        named = [warning for warning in calibration_document(chosen(), found).warnings if "moments" in warning]
        assert len(named) == number
    assert "Ni2+ 0.20" in named[0]


def test_errors_are_the_same_after_being_stored() -> None:
    errors = EntryErrors(
        bias=0.1,
        sd=0.2,
        remainder=0.03,
        phase_sd=0.02,
        pairs=("Co2+ Mg2+", "Mg2+ Ni2+"),
        mean=np.array([0.1, -0.2]),
        covariance=np.array([[0.04, 0.01], [0.01, 0.03]]),
        freedom=7.0,
        source="calibrated",
    )
    again = errors_of(ErrorsDoc.model_validate_json(errors_document(errors).model_dump_json()))
    names = ["Mg2+ Ni2+", "Co2+ Ni2+"]
    assert np.array_equal(errors.pair_draws(names), again.pair_draws(names))
    assert np.array_equal(errors.remainder_draws("a"), again.remainder_draws("a"))
    assert np.array_equal(errors.phase_draws("a"), again.phase_draws("a"))
    assert again.source == "calibrated"


def test_without_documented_errors_pairs_are_as_uncertain_as_they_are_large() -> None:
    assert prior_errors("nobody knows", CELLS[0].spec).sd == pytest.approx(0.3)
    documented = prior_errors("chgnet-0.3.0/MP2020", CELLS[0].spec)
    assert (documented.source, documented.bias_sd) == ("documented", 0.0)
    assert prior_errors("chgnet-0.3.0/MP2020", CELLS[0].spec, 0.01).sd == pytest.approx(4 * 0.01 * 2)


def wanted(**fields: object) -> CalibrationSpec:
    return CalibrationSpec.model_validate({"engine": {"ase": "a:b", "energy_scale": "exact"}, **fields})


def test_cells_tell_of_the_pairs_that_decide() -> None:
    candidates = [cell.spec for cell in CELLS]
    targets = [{"Mg2+ Ni2+": 0.25}, {"Co2+ Mg2+": 0.01}]
    choice = chosen_cells(candidates, targets, PRIOR, wanted(n=2, illustration=0, sizes=2))
    assert choice.cells[0].spec.formula == "Mg0.5Ni0.5O"
    assert choice.pairs == ["Co2+ Mg2+", "Mg2+ Ni2+"]
    assert choice.cost_s > 0


def test_the_last_cells_are_kept_aside_and_named_ones_are_all_taken() -> None:
    candidates = [cell.spec for cell in CELLS]
    choice = chosen_cells(candidates, [], PRIOR, wanted(n=2, illustration=1, sizes=2))
    assert [cell.fitted for cell in choice.cells] == [True, True, False]
    few = chosen_cells(candidates, [], PRIOR, wanted(n=9, illustration=1, sizes=2))
    assert [cell.fitted for cell in few.cells] == [True, True, False]
    assert "3 of 3 small cells" in few.warnings[0]
    named = chosen_cells(candidates, [], PRIOR, wanted(cells=("Mg1/2Ni1/2O", "Co1/2Ni1/2O")), CELLS[:2])
    assert [cell.spec.formula for cell in named.cells] == [cell.spec.formula for cell in CELLS[:2]]
    assert all(cell.fitted for cell in named.cells)


def test_a_committee_spreads_the_prior_over_pairs_where_that_predicts_better() -> None:
    found = members()
    plain = calibration_document(chosen(), found)
    assert plain.committee is None
    for sign in (1.0, -1.0):
        voted = {}
        for n_fu, cell in zip((2, 4, 6), CELLS, strict=True):
            for spec in (cell.spec, *(vertex for _, vertex in cell.vertices)):
                one = found[member_name(spec)]
                own = one.computed
                assert own is not None
                odd = sign * 0.3 if spec.formula == "Mg0.5Ni0.5O" else 0.001 * (spec is cell.spec)
                other = own.model_copy(update={"energy_scale": "other", "energy_eV": own.energy + odd * n_fu})
                voted[member_name(spec)] = MeasuredMember(spec, one.configuration, own, one.references, [other])
        document = calibration_document(chosen(), voted)
        assert document.committee is not None
        assert document.committee.used == (document.committee.committee >= document.committee.plain)
        assert (document.errors != plain.errors) == document.committee.used
        assert [row.value for row in document.rows] == [row.value for row in plain.rows]


def test_a_committee_that_misses_a_vertex_says_nothing_of_its_cells() -> None:
    found = members()
    own = found[CELLS[0].name]
    assert own.computed is not None
    lonely = own.computed.model_copy(update={"energy_scale": "other"})
    found[CELLS[0].name] = MeasuredMember(own.spec, own.configuration, own.computed, own.references, [lonely])
    assert calibration_document(chosen(), found).committee is None
