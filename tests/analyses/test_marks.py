"""Marks of a candidate: each on beyond its limit and off at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Lattice, Structure

from hebe.analyses.marks import mark_texts, marks_of
from hebe.schemas.calculation import CalculationDoc, MinimumDoc
from hebe.schemas.electrode import VoltageDoc
from hebe.schemas.formability import FormabilityDoc
from hebe.schemas.mixing import MixingDoc, MixingResult
from support.candidate_documents import candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.result import ResultDoc


def marks(
    mixing: MixingDoc | None = None,
    curvatures: Sequence[float | None] = (),
    *,
    window: float | None = None,
    redox: float | None = None,
    states_left: Sequence[str] = (),
    sampled: bool = False,
    outside: Sequence[str] = (),
) -> list[str]:
    """Marks of a candidate that is in order, but for what is said."""
    document = candidate(states_left=list(states_left), descriptors={"capacity_redox_mAh_g": redox})
    results: dict[str, list[ResultDoc | None]] = {
        "mixing": [MixingDoc(hull_grade="A") if mixing is None else mixing],
        "voltage": [VoltageDoc(capacity_window_mAh_g=window), None],
        "formability": [FormabilityDoc(tiles_sampled=sampled)],
    }
    calculations = [relaxed(curvature) for curvature in curvatures]
    if outside:
        calculations.append(relaxed(None).model_copy(update={"outside_training": list(outside)}))
    return marks_of(document, results, calculations)


def relaxed(curvature: float | None) -> CalculationDoc:
    minimum = None if curvature is None else MinimumDoc(curvature_eV_per_A2=curvature)
    return CalculationDoc(
        key="k",
        engine="e",
        energy_scale="s",
        task="relax",
        status="converged",
        minimum=minimum,
        energy_eV=-12.0,
        structure=Structure(Lattice.cubic(4.2), ["Mg", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
    )


def test_a_candidate_that_is_in_order_has_none() -> None:
    full = MixingDoc(
        hull_grade="B", competing=MixingResult(T_mix_K=500.0), same_host=MixingResult(T_mix_K=300.0), deviation=0.0
    )
    assert marks(full, [0.3, None], window=120.0, redox=120.0) == []


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
    assert marks(window=window, redox=redox) == (["electrons"] if marked else [])


def test_states_or_cells_that_left() -> None:
    assert marks(states_left=["x = 0: delaminated"]) == ["left-host"]
    assert marks(MixingDoc(left_out={"shared/NaFeO2": "glide"})) == ["left-host"]


@pytest.mark.parametrize("grade", ["A", "B", "C", "D", None])
def test_a_lower_bound(grade: Any) -> None:
    known = MixingDoc(hull_grade=grade, competing=MixingResult(T_mix_K=0.0))
    assert marks(known) == ([] if grade in ("A", "B") else ["bound"])
    nothing = MixingDoc(hull_grade=grade, competing=MixingResult(reason="never"))
    assert marks(nothing) == [], "there is no temperature to bound"


def test_doubtful_phases_and_upper_ends() -> None:
    assert marks(MixingDoc(doubtful_phases={"p": "a model"})) == ["doubtful-phase"]
    for name in ("competing", "same_host"):
        ends = MixingDoc(hull_grade="A", **{name: MixingResult(T_mix_K=300.0, T_stable_up_to_K=900.0)})
        assert marks(ends) == ["upper-end"]


@pytest.mark.parametrize(("deviation", "marked"), [(0.0, False), (1e-9, False), (1e-3, True)])
def test_cells_that_approximate(deviation: float, *, marked: bool) -> None:
    assert marks(MixingDoc(deviation=deviation)) == (["approximate"] if marked else [])


@pytest.mark.parametrize(("curvature", "marked"), [(-0.0099, False), (-0.01, False), (-0.0101, True), (None, False)])
def test_a_ridge(curvature: float | None, *, marked: bool) -> None:
    """The limit is the curvature that a minimum may have by finite differences, -0.01 eV/A^2."""
    assert marks(curvatures=[1.0, curvature]) == (["ridge"] if marked else [])


def test_all_marks_stand_in_one_order_with_letters_of_their_own() -> None:
    everything = MixingDoc(
        hull_grade="D",
        competing=MixingResult(T_mix_K=300.0, T_stable_up_to_K=900.0),
        doubtful_phases={"p": "a model"},
        deviation=0.1,
    )
    found = marks(everything, [-1.0], states_left=["s"], window=2.0, redox=1.0, sampled=True, outside=["far"])
    elsewhere = {"transition", "air", "anion-redox", "migrating", "oxygen-bonds"}  # have tests of their own
    elsewhere |= {"not-percolating", "electron-hop", "filled-hops", "lost-moments", "crystal-did-not-hold"}
    elsewhere |= {"metastable-electrolyte", "wide-window"}
    assert found == [name for name in mark_texts() if name not in elsewhere]
    letters = [text.letter for text in mark_texts().values()]
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 for letter in letters)


def test_a_usable_cell_outside_training() -> None:
    assert marks(outside=["its pressure is 50 GPa (limit 10)"]) == ["outside-training"]
    failed = relaxed(None).model_copy(update={"outside_training": ["far"], "status": "failed"})
    assert marks_of(candidate(descriptors={}), {}, [failed]) == []


@pytest.mark.parametrize("sampled", [True, False])
def test_tiles_that_were_drawn(*, sampled: bool) -> None:
    assert marks(sampled=sampled) == (["sampled-tiles"] if sampled else [])


@pytest.mark.parametrize(
    ("start", "end", "marked"),
    [
        ([3.0, 0.0], [0.02, 0.0], True),
        ([-1.5, 0.0], [-0.09, 0.01], True),
        ([3.0, 0.0], [0.1, 0.0], False),
        ([1.4, 0.0], [0.0, 0.0], False),  # one electron that pairs, as in cobalt(IV)
        ([3.0, 0.0], None, False),  # without spin
        (None, [0.0, 0.0], False),
    ],
)
def test_moments_that_are_lost(start: list[float] | None, end: list[float] | None, *, marked: bool) -> None:
    one = relaxed(None)
    given = one.cell.copy(site_properties={} if start is None else {"magmom": start})
    found = one.model_copy(update={"input_structure": given, "magmoms": end})
    assert marks_of(candidate(descriptors={}), {}, [found]) == (["lost-moments"] if marked else [])
