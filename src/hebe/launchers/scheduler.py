"""Which job runs next: dependencies, priorities, what needs no run, what a job asked for when it ended."""

from __future__ import annotations

import heapq
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from monty.json import MontyDecoder

from hebe.exceptions import BadInputError, LaunchError
from hebe.launchers.batches import Batch
from hebe.launchers.diversions import flows_of
from hebe.launchers.graph import Graph, Node
from hebe.launchers.job_claims import JobClaims
from hebe.launchers.limits import ERROR_CLASSES, Limits
from hebe.launchers.lineage import Lineage, read_digests
from hebe.launchers.outcome import TOLD, Digest, Failure, Outcome
from hebe.launchers.remaining import Remaining
from hebe.launchers.summary import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job
    from maggma.core.store import Store

    from hebe.launchers.protocol import Task
    from hebe.launchers.records import Records
    from hebe.launchers.remaining import Expects
    from hebe.launchers.workers import Event, Workers

_MOST_DOUBTS = 5
_PATIENCE_S = 0.5
_PUT_BACK_S = 1.0
_Heap = list[tuple[tuple[float, tuple[int, ...]], int, Node]]
PARENT_FAILED = "ParentFailed"


class Scheduler:
    """Runs a flow to its end.

    Parameters
    ----------
    documents
        Store of outputs, asked what is finished.
    records
        Failures and flows that jobs asked for, of earlier launches too.
    workers
        What runs jobs.
    retry_failed
        Whether to run jobs again whose output says that they failed.
    limits
        Limits of jobs that bring none of their own.
    notify
        Called with what happened (``started``, ``completed``, ...), and the job.
    announce
        Called before the first job is taken, to make the launch known to others.
    expects
        Says of which kind a job is, and how long one is expected to take (s): all the same without it.
    """

    def __init__(
        self,
        documents: Store,
        records: Records,
        workers: Workers,
        *,
        retry_failed: bool = False,
        limits: Limits | None = None,
        notify: Callable[[str, Node], None] | None = None,
        announce: Callable[[], None] = lambda: None,
        expects: Expects | None = None,
    ) -> None:
        self.tally = Tally(left_s=self._left_s)
        self._expects = expects or (lambda job: (getattr(job.function, "__qualname__", ""), 1.0))
        self._remaining = Remaining()
        self.stopping = False
        self.paused = False
        self._documents = documents
        self._records = records
        self._workers = workers
        self._retry_failed = retry_failed
        self._limits = limits or Limits()
        self._notify = notify or (lambda _kind, _node: None)
        self._graph = Graph()
        self._lineage = Lineage(documents)
        self._claims = JobClaims(records, documents, announce)
        self._ready: dict[str, _Heap] = {}
        self._undecided: deque[Node] = deque()
        self._put_back: list[tuple[float, Node]] = []
        self._started: dict[tuple[str, int], float] = {}
        self._serial = 0
        self._task = 0

    def run(self, flow: Flow | Job, tick: Callable[[], None]) -> None:
        """Run a flow; ``tick`` is called between events, at least twice a second.

        Raises
        ------
        hebe.exceptions.LaunchError
            If jobs wait for each other in a circle.
        """
        self._grow(flow)
        while True:
            self._decide()
            self._dispatch()
            if self._undecided and not self.stopping:
                continue
            if not self._workers.busy and (self.stopping or not (any(self._ready.values()) or self._put_back)):
                break
            for event in self._workers.poll(_PATIENCE_S):
                self._handle(event)
            self._claims.flush()
            tick()
            if self.paused and not self._workers.busy:
                time.sleep(_PATIENCE_S)
        if self.tally.waiting and not self.stopping:
            raise LaunchError(f"{self.tally.waiting} jobs wait for each other in a circle")

    def close(self) -> None:
        """Give up the claims on jobs."""
        self._claims.close()

    def running(self) -> list[dict[str, Any]]:
        """Say which jobs run, for how many seconds, and the content of the output that they had before."""
        now = time.monotonic()
        return [
            {
                **node.identity,
                "seconds": round(now - self._started[node.uuid, node.index], 1),
                "had": None if node.stored is None else node.stored.content,
            }
            for node in self._workers.running()
            if (node.uuid, node.index) in self._started
        ]

    def _left_s(self) -> float | None:
        """How long the launch will still take (s), None while that is not known."""
        now = time.monotonic()
        running = [
            (*node.expected, now - self._started.get((node.uuid, node.index), now)) for node in self._workers.running()
        ]
        return self._remaining.left_s(self._workers.size_of, running)

    def _grow(self, flow: Flow | Job, origin: Node | None = None, *, instead: bool = False) -> None:
        """Add a flow: the first one, or one that a job asked for (``instead`` of or before its children)."""
        order = () if origin is None else origin.order
        nodes = self._graph.add(flow, order, origin.gate if origin is not None and instead else None)
        self.tally.total += len(nodes)
        uuids = {node.uuid for node in nodes}
        stored, records = read_digests(self._documents, uuids), self._records.of(uuids)
        self._lineage.learn(uuids, stored)
        for node in nodes:
            node.stored = stored.get((node.uuid, node.index))
            node.record = records.get((node.uuid, node.index))
            node.expected = self._expects(node.job)
            node.lane = self._workers.lane(node)
            self._remaining.add(*node.expected, node.lane)
            if node.job.config.manager_config:
                node.limits = self._limits.of(node.job.config.manager_config)
            else:
                node.limits = self._limits
        self._undecided.extend(self._graph.connect(nodes))

    def _decide(self) -> None:
        """Settle every job whose inputs have ended: it is finished already, cannot run, or is ready."""
        while self._undecided:
            node = self._undecided.popleft()
            parents = self._graph.parents(node)
            if node.stored is not None and not self._must_run(node, node.stored):
                self._accept(node, node.stored)
            elif any(gate.stopped for gate in parents):
                node.gate.stopped = True
                self._end(node, failed=False, kind="skipped")
                self.tally.completed += 1
            elif node.needs_all and any(gate.failed for gate in parents):
                self.tally.fail(node.uuid, Failure(PARENT_FAILED, "a job that it needs has no output"))
                self._end(node, failed=True, kind="failed")
            else:
                self._enqueue(node)

    def _must_run(self, node: Node, stored: Digest) -> bool:
        if stored.status == "cut" or (stored.status == "failed" and self._retry_failed):
            return True
        return self._lineage.is_stale((node.uuid, node.index), stored, node.inputs)

    def _accept(self, node: Node, stored: Digest, *, existed: bool = True) -> None:
        """Take an output that is in the store as it is, with the flows that its job asked for."""
        record = node.record or {}
        is_diverted = record.get("status") == "diverted"
        try:
            asked = flows_of(record) if is_diverted else {}
        except BadInputError as err:
            self._ended(node, Outcome("failed", failure=Failure(type(err).__name__, str(err))))
            return
        self.tally.count(stored, existed=existed)
        node.gate.stopped = node.gate.stopped or bool(record.get("stop_children"))
        if is_diverted:
            self._divert(node, asked)
            self.stopping = self.stopping or bool(record.get("stop_jobflow"))
        if stored.status == "failed":
            document = self._documents.query_one({"uuid": node.uuid, "index": node.index}, list(TOLD)) or {}
            self.tally.failures[node.uuid] = Failure.of_output(document.get("output"))
        self._end(node, failed=False, kind="reused" if existed else "completed")

    def _divert(self, node: Node, asked: Mapping[str, Any]) -> None:
        for name, flow in asked.items():
            self._grow(flow, node, instead=name != "addition")

    def _end(self, node: Node, *, failed: bool, kind: str) -> None:
        node.gate.failed = failed
        self._remaining.drop(*node.expected)
        self._started.pop((node.uuid, node.index), None)
        self._undecided.extend(child for child in self._graph.end(node) if not child.is_out)
        self._notify(kind, node)
        node.release()

    def _enqueue(self, node: Node) -> None:
        self._serial += 1
        heapq.heappush(self._ready.setdefault(node.lane, []), (node.rank, self._serial, node))

    def _dispatch(self) -> None:
        now = time.monotonic()
        for item in [item for item in self._put_back if item[0] <= now]:
            self._put_back.remove(item)
            self._enqueue(item[1])
        for lane, ready in list(self._ready.items()):
            self._dispatch_in(lane, ready)
        self.tally.running = min(self._workers.busy, self._workers.size)

    def _dispatch_in(self, lane: str, ready: _Heap) -> None:
        """Hand over what is ready in a lane as long as it has room."""
        while ready and not self.stopping and not self.paused and self._workers.has_room(lane):
            share = -(-len(ready) // self._workers.size_of(lane))
            batch = Batch(self._workers.pace, share, self._task)
            while ready and batch.takes(ready[0][2]):
                self._put(batch, heapq.heappop(ready)[2])
            self._task = batch.serial
            items = self._sifted(batch.items)
            if items:
                for node, _ in items:
                    node.is_out = True
                self._workers.submit(items)

    def _sifted(self, items: list[tuple[Node, Task]]) -> list[tuple[Node, Task]]:
        """Those of some jobs that nobody else runs or has run meanwhile."""
        if not items:
            return []
        found = self._claims.sift(items)
        waiting = {id(node) for node, _ in items if node.pending}  # of jobs before them, at whose end they are decided
        self._put_back += [
            (time.monotonic() + _PUT_BACK_S, node) for node in found.elsewhere if id(node) not in waiting
        ]
        for node, digest in found.made:
            self._lineage.forget(node.uuid)
            if id(node) in waiting:
                node.stored = digest
        for node, digest in found.made:
            if id(node) not in waiting:
                self._accept(node, digest)
        for node, failure in found.failed:
            if id(node) not in waiting:
                self.tally.fail(node.uuid, failure)
                self._end(node, failed=True, kind="failed")
        return found.mine

    def _put(self, batch: Batch, node: Node) -> None:
        try:
            batch.add(node)
        except (TypeError, ValueError, AttributeError, KeyError) as err:
            failure = Failure(type(err).__name__, f"the job cannot be turned into data: {err}")
            self._records.fail(node.identity, failure)
            self._ended(node, Outcome("failed", failure=failure))

    def _handle(self, event: Event) -> None:
        node = event.node
        if event.kind == "started":
            self._started[node.uuid, node.index] = time.monotonic()
            self._notify("started", node)
            return
        node.is_out = False
        self._claims.end(node)
        if event.kind == "returned":
            self._again(node)
        elif event.kind in {"lost", "unsure"}:
            self._lost(node, event)
        elif event.outcome is not None:
            self._ended(node, event.outcome)

    def _again(self, node: Node) -> None:
        """Decide anew about a job that was not run; one that waits still is decided when it need not wait."""
        self._started.pop((node.uuid, node.index), None)
        if not node.pending:
            self._undecided.append(node)

    def _lost(self, node: Node, event: Event) -> None:
        """A worker died: its jobs may have stored their outputs before, else they may be tried again."""
        stored = read_digests(self._documents, [node.uuid]).get((node.uuid, node.index))
        if stored is not None and stored != node.stored:
            self._lineage.forget(node.uuid)
            node.record = self._records.of([node.uuid]).get((node.uuid, node.index))
            self._accept(node, stored, existed=False)
            return
        cause, losses = event.cause, node.losses
        losses[event.kind] = losses.get(event.kind, 0) + 1
        if event.kind == "unsure" and losses["unsure"] < _MOST_DOUBTS:
            self._again(node)
            return
        losses[cause] = losses.get(cause, 0) + 1
        failure = Failure(ERROR_CLASSES[cause], event.message)
        if losses[cause] < node.limits.attempts(cause):
            self._records.retry(node.identity, failure)
            node.record = {"status": "retried"}
            self._notify("retried", node)
            self._again(node)
            return
        self._records.fail(node.identity, failure)
        self._ended(node, Outcome("failed", failure=failure))

    def _ended(self, node: Node, outcome: Outcome) -> None:
        self._lineage.forget(node.uuid)
        if outcome.kind == "claimed":
            self._put_back.append((time.monotonic() + _PUT_BACK_S, node))
            self._notify("put back", node)
        elif outcome.kind == "failed" or outcome.digest is None:
            self.tally.fail(node.uuid, outcome.failure or Failure("NoOutput", "the job stored no output"))
            self._end(node, failed=True, kind="failed")
        else:
            self.tally.count(outcome.digest, existed=False, taken_over=outcome.reused)
            if not outcome.reused:
                self._remaining.measured(*node.expected, outcome.seconds)
            if outcome.failure is not None:
                self.tally.failures[node.uuid] = outcome.failure
            if node.record is not None and node.record["status"] in {"failed", "retried"}:
                self._records.forget(node.uuid, node.index)
            node.gate.stopped = node.gate.stopped or outcome.stop_children
            self.stopping = self.stopping or outcome.stop_jobflow
            self._divert(node, {name: MontyDecoder().process_decoded(flow) for name, flow in outcome.diversion.items()})
            self._end(node, failed=False, kind="completed")
