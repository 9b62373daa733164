"""Two campaigns side by side: differences, what is known of them, and candidates of one alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from hebe.analyses.printing import difference_text
from hebe.analyses.registry import all_quantities
from hebe.campaigns.comparison import compare, differences
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.results import Results
from hebe.flows.campaign import campaign_members
from hebe.stores import open_store
from support.campaigns import rocksalt
from support.command import hebe
from support.report_results import ranked

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.candidate import RankedCandidate

Captured = pytest.CaptureFixture[str]


def shifted(one: RankedCandidate, by: float, *, scale: str | None = None, **fields: float | None) -> RankedCandidate:
    """The candidate with another voltage."""
    value = one.values["average_voltage"]
    changed = value.model_copy(update={"mean": (value.mean or 0.0) + by, **fields})
    update = {"values": {**one.values, "average_voltage": changed}, "energy_scale": scale or one.energy_scale}
    return one.model_copy(update=update)


def voltage(first: RankedCandidate, second: RankedCandidate) -> tuple[float, float | None]:
    (found,) = (d for d in differences(first, second) if d.quantity.name == "average_voltage")
    return found.difference, found.error


def test_on_one_scale_the_errors_of_the_means_alone_count() -> None:
    one = ranked()[0]
    assert one.values["average_voltage"].se == 0.021
    found, error = voltage(one, shifted(one, 0.3, se=0.028, error=0.45))
    assert found == pytest.approx(0.3)
    assert error == pytest.approx(0.035), "3, 4, 5"
    assert voltage(one, shifted(one, 0.3, se=None))[1] is None


def test_on_two_scales_the_errors_of_both_engines_count_too() -> None:
    one = ranked()[0]
    assert one.values["average_voltage"].error == 0.45
    found, error = voltage(one, shifted(one, -0.3, scale="other", se=0.028, error=0.6))
    assert found == pytest.approx(-0.3)
    assert error == pytest.approx(math.hypot(0.035, 0.75))
    assert voltage(one, shifted(one, -0.3, scale="other", error=None))[1] is None, "nobody knows that of the second"


def test_candidates_are_matched_by_id() -> None:
    six = ranked()
    found = compare(Results("a", six[:4]), Results("b", [shifted(one, 0.1) for one in six[2:]]))
    assert [one.candidate_id for one, _, _ in found.both] == [one.candidate_id for one in six[2:4]]
    assert found.only_first == six[:2]
    assert [one.candidate_id for one in found.only_second] == [one.candidate_id for one in six[4:]]
    document = found.document
    assert document["campaigns"] == ["a", "b"]
    assert document["both"][0]["quantities"]["average_voltage_V"]["difference"] == pytest.approx(0.1)
    (parity,) = (one for one in document["quantities"] if one["quantity"] == "average_voltage")
    assert parity["mean_difference"] == pytest.approx(0.1)


def test_a_difference_has_its_sign_and_the_digits_that_are_known() -> None:
    quantities = all_quantities()
    assert difference_text(quantities["mixing_temperature"], 16.0, 726.0) == "+0 ± 700"
    assert difference_text(quantities["average_voltage"], 0.3, 0.035) == "+0.300 ± 0.035"
    assert difference_text(quantities["max_volume_strain"], -0.012, None) == "-1.20"
    assert difference_text(quantities["formation_probability"], 0.25, None) == "+25"


def test_the_command_compares_what_is_stored(tmp_path: Path, capsys: Captured) -> None:
    files = [rocksalt(tmp_path, name="a"), rocksalt(tmp_path, "Mg: [2], Ni: [2], Co: [2]", name="b")]
    store = open_store(tmp_path)
    counts = []
    for file in files:
        campaign = load_campaign(file)
        names = sorted(spec.candidate_id for spec in campaign_members(campaign))
        counts.append(len(names))
        for number, name in enumerate(names):
            body = ranked()[number % 5].model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
            body |= {"candidate_id": name, "campaign": campaign.name, "status": "complete"}
            metadata = {"campaign": campaign.name, "candidate": name}
            job = {"uuid": f"{campaign.name}-{name}", "index": 1, "metadata": metadata, "output": body}
            store.docs_store.update([job], key=["uuid", "index"])
    store.close()
    document = hebe(capsys, "compare", *files, "--json").json
    assert len(document["both"]) == counts[1] == 3
    assert (len(document["only_first"]), document["only_second"]) == (counts[0] - 3, [])
    text = hebe(capsys, "compare", *files).out
    assert "b minus a, 3 candidates of both:" in text
    assert f"Only in a: {counts[0] - 3} candidates" in text
    both = hebe(capsys, "results", *files)
    assert both.out.index("a (") < both.out.index("b (")
    assert [one["campaign"] for one in hebe(capsys, "results", *files, "--json").json] == ["a", "b"]
    limited = hebe(capsys, "results", files[0], "--limit", "2").out
    assert f"2 of {counts[0]} candidates: --all shows all" in limited
    assert "--all shows all" not in hebe(capsys, "results", files[0], "--all").out
    by_title = hebe(capsys, "results", files[0], "--columns", "T_mix same host, mixing enthalpy, same host").out
    assert "same host" in by_title
