"""Sections of the report: what they say is what the candidates have, and what has no data is not there."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.campaigns.loading import load_campaign
from hebe.report.composition import fractions_of
from hebe.report.data import MOST_DETAILED, Funnel, Page
from hebe.report.page import report_page, sections
from hebe.report.sections.effects import value_text
from hebe.report.sections.elements import means_by_ion
from hebe.report.sections.funnel import steps
from hebe.report.sections.pareto import pareto
from hebe.report.sections.spread import quantities_of, values_of
from hebe.report.sections.voltage import capacity_steps, overview
from hebe.report.values import quantity_text
from hebe.schemas.result import Value
from hebe.science.choosing.effects import Effect
from hebe.science.literature.printed import elements_of
from hebe.science.literature.system import get_system, targets_of
from support.report_results import HOSTILE, candidates, ranked

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
ELEMENTS = ("Ni2+", "Fe3+", "Mn4+", "Ti4+", "Mg2+")


def page(**more: Any) -> Page:
    return Page(load_campaign(QUICK), ranked(), **more)


def text_of(name: str, given: Page) -> str:
    """Text of a section, without its elements."""
    return re.sub(r"<[^>]+>", " ", "".join(sections()[name].render(given)))


def many(number: int, slopes: np.ndarray) -> list[RankedCandidate]:
    """Candidates whose voltage is linear in their composition."""
    table = np.random.default_rng(0).dirichlet(np.ones(5), number)
    found = []
    for i, row in enumerate(table):
        composition = {"A": {"Na1+": 1.0}, "TM": {ion: float(x) for ion, x in zip(ELEMENTS, row, strict=True)}}
        values = {"average_voltage": Value(mean=float(row @ slopes), n=1, se=0.01)}
        identity = f"layered-o3-{i:010x}"
        update = {"candidate_id": identity, "composition": composition, "values": values, "rank": i + 1}
        found.append(ranked()[0].model_copy(update=update))
    return found


def test_sections_without_data_are_not_there() -> None:
    shown = report_page(page())
    for name in ("weights", "agreement", "calibration", "structures", "literature"):
        assert f'id="{name}"' not in shown
    for name in ("asked", "ranking", "pareto", "analyses", "problems", "methods", "provenance"):
        assert f'id="{name}"' in shown


@pytest.mark.parametrize("name", ["li-funnel", "drx-series", "na-mts-series", "na-nfm-cif"])
def test_every_kind_of_campaign_has_a_page(name: str) -> None:
    campaign = load_campaign(QUICK.with_name(f"{name}.yaml"))
    shown = report_page(Page(campaign, ranked()))
    assert campaign.host.data.title in shown.replace("&#x27;", "'")
    for section in ("asked", "ranking", "methods", "provenance"):
        assert f'id="{section}"' in shown


def test_the_funnel_narrows_from_the_space_to_the_front() -> None:
    given = page(funnel=Funnel(606, {"entropy": 291, "size_mismatch": 158}, 6))
    found = steps(given)
    assert found[:4] == [
        ("neutral compositions", 606),
        ("after entropy", 291),
        ("after size mismatch", 158),
        ("selected", 6),
    ]
    assert found[-1] == ("on the front", len(given.on_front))
    assert [count for _, count in found] == sorted((count for _, count in found), reverse=True)
    assert "606" in text_of("funnel", given)
    assert "was not counted" in text_of("funnel", page())


def test_the_front_is_that_of_the_objectives() -> None:
    given = page()
    rows = {c["candidate_id"]: c for c in candidates() if c["rank"] is not None}
    costs = {
        name: (-c["average_voltage_V"], c["max_volume_strain"], c["mixing_temperature_K"])
        for name, c in rows.items()
        if c["mixing_temperature_K"] is not None
    }
    front = {
        name
        for name, one in costs.items()
        if not any(all(o <= c for o, c in zip(other, one, strict=True)) and other != one for other in costs.values())
    }
    assert given.on_front == front
    assert all(0 <= share <= 1 for share in given.front_shares.values())
    assert set(given.front_shares) == set(rows)


def test_values_in_the_ranking_are_those_of_the_terminal() -> None:
    given = page()
    shown = "".join(sections()["ranking"].render(given))
    plain = re.sub(r"<[^>]+>", "", shown).replace("  ", " ")
    for candidate in given.candidates:
        text = quantity_text(sections_quantity("average_voltage"), candidate)
        assert text in plain


def sections_quantity(name: str) -> Any:
    from hebe.analyses.registry import all_quantities

    return all_quantities()[name]


def test_many_candidates_are_a_table_and_the_best_are_shown_in_detail() -> None:
    found = many(300, np.array([4.0, 2.0, 1.0, 2.5, 3.0]))
    given = Page(load_campaign(QUICK), found)
    assert MOST_DETAILED <= len(given.detailed) <= MOST_DETAILED + 100
    shown = report_page(given)
    assert shown.count("<tr data-id=") == 300
    assert shown.count('class="card"') == len(given.detailed)
    assert len(shown) < 300 * 1500 + 700_000


@pytest.mark.slow
def test_ten_thousand_candidates_are_a_page_of_a_few_megabytes_in_a_few_seconds() -> None:
    found = many(10_000, np.array([4.0, 2.0, 1.0, 2.5, 3.0]))
    begin = time.process_time()
    shown = report_page(Page(load_campaign(QUICK), found))
    assert time.process_time() - begin < 20
    assert len(shown.encode()) < 15_000_000
    assert shown.count("<tr data-id=") == 10_000


def test_effects_are_those_of_the_composition() -> None:
    slopes = np.array([4.0, 2.0, 1.0, 2.5, 3.0])
    given = Page(load_campaign(QUICK), many(40, slopes))
    shown = text_of("effects", given)
    assert "Interactions of pairs: voltage" in shown
    (first, *_) = (one.draw(given) for one in sections()["effects"].pictures)
    assert first is not None
    table = np.array([[fractions_of(c)["TM", ion[:2]] for ion in ELEMENTS] for c in given.latest])
    mean = table.mean(axis=0)
    nickel = 0.1 * (slopes[0] - (slopes @ mean - slopes[0] * mean[0]) / (1 - mean[0]))
    assert f"Ni: {nickel:+.4f}" in first


def test_few_candidates_have_no_effects_but_a_reason() -> None:
    given = Page(load_campaign(QUICK), many(6, np.ones(5)))
    shown = text_of("effects", given)
    assert "Effects of elements on voltage are not printed: 6 candidates and 5 independent terms" in shown
    assert "it takes at least 8 candidates" in shown
    assert "are not printed: no candidate has a value." in shown
    assert "<figure" not in "".join(sections()["effects"].render(given))


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (Effect((("M", "Ni"),), 0.1234, 0.0934, 0.1534), "+0.123 (+0.093 to +0.153)"),
        (Effect((("M", "Ni"),), -123.0, -523.0, 277.0), "-100 (-500 to +300)"),
        (Effect((("M", "Ni"),)), "cannot be told"),
    ],
)
def test_effects_have_the_digits_that_their_interval_leaves(effect: Effect, text: str) -> None:
    assert value_text(effect) == text


def test_means_by_ion_are_weighted_by_amounts() -> None:
    given = Page(load_campaign(QUICK), many(30, np.arange(5.0)))
    found = means_by_ion(given, "average_voltage")
    assert "Na1+" not in found, "all candidates hold the same of it"
    for ion in ELEMENTS:
        amounts = [c.composition["TM"][ion] for c in given.latest]
        values = [c.mean("average_voltage") or 0.0 for c in given.latest]
        mean, number = found[ion]
        assert mean == pytest.approx(np.average(values, weights=amounts))
        assert number == 30


def test_the_spread_is_that_of_the_configurations() -> None:
    given = page()
    (quantity, *_) = quantities_of(given)
    assert quantity.name == "average_voltage"
    assert values_of(given.latest[0], quantity) == [pytest.approx(candidates()[0]["average_voltage_V"])]


def test_energies_stand_beside_the_profiles() -> None:
    candidate = ranked()[0]
    charge = sum(stop - start for start, stop, _ in capacity_steps(candidate))
    energy = sum((stop - start) * voltage for start, stop, voltage in capacity_steps(candidate))
    shown = re.sub(r"<[^>]+>", " ", overview([candidate]))
    assert f"{charge:.0f}" in shown
    assert f"{round(energy, -1):.0f}" in shown


def test_scores_stand_where_weights_are_given_alone() -> None:
    given = page(weights={"average_voltage": 2.0, "max_volume_strain": 1.0})
    shown = text_of("weights", given)
    assert "voltage 2, volume strain 1" in shown
    assert "chosen by whoever made this report" in shown
    assert text_of("weights", page()) == ""


def test_a_material_of_the_literature_is_shown_beside_its_numbers() -> None:
    system = get_system("li-o3-hewd")
    atoms = elements_of(system.printed) or {}
    formula = "".join(f"{element}{float(amount):g}" for element, amount in atoms.items())
    own = ranked()[0].model_copy(update={"formula": formula, "family": system.host})
    shown = text_of("literature", Page(load_campaign(QUICK), [own]))
    assert system.label in shown
    for target in targets_of(system):
        assert target.value in shown
    assert "review of high-entropy battery materials" in shown


def test_failures_are_told_by_reason_and_nothing_becomes_markup() -> None:
    failures = [{"error_class": "EngineError", "message": HOSTILE, "count": 3, "job_ids": [], "run_dir": None}]
    given = page(failures=failures)
    shown = "".join(sections()["problems"].render(given))
    assert "EngineError" in shown
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "different warnings" in shown


def test_bars_without_an_end_stay_in_their_figure() -> None:
    found = ranked()
    ends = {"low": -np.inf, "median": 900.0, "high": np.inf}
    values = {**found[0].values, "mixing_temperature": found[0].values["mixing_temperature"].model_copy(update=ends)}
    found[0] = found[0].model_copy(update={"values": values})
    given = Page(load_campaign(QUICK), found)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        svg = pareto(given, given.objectives[first], given.objectives[second])
        assert svg is not None
        coordinates = re.findall(r'[ "](?:x1|x2|y1|y2|cx|cy|x|y|points|d)="([^"]*)"', svg)
        assert len(coordinates) > 40
        assert not [one for one in coordinates if "inf" in one or "nan" in one]


def test_intervals_without_an_end_leave_the_digits_of_the_others() -> None:
    open_ended = Value(mean=3.0, median=3.0, low=-np.inf, high=np.inf, n=1)
    found = [c.model_copy(update={"values": {"average_voltage": open_ended}}) for c in many(12, np.ones(5))]
    svg = sections()["elements"].pictures[0].draw(Page(load_campaign(QUICK), found))
    assert svg is not None
    assert ">3.00<" in svg


def test_the_page_is_the_same_every_time() -> None:
    given = page(funnel=Funnel(606, {}, 6))
    assert report_page(given) == report_page(replace(given))
