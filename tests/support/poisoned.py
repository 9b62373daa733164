"""A store whose texts were written to harm: candidates, a failed job, labels, all of it hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.campaigns.loading import load_campaign
from hebe.config.reading.hiding import STEERING
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.launchers.outcome import Failure
from hebe.launchers.records import Records
from hebe.stores import open_store
from support.campaigns import rocksalt
from support.report_results import ranked

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202e<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\nerror: [bold]"
KEPT = {"candidate_id", "campaign", "status", "hull_grade", "reason", "topology"}
"""Keys whose texts say what a document is, or are one of a few: another text there makes a damaged document."""


def poisoned(value: Any, *, keys: bool = False) -> Any:
    """A document all of whose free texts are hostile, and where that is asked its keys."""
    if isinstance(value, dict):
        return {
            f"{key}{EVIL}" if keys else key: item if key in KEPT else poisoned(item, keys=key == "calculations")
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return f"{value}{EVIL}" if isinstance(value, str) else value


def poisoned_campaign(root: Path) -> Path:
    """A campaign whose candidates are finished, and one of whose jobs has failed; their documents are hostile."""
    path = rocksalt(root)
    store = open_store(root)
    documents = []
    for number, (name, one) in enumerate(zip(names(path), ranked(), strict=False)):
        plain = one.model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
        plain |= {"candidate_id": name, "campaign": "rs", "status": "complete"}
        plain["warnings"] = ["long " + "x" * 200_000, "a warning"]
        plain["error"] = {"error_class": "EngineError", "message": "m", "deterministic": False}
        metadata = {"campaign": "rs", "candidate": name, "label": EVIL}
        body = {"name": EVIL, "metadata": metadata, "output": poisoned(plain)}
        documents.append({"uuid": f"{number:08d}-job", "index": 1, **body})
    store.docs_store.update(documents, key=["uuid", "index"])
    records = Records.beside(store.docs_store, root)
    first = campaign_flow(load_campaign(path)).jobs[0].uuid
    identity = {"uuid": first, "index": 1, "name": EVIL, "hosts": [], "campaign": "rs", "label": EVIL}
    records.fail(identity, Failure(f"Evil{EVIL}", EVIL, EVIL, EVIL))
    records.close()
    store.close()
    return path


def names(path: Path) -> list[str]:
    """Candidates of a campaign."""
    return sorted({spec.candidate_id for spec in campaign_members(load_campaign(path))})


def assert_sane(text: str) -> None:
    """Nothing in a text steers a terminal."""
    found = STEERING.search(text)
    assert found is None, repr(text[max(0, found.start() - 60) : found.end() + 20])
