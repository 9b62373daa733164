"""Errors of an engine that a campaign gives: they reach the analyses, and no calculation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

import hebe
from hebe.analyses.mixing import basis
from hebe.analyses.registry import all_quantities, get_analysis
from hebe.campaigns.api import results, run
from hebe.cli.ranking import write_ranking
from hebe.config.engines.chgnet import CHGNetBlock
from hebe.engines import get_engine
from hebe.flows.campaign import campaign_flow
from hebe.report.values import engine_error, error_of, error_remarks, quantity_text
from support.campaigns import SPRINGS, STIFF, layered, staged

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.candidate import RankedCandidate

GIVEN = SPRINGS.replace("fmax", "mixing_error: 20 meV/atom, voltage_error: 0.3, fmax")
COLUMNS = [all_quantities()[name] for name in ("average_voltage", "max_volume_strain", "mixing_temperature_same_host")]
VOLTAGE, STRAIN, T_MIX = COLUMNS
UNKNOWN = "No error of the engine is known for "


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder that is also the working folder, and a terminal that has room for spreads."""
    (tmp_path / ".hebe").mkdir()
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ids(path: Path, *, engine: bool) -> set[str]:
    """Jobs of a campaign, those that hold an engine or the others."""
    jobs = (job for job in campaign_flow(hebe.load_campaign(path)).jobs if isinstance(job, Job))
    return {job.uuid for job in jobs if hasattr(job.maker, "engine") is engine}


def ranked(path: Path) -> list[RankedCandidate]:
    return list(results(path).ranked)


def with_temperature(candidates: list[RankedCandidate]) -> RankedCandidate:
    return next(c for c in candidates if (c.mean(T_MIX.name) or 0) > 0)


def test_errors_change_analyses_and_no_calculation(tmp_path: Path) -> None:
    plain, given = layered(tmp_path), layered(tmp_path / "..", engine=GIVEN)
    assert ids(plain, engine=True) == ids(given, engine=True)
    assert ids(plain, engine=False) != ids(given, engine=False)
    two = CHGNetBlock(mixing_error=0.02), CHGNetBlock()
    assert get_engine(two[0]) is get_engine(two[1])


def test_what_a_campaign_gives_stands_beside_its_values(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ranked_after(layered(project))
    assert {c.values[q.name].error for c in before for q in COLUMNS} == {None}
    assert engine_error(before, VOLTAGE) is None
    assert "±" not in quantity_text(T_MIX, with_temperature(before))
    after = ranked_after(layered(project, engine=GIVEN))
    assert engine_error(after, VOLTAGE) == "± 0.30"
    assert error_remarks(after, COLUMNS) == [f"{UNKNOWN}{STRAIN.title}."]
    candidate = with_temperature(after)
    document = get_analysis("mixing").best(candidate)
    assert document is not None
    entropy, sites, atoms = basis(document), document.sites_per_fu, document.atoms_per_fu
    assert (sites, atoms) == (1.0, 4.0), "one cation per formula of four atoms"
    assert document.T_mix_sd_model_K == pytest.approx(0.020 * atoms / sites / entropy, rel=1e-9)
    value = candidate.values[T_MIX.name]
    assert value.error is not None
    assert (error_of(T_MIX, value) or 0) >= value.error
    assert value.low != value.high
    assert "(" in quantity_text(T_MIX, candidate), "the interval of the draws"
    for candidates, said in ((before, f"{UNKNOWN}voltage"), (after, f"{UNKNOWN}{STRAIN.title}.")):
        write_ranking(candidates, COLUMNS)
        printed = " ".join(capsys.readouterr().out.split())
        assert said in printed
        assert ("± in the head" in printed) == (candidates is after)
        assert ("errors of the engine and of the mean together" in printed) == (candidates is after)


def ranked_after(path: Path) -> list[RankedCandidate]:
    run(path, workers=1, progress=False)
    return ranked(path)


def test_stages_with_different_errors_are_told_apart(project: Path) -> None:
    later = STIFF.replace("fmax", "voltage_error: 0.1, fmax")
    found = ranked_after(staged(project, f"{{engine: {later}, keep: 1, task: static}}", engine=GIVEN))
    assert {(c.stage, c.values[VOLTAGE.name].error) for c in found} == {(0, 0.3), (1, 0.1)}
    assert engine_error(found, VOLTAGE) is None
    remarks = error_remarks(found, COLUMNS)
    assert f"{VOLTAGE.title}: error of the engine by stage ± 0.10, ± 0.30." in remarks
    assert any(f"some values of {T_MIX.title}" in remark for remark in remarks), "the second stage gives none on mixing"
