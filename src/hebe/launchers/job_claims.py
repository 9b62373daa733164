"""Several launches on one store: each job is run by one of them, and what another one has made is taken as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hebe.launchers.graph import Node
from hebe.launchers.lineage import read_digests
from hebe.launchers.outcome import Digest, Failure
from hebe.launchers.protocol import Task
from hebe.launchers.status import is_alive
from hebe.stores.claims import ManyClaims

if TYPE_CHECKING:
    from collections.abc import Callable

    from maggma.core.store import Store

    from hebe.launchers.records import Records

Items = list[tuple[Node, Task]]


def job_key(uuid: str, index: int) -> str:
    """What the claim on a job is called."""
    return f"job {uuid} {index}"


@dataclass
class Sifted:
    """What became of jobs that were to be run.

    ``mine`` are to be run here, at those of ``elsewhere`` another launch is; ``made`` and ``failed`` are those that
    another one has ended since this one looked.
    """

    mine: Items = field(default_factory=list)
    elsewhere: list[Node] = field(default_factory=list)
    made: list[tuple[Node, Digest]] = field(default_factory=list)
    failed: list[tuple[Node, Failure]] = field(default_factory=list)


class JobClaims:
    """Claims of a launch on jobs.

    A launch looks at the store once, when it begins. As long as it is the only one that is enough; if another one was
    there, or comes, every job is looked up again as soon as its claim is held.

    Parameters
    ----------
    records, documents
        Of the launch; made before it looks at the store.
    announce
        Makes the launch known to others; called before it takes the first job.
    """

    def __init__(self, records: Records, documents: Store, announce: Callable[[], None]) -> None:
        self._records, self._documents, self._announce = records, documents, announce
        launches = records.launches()
        self._known = len(launches) + 1
        self._shares = any(is_alive(report, beat) for _, beat, report in launches)
        self._claims: ManyClaims | None = None
        self._ended: set[str] = set()

    def sift(self, items: Items) -> Sifted:
        """Take the claims on some jobs; those that need one that is not run here are left out."""
        if self._claims is None:
            self._announce()
            self._claims = ManyClaims(self._records.store)
        keys = {node.uuid: job_key(node.uuid, node.index) for node, _ in items}
        taken = self._claims.take(keys.values())
        self._shares = self._shares or self._records.launch_count() != self._known
        found, left_out = Sifted(), set[int]()
        if self._shares:
            self._look_up([node for node, _ in items if keys[node.uuid] in taken], found)
        news = {id(node) for node, _ in (*found.made, *found.failed)}
        for node, task in items:
            if not left_out.isdisjoint(task.after):
                left_out.add(task.number)
            elif id(node) in news or keys[node.uuid] not in taken:
                left_out.add(task.number)
                if id(node) not in news:
                    found.elsewhere.append(node)
            else:
                found.mine.append((node, task))
        kept = {keys[node.uuid] for node, _ in found.mine}
        self._claims.give_up(taken - kept)
        return found

    def end(self, node: Node) -> None:
        """Give the claim on a job up with the next `flush`."""
        self._ended.add(job_key(node.uuid, node.index))

    def flush(self) -> None:
        """Give up the claims on jobs that have ended."""
        if self._claims is not None and self._ended:
            self._claims.give_up(self._ended)
        self._ended.clear()

    def close(self) -> None:
        """Give up all claims."""
        if self._claims is not None:
            self._claims.close()

    def _look_up(self, nodes: list[Node], found: Sifted) -> None:
        """Find out what others have made of jobs since this launch looked at the store."""
        uuids = {node.uuid for node in nodes}
        stored, records = read_digests(self._documents, uuids), self._records.of(uuids)
        for node in nodes:
            name = node.uuid, node.index
            digest, record = stored.get(name), records.get(name) or {}
            if digest is not None and digest != node.stored and digest.status != "cut":
                node.record = record or None
                found.made.append((node, digest))
            elif record.get("status") == "failed" and _attempts(record) > _attempts(node.record or {}):
                found.failed.append(
                    (node, Failure(record["error_class"], record["message"], run_dir=record["run_dir"]))
                )


def _attempts(record: dict[str, object]) -> int:
    return int(str(record.get("attempts") or 0))
