"""The document of a loop: hypervolumes counted otherwise, intervals counted by hand, and why candidates were chosen."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.analyses.loop import loop_of
from hebe.campaigns.loading import load_campaign
from hebe.report.loop import round_heads
from hebe.schemas.learned import Predicted, ProposalDoc, Proposed
from hebe.schemas.result import Value
from hebe.science.learning.chance import as_share, error_in_probits, probit, share
from support.candidate_documents import candidate
from support.learned_project import CAMPAIGN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.schemas.loop import LoopDoc

VOLTS, STRAIN, FORMS = "average_voltage", "max_volume_strain", "formation_probability"
REFERENCE = {VOLTS: 3.0, STRAIN: 0.05}


def campaign(folder: Path, select: str = "{method: learn, batch: 3, rounds: 4}", rank: str = "") -> Campaign:
    path = folder / "synthetic.yaml"
    text = CAMPAIGN.replace("{method: diverse, n: 6, seed: 1}", select)
    text = text.replace("minimize: [max_volume_strain]", f"minimize: [max_volume_strain{rank}]")
    path.write_text(text.replace("volume_strain]}", "volume_strain, mixing]}") if rank else text)
    return load_campaign(path)


def proposed(name: str, volts: float, strain: float, **more: Any) -> Proposed:
    """A candidate whose intervals of 90 % reach 0.1 V and 1 % to each side."""
    told = {
        VOLTS: Predicted(mean=volts, sd=0.05, low=volts - 0.1, high=volts + 0.1),
        STRAIN: Predicted(mean=strain, sd=0.005, low=strain - 0.01, high=strain + 0.01),
    }
    return Proposed(candidate_id=name, formula=name, predicted=told, **{"gain": 0.01, **more})


def judged(folder: Path, rank: str, more: str = "") -> Campaign:
    """A loop that knows the probability to form, and ranks by something."""
    path = folder / "judged.yaml"
    text = CAMPAIGN.replace("{method: diverse, n: 6, seed: 1}", f"{{method: learn, batch: 3, rounds: 4{more}}}")
    text = text.replace("[voltage, volume_strain]", "[voltage, volume_strain, mixing]")
    path.write_text(text.replace("{maximize: [average_voltage], minimize: [max_volume_strain]}", rank))
    return load_campaign(path)


def chance(name: str, mean: float, half: float, **more: Any) -> Proposed:
    """A candidate of whose chance this is predicted in probits."""
    told = as_share(Predicted(mean=mean, sd=half / 2, low=mean - half, high=mean + half))
    return Proposed(candidate_id=name, formula=name, predicted={FORMS: told}, **{"gain": 0.01, **more})


def said(number: int, chosen: Sequence[Proposed], **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"campaign": "synthetic", "round": number, "reference": REFERENCE}
    return ProposalDoc(candidates=list(chosen), **{**usual, **more}).model_dump()


def cells(points: Sequence[Sequence[float]], reference: Sequence[float], steps: Sequence[float]) -> float:
    """Volume that points on a lattice dominate below a reference, as the number of cells of the lattice in it."""
    ends = [[round(value / step) for value, step in zip(point, steps, strict=True)] for point in points]
    edge = [round(value / step) for value, step in zip(reference, steps, strict=True)]
    inside = {
        cell
        for end in ends
        for cell in itertools.product(*(range(low, high) for low, high in zip(end, edge, strict=True)))
    }
    return len(inside) * math.prod(steps)


def computed(values: Mapping[str, tuple[float, ...]], names: Sequence[str] = (VOLTS, STRAIN)) -> list[Any]:
    return [candidate(name, dict(zip(names, each, strict=True))) for name, each in values.items()]


def on_a_lattice(rng: np.random.Generator, number: int) -> dict[str, tuple[float, ...]]:
    return {
        f"c{at}": (2.8 + 0.1 * float(rng.integers(0, 12)), 0.07 - 0.01 * float(rng.integers(0, 7)))
        for at in range(number)
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_course_never_falls_and_is_the_volume_that_is_counted(tmp_path: Path, seed: int) -> None:
    values = on_a_lattice(np.random.default_rng(seed), 12)
    names = list(values)
    rounds = [said(1, [proposed(name, 3.0, 0.04) for name in names[4:8]])]
    rounds.append(said(2, [proposed(name, 3.0, 0.04) for name in names[8:]]))
    loop = loop_of(campaign(tmp_path), rounds, names[:4], computed(values)[::-1])
    assert [step.candidate_id for step in loop.course] == names, "in the order of choice, whatever that of documents"
    volumes = [step.hypervolume or 0.0 for step in loop.course]
    assert volumes == sorted(volumes)
    for step, volume in zip(loop.course, volumes, strict=True):
        points = [(-volts, strain) for volts, strain in list(values.values())[: step.n]]
        assert volume == pytest.approx(cells(points, (-3.0, 0.05), (0.1, 0.01)), abs=1e-12)
    assert [one.hypervolume for one in loop.rounds] == [volumes[3], volumes[7], volumes[11]]
    assert [one.grown for one in loop.rounds[1:]] == pytest.approx([volumes[7] - volumes[3], volumes[11] - volumes[7]])
    assert [one.expected for one in loop.rounds] == [None, pytest.approx(0.04), pytest.approx(0.04)]
    best = {
        name
        for name, (volts, strain) in values.items()
        if not any(v >= volts and s <= strain and (v, s) != (volts, strain) for v, s in values.values())
    }
    assert {one.candidate_id for one in loop.members if one.on_front} == best


def test_three_objectives_have_a_volume_too(tmp_path: Path) -> None:
    rng, names = np.random.default_rng(5), (VOLTS, STRAIN, "energy_above_hull")
    values = {name: (*pair, 0.01 * float(rng.integers(0, 8))) for name, pair in on_a_lattice(rng, 9).items()}
    rounds = [said(1, [], reference={**REFERENCE, names[2]: 0.06}, stopped="all rounds are done")]
    loop = loop_of(campaign(tmp_path, rank=", energy_above_hull"), rounds, list(values), computed(values, names))
    points = [(-volts, strain, hull) for volts, strain, hull in values.values()]
    volume = cells(points, (-3.0, 0.05, 0.06), (0.1, 0.01, 0.01))
    assert volume > 0
    assert loop.course[-1].hypervolume == pytest.approx(volume, rel=1e-9)
    assert loop.stopped == "all rounds are done"


def held(loop: LoopDoc) -> list[tuple[int, int, int]]:
    return [(one.n, one.inside_50, one.inside_90) for one in loop.coverage]


def test_values_inside_the_intervals_are_counted(tmp_path: Path) -> None:
    """Half of an interval of 90 % is 1.645 standard deviations, of 50 % 0.674: 0.041 V where the other is 0.1 V."""
    found = {"in 50": 3.24, "in 90": 3.25, "edge": 3.299, "beyond": 3.301, "far": 3.5}
    values = {name: (volts, 0.04) for name, volts in found.items()}
    loop = loop_of(
        campaign(tmp_path), [said(1, [proposed(name, 3.2, 0.04) for name in found])], ["s"], computed(values)
    )
    assert held(loop) == [(5, 1, 3), (5, 5, 5)]
    volts = loop.coverage[0]
    assert volts.mean_off == pytest.approx(np.mean([value - 3.2 for value in found.values()]))
    assert volts.rmse == pytest.approx(math.sqrt(np.mean([(value - 3.2) ** 2 for value in found.values()])))


def test_the_error_of_a_value_widens_its_interval(tmp_path: Path) -> None:
    """A value 0.12 V off is outside 0.1 V, and inside sqrt(0.1^2 + (1.645 * 0.05)^2) = 0.129 V."""
    spread = Value(mean=3.32, sd_configurations=0.05 * math.sqrt(9), n=9)
    told, wanted = [said(1, [proposed("c", 3.2, 0.04)])], campaign(tmp_path)
    loops = [
        loop_of(wanted, told, [], [candidate("c", {VOLTS: value, STRAIN: 0.04}, results={"voltage": [{}]})])
        for value in (spread, Value(mean=3.32, n=1))
    ]
    sure, bare = (loop.members[0].forecasts[VOLTS] for loop in loops)
    assert sure.error == pytest.approx(0.05)
    assert bare.error is None
    sd = 0.1 / 1.644854
    assert sure.off == pytest.approx(0.12 / math.hypot(sd, 0.05), rel=1e-5)
    assert bare.off == pytest.approx(0.12 / sd, rel=1e-5)
    assert [held(loop)[0] for loop in loops] == [(1, 0, 1), (1, 0, 0)]


def test_what_is_not_computed_failed_or_misses_a_constraint_is_on_no_front(tmp_path: Path) -> None:
    limited = campaign(tmp_path, "{method: learn, batch: 3, rounds: 4, where: ['max_volume_strain < 4 %']}")
    documents = computed({"s": (3.1, 0.03), "strained": (4.0, 0.045)})
    documents[1] = documents[1].model_copy(update={"marks": ["left-host"]})
    documents += [candidate("failed", {VOLTS: 4.0, STRAIN: 0.01}, status="failed"), candidate("half", {VOLTS: 4.0})]
    names = ["strained", "failed", "half", "absent"]
    loop = loop_of(limited, [said(1, [proposed(name, 3.0, 0.03) for name in names])], ["s"], documents)
    assert [(one.candidate_id, one.counts, one.on_front) for one in loop.members] == [
        ("s", True, True),
        *((name, False, False) for name in names),
    ]
    assert [one.status for one in loop.members] == ["complete", "complete", "failed", "complete", None]
    assert [one.marks for one in loop.members] == [[], ["left-host"], [], [], []]
    assert [step.hypervolume for step in loop.course] == [pytest.approx(0.1 * 0.02)] * 4
    assert [(one.chosen, one.computed, one.known) for one in loop.rounds] == [(1, 1, 1), (4, 3, 4)]
    assert (loop.rounds[0].decided, loop.rounds[1].decided) == (True, False)
    assert held(loop) == [(2, 0, 0), (1, 0, 0)], "failed ones and those without a value are not counted"


def test_reasons_follow_from_what_was_expected(tmp_path: Path) -> None:
    chosen = [
        proposed("sure", 3.2, 0.03, gain_as_predicted=0.005),
        proposed("unsure", 3.2, 0.03, gain_as_predicted=0.0049),
        proposed("older", 3.2, 0.03),
        proposed("last", 3.2, 0.03, gain=0.00099, gain_as_predicted=0.00099),
        Proposed(candidate_id="blind", formula="blind", gain=0.0),
    ]
    told = said(1, chosen, remarks=["X is not proposed"], hypervolume=1.0)
    loop = loop_of(campaign(tmp_path), [told], ["s"], computed({"s": (3, 0)}))
    why = [one.why for one in loop.members]
    assert why == ["start", "as_predicted", "exploration", "gain", "little", "no_model"]
    assert loop.rounds[0].remarks == ["X is not proposed"]
    assert loop.members[-1].gain is None


def test_candidates_that_an_ended_loop_names_were_not_chosen(tmp_path: Path) -> None:
    loop = loop_of(
        campaign(tmp_path), [said(1, [proposed("c", 3, 0.03)], stopped="enough")], ["s"], computed({"s": (3.1, 0.03)})
    )
    assert [one.candidate_id for one in loop.members] == ["s"]
    assert loop.stopped == "enough"


def test_without_a_reference_there_is_a_front_and_no_volume(tmp_path: Path) -> None:
    loop = loop_of(campaign(tmp_path), [], ["a", "b"], computed({"a": (3.1, 0.03), "b": (3.2, 0.02)}))
    assert [(step.hypervolume, step.on_front) for step in loop.course] == [(None, 1), (None, 1)]
    assert [(one.round, one.decided) for one in loop.rounds] == [(1, False)]
    assert loop.stopped is None
    edited = [said(1, [], reference={VOLTS: 3.0, "energy_above_hull": 0.1})]
    loop = loop_of(campaign(tmp_path), edited, ["a"], computed({"a": (3.1, 0.03)}))
    assert (loop.reference, loop.course[0].hypervolume) == ({}, None), "of other objectives"


def test_chances_are_counted_in_probits(tmp_path: Path) -> None:
    """Predicted 2.0 with 0.658 to each side, a standard deviation of 0.4: 1.4 is inside 90 %, 1.3 is not.

    Among shares both would be outside: 0.977 has 0.910 to 0.996 around it, 0.026 a standard deviation.
    """
    half, found = 0.4 * 1.644854, {"half": 1.74, "in": 1.4, "out": 1.3, "certain": 5.0}
    documents = [candidate(name, {FORMS: share(value)}) for name, value in found.items()]
    wanted = judged(tmp_path, "{maximize: [formation_probability]}")
    rounds = [said(1, [chance(name, 2.0, half) for name in found], reference={FORMS: 0.9})]
    loop = loop_of(wanted, rounds, [], documents)
    assert held(loop) == [(4, 1, 3)]
    off = {one.candidate_id: one.forecasts[FORMS].off for one in loop.members}
    assert off["in"] == pytest.approx(0.6 / 0.4, rel=1e-5)
    assert off["certain"] == pytest.approx((probit(1.0) - 2.0) / 0.4, rel=1e-5), "as far as a share of draws tells"
    beyond = loop_of(wanted, [said(1, [chance("certain", 4.0, half)])], [], documents[-1:])
    assert beyond.members[0].forecasts[FORMS].off == 0.0


def test_the_error_of_a_chance_widens_its_interval_in_probits(tmp_path: Path) -> None:
    value = Value(mean=share(1.4), sd_configurations=0.02 * 3, n=9)
    wanted = judged(tmp_path, "{maximize: [formation_probability]}")
    told = [said(1, [chance("c", 2.0, 0.4 * 1.644854)])]
    found = loop_of(wanted, told, [], [candidate("c", {FORMS: value}, results={"mixing": [{}]})]).members[0]
    error = found.forecasts[FORMS].error
    assert error == pytest.approx(0.02)
    assert found.forecasts[FORMS].off == pytest.approx(
        0.6 / math.hypot(0.4, error_in_probits(share(1.4), 0.02)), rel=1e-5
    )


def test_a_chance_that_is_ranked_by_has_its_hypervolume_in_probits_as_gains_are(tmp_path: Path) -> None:
    wanted = judged(tmp_path, "{maximize: [average_voltage, formation_probability]}")
    documents = [candidate("s", {VOLTS: 3.2, FORMS: 0.8}), candidate("c", {VOLTS: 3.3, FORMS: 0.9})]
    rounds = [said(1, [chance("c", 1.0, 0.5, gain=0.3)], reference={VOLTS: 3.0, FORMS: 0.5})]
    loop = loop_of(wanted, rounds, ["s"], documents)
    assert loop.unit == "V probit"
    assert loop.reference[FORMS] == 0.5, "said as a probability"
    volumes = [0.2 * probit(0.8), 0.3 * probit(0.9)]
    assert [step.hypervolume for step in loop.course] == pytest.approx(volumes)
    assert (loop.rounds[1].expected, loop.rounds[1].grown) == pytest.approx((0.3, volumes[1] - volumes[0]))
    assert round_heads(loop)[-1] == "expected / V probit"


def test_what_was_expected_beyond_a_prior_stands_beside_no_growth_among_its_own(tmp_path: Path) -> None:
    rounds = [said(1, [proposed("c", 3.2, 0.04)])]
    documents = computed({"s": (3.1, 0.03), "c": (3.2, 0.02)})
    select = "{method: learn, batch: 3, rounds: 4, prior: store}"
    alone, beside = (loop_of(campaign(tmp_path, *one), rounds, ["s"], documents) for one in ((), (select,)))
    assert (alone.rounds[1].expected, alone.remarks) == (0.01, [])
    assert [one.expected for one in beside.rounds] == [None, None]
    assert beside.rounds[1].grown == alone.rounds[1].grown
    assert any("front and hypervolume are among its own" in text for text in beside.remarks)
