"""A project from before quantities had one table: it is read as it is, found finished, and counted once.

Its documents, campaign and printed results were written by the code of that time.
"""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path
from typing import Any

import pytest

from hebe.campaigns.api import project_store, results, run, status
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_members
from hebe.science.hulls.host_members import edge_members

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, its store filled with the documents of then."""
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "campaign.yaml"
    shutil.copy(DATA / "campaign-before-quantities.yaml", path)
    lines = lzma.decompress((DATA / "store-before-quantities.jsonl.xz").read_bytes()).decode().splitlines()
    store = project_store(tmp_path)
    try:
        store.docs_store.update([json.loads(line) for line in lines], key=["uuid", "index"])
    finally:
        store.close()
    return path


def by_amount(parts: list[Any]) -> list[Any]:
    """Phases of a decomposition in their order; that of equal amounts hung on the last bit then."""
    if not all(isinstance(part, dict) and "amount" in part for part in parts):
        return parts
    return sorted(parts, key=lambda part: (-round(part["amount"], 9), part["phase"]))


def differences(then: Any, now: Any, path: str = "") -> list[str]:
    """Where something that was printed then is not there now, or is another."""
    if isinstance(then, dict) and isinstance(now, dict):
        missing = [f"{path}.{key} is missing" for key in then if key not in now]
        return missing + [d for key in then if key in now for d in differences(then[key], now[key], f"{path}.{key}")]
    if path.endswith(".warnings"):
        return [f"{path}: {text!r} is missing" for text in then if text not in now]  # more may be said now
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        then, now = by_amount(then), by_amount(now)
        return [d for i, (a, b) in enumerate(zip(then, now, strict=True)) for d in differences(a, b, f"{path}[{i}]")]
    if isinstance(then, float) and isinstance(now, int | float):
        return [] if now == pytest.approx(then, rel=1e-9, abs=1e-12) else [f"{path}: {then} was, {now} is"]
    return [] if then == now else [f"{path}: {then!r} was, {now!r} is"]


@pytest.mark.slow
def test_it_is_read_as_it_is_and_found_finished(project: Path) -> None:
    then = json.loads((DATA / "results-before-quantities.json").read_text())["candidates"]
    assert differences(then, results(project).candidates) == [], "every name and value of then, without a run"
    summary = run(project, workers=1, progress=False)
    assert summary.status == "complete"
    campaign = load_campaign(project)
    between = {edge.formula for spec in campaign_members(campaign) for edge, _ in edge_members(spec)}
    assert summary.calculations["computed"] == len(between) * len(campaign.stages), "only what nobody asked for then"
    changed = [text for text in differences(then, results(project).candidates) if "mixing_temperature" not in text]
    assert changed == [], "mixing temperatures hold other compositions of the host now"
    counted = status()
    assert counted["jobs"]["total"] == status(project)["jobs"]["total"], "superseded outputs are not counted"
    assert counted["status"] == "complete"
