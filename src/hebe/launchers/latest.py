"""The latest output or failure of each job, without those of jobs that were superseded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.launchers.outcome import DIGESTED, TOLD, Digest, Failure

if TYPE_CHECKING:
    from collections.abc import Collection

    from maggma.core.store import Store

    from hebe.launchers.records import Records

_CHUNK = 500
_NAMED: Final = ("metadata.campaign", "metadata.label")
_RENAMED: Final = {"strain": "volume_strain"}
"""Ends of labels as they once were, and as they are now."""

_Name = tuple[str, str]


def latest(
    documents: Store, records: Records, wanted: set[str] | None, current: Collection[str] = ()
) -> tuple[dict[str, Digest], dict[str, Failure]]:
    """Digest of the latest output of each job, and why jobs failed.

    Where no jobs are named, those that were superseded are left out: another job of their campaign has the same label,
    and is one of the campaign as it ran last, or stored after them.

    Parameters
    ----------
    documents, records
        Store of outputs, records of its launchers.
    wanted
        Jobs to look at; all when None.
    current
        Jobs of campaigns as they ran last.
    """
    digests, named = _digests(documents, wanted)
    failed = {uuid: record for (uuid, _), record in records.failed(wanted).items() if uuid not in digests}
    gone = set[str]()
    if wanted is None:
        gone = _superseded({uuid: _name_of_record(record) for uuid, record in failed.items()} | named, current)
    digests = {uuid: digest for uuid, digest in digests.items() if uuid not in gone}
    failures = {
        uuid: Failure(record["error_class"], record["message"], run_dir=record["run_dir"])
        for uuid, record in failed.items()
        if uuid not in gone
    }
    for uuid in [uuid for uuid, digest in digests.items() if digest.status == "failed"]:
        document = documents.query_one({"uuid": uuid}, list(TOLD), sort={"index": -1}) or {}
        failures[uuid] = Failure.of_output(document.get("output"))
    return digests, failures


def _digests(documents: Store, uuids: Collection[str] | None) -> tuple[dict[str, Digest], dict[str, _Name]]:
    wanted = None if uuids is None else list(uuids)
    starts = [0] if wanted is None else range(0, len(wanted), _CHUNK)
    found: dict[str, tuple[int, Digest]] = {}
    named: dict[str, _Name] = {}
    for start in starts:
        criteria = None if wanted is None else {"uuid": {"$in": wanted[start : start + _CHUNK]}}
        for document in documents.query(criteria, [*DIGESTED, *([] if wanted else _NAMED)]):
            if document["index"] >= found.get(document["uuid"], (0, None))[0]:
                found[document["uuid"]] = (document["index"], Digest.of(document))
                named[document["uuid"]] = _name(document.get("metadata") or {})
    return {uuid: digest for uuid, (_, digest) in found.items()}, named


def _name(metadata: dict[str, Any]) -> _Name:
    """Campaign and label of a job, empty without."""
    label = str(metadata.get("label") or "")
    head, _, tail = label.rpartition("/")
    return str(metadata.get("campaign") or ""), f"{head}/{_RENAMED[tail]}" if tail in _RENAMED else label


def _name_of_record(record: dict[str, Any]) -> _Name:
    """Campaign and label of a job that has failed; earlier versions noted its name alone, which ends with the label."""
    return _name({"label": str(record.get("name") or "").partition(" ")[2], **record})


def _superseded(named: dict[str, _Name], current: Collection[str]) -> set[str]:
    """Jobs whose campaign and label another job has that is current, or was stored later."""
    newest: dict[_Name, str] = {}
    for uuid, name in named.items():
        if uuid in current or newest.get(name) not in current:
            newest[name] = uuid
    labels = {label for campaign, label in newest if campaign}
    found = {uuid for uuid, name in named.items() if name[1] and newest[name] != uuid and uuid not in current}
    return found | {uuid for uuid, (campaign, label) in named.items() if not campaign and label and label in labels}
