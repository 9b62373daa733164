"""Marks of a candidate: each on beyond its limit and off at it."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.schemas.calculation import CalculationDoc, MinimumDoc
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.mixing import MixingDoc, MixingResult
from hebe.science.analysis.marks import MARKS, marks_of


def candidate(mixing: MixingDoc | None = None, **fields: Any) -> CandidateDoc:
    """A candidate that is in order, but for what is said."""
    return CandidateDoc(
        candidate_id="c",
        campaign="c",
        status="complete",
        formula="NaMO2",
        family="layered-o3",
        x_made=1.0,
        composition={},
        entropy_R={},
        engine="e",
        energy_scale="s",
        mixing=MixingDoc(hull_grade="A") if mixing is None else mixing,
        **fields,
    )


def relaxed(curvature: float | None) -> CalculationDoc:
    minimum = None if curvature is None else MinimumDoc(curvature_eV_per_A2=curvature)
    return CalculationDoc(key="k", engine="e", energy_scale="s", task="relax", status="converged", minimum=minimum)


def test_a_candidate_that_is_in_order_has_none() -> None:
    full = MixingDoc(
        hull_grade="B", competing=MixingResult(T_mix_K=500.0), same_host=MixingResult(T_mix_K=300.0), deviation=0.0
    )
    document = candidate(full, capacity_window_mAh_g=120.0, capacity_redox_mAh_g=120.0)
    assert marks_of(document, [relaxed(0.3), relaxed(None)]) == []


@pytest.mark.parametrize(
    ("window", "redox", "marked"),
    [
        (128.7, 128.7, False),
        (171.6, 128.7, True),  # P2-Na2/3Ni1/3Mn2/3O2 in issue 13
        (128.7 * (1 + 1e-5), 128.7, True),
        (128.7 * (1 + 1e-12), 128.7, False),
        (100.0, 128.7, False),
        (100.0, 0.0, True),
        (0.0, 0.0, False),
        (None, 128.7, False),
        (128.7, None, False),
    ],
)
def test_a_window_beyond_the_electrons(window: float | None, redox: float | None, *, marked: bool) -> None:
    document = candidate(capacity_window_mAh_g=window, capacity_redox_mAh_g=redox)
    assert marks_of(document, []) == (["electrons"] if marked else [])


def test_states_or_cells_that_left() -> None:
    assert marks_of(candidate(states_left=["x = 0: delaminated"]), []) == ["left-host"]
    assert marks_of(candidate(MixingDoc(left_out={"shared/NaFeO2": "glide"})), []) == ["left-host"]


@pytest.mark.parametrize("grade", ["A", "B", "C", "D", None])
def test_a_lower_bound(grade: Any) -> None:
    known = MixingDoc(hull_grade=grade, competing=MixingResult(T_mix_K=0.0))
    assert marks_of(candidate(known), []) == ([] if grade in ("A", "B") else ["bound"])
    nothing = MixingDoc(hull_grade=grade, competing=MixingResult(reason="never"))
    assert marks_of(candidate(nothing), []) == [], "there is no temperature to bound"


def test_doubtful_phases_and_upper_ends() -> None:
    assert marks_of(candidate(MixingDoc(doubtful_phases={"p": "a model"})), []) == ["doubtful-phase"]
    for name in ("competing", "same_host"):
        ends = MixingDoc(hull_grade="A", **{name: MixingResult(T_mix_K=300.0, T_stable_up_to_K=900.0)})
        assert marks_of(candidate(ends), []) == ["upper-end"]


@pytest.mark.parametrize(("deviation", "marked"), [(0.0, False), (1e-9, False), (1e-3, True)])
def test_cells_that_approximate(deviation: float, *, marked: bool) -> None:
    assert marks_of(candidate(MixingDoc(deviation=deviation)), []) == (["approximate"] if marked else [])


@pytest.mark.parametrize(("curvature", "marked"), [(-0.0099, False), (-0.01, False), (-0.0101, True), (None, False)])
def test_a_ridge(curvature: float | None, *, marked: bool) -> None:
    """The limit is the curvature that a minimum may have by finite differences, -0.01 eV/A^2."""
    assert marks_of(candidate(), [relaxed(1.0), relaxed(curvature)]) == (["ridge"] if marked else [])


def test_all_marks_stand_in_one_order_with_letters_of_their_own() -> None:
    everything = MixingDoc(
        hull_grade="D",
        competing=MixingResult(T_mix_K=300.0, T_stable_up_to_K=900.0),
        doubtful_phases={"p": "a model"},
        deviation=0.1,
    )
    document = candidate(everything, states_left=["s"], capacity_window_mAh_g=2.0, capacity_redox_mAh_g=1.0)
    assert marks_of(document, [relaxed(-1.0)]) == list(MARKS)
    letters = [letter for letter, _ in MARKS.values()]
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 for letter in letters)
