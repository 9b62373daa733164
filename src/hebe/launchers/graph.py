"""The dependency graph of a flow that may grow while it runs.

A *node* is one job at one index. A *gate* belongs to a uuid: it opens when the job and every flow that it asked to
have run in its place (replace) or before its children (detour) have ended; children wait for gates.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobflow.core.flow import Flow, JobOrder
from jobflow.core.job import Job
from jobflow.core.reference import OnMissing, OutputReference, find_and_get_references

from hebe.launchers.failing import MESSAGE, plain
from hebe.launchers.limits import Limits
from hebe.launchers.outcome import Digest
from hebe.schemas.base import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

Order = tuple[int, ...]

_NAMING = ("campaign", "label")
_WITHOUT_REFERENCES = ("pymatgen.", "numpy", "pandas.", "builtins", "datetime", "pathlib")


@dataclass(eq=False)
class Gate:
    """What children of a uuid wait for.

    ``failed`` says that there is no output, ``stopped`` that children must not run.
    """

    uuid: str
    pending: int = 0
    is_open: bool = False
    failed: bool = False
    stopped: bool = False
    hosts: list[Gate] = field(default_factory=list)
    waiting: list[Node] = field(default_factory=list)

    def lineage(self) -> Iterator[Gate]:
        """Yield this gate and those that wait for it because its job stands in for theirs."""
        queue, seen = deque([self]), {id(self)}
        while queue:
            gate = queue.popleft()
            yield gate
            for host in gate.hosts:
                if id(host) not in seen:
                    seen.add(id(host))
                    queue.append(host)


@dataclass(eq=False)
class Node:
    """One job at one index, with what the scheduler must know of it.

    ``inputs`` are the uuids that it reads, ``after`` those that it only follows; ``is_out`` says that a worker has it,
    ``losses`` how often it was lost for which cause, ``expected`` of which kind it is and how long (s) one may take,
    ``lane`` which workers run it. ``job`` is given up when the node has ended.
    """

    job: Job
    order: Order
    gate: Gate
    inputs: frozenset[str]
    after: frozenset[str]
    stored: Digest | None = None
    record: dict[str, Any] | None = None
    pending: int = 0
    is_out: bool = False
    losses: dict[str, int] = field(default_factory=dict)
    lane: str = ""
    expected: tuple[str, float] = ("", 1.0)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.uuid, self.index, self.name = self.job.uuid, self.job.index, str(self.job.name)
        self.hosts = list(self.job.hosts)
        metadata = self.job.metadata or {}
        self.named = {key: metadata[key] for key in _NAMING if isinstance(metadata.get(key), str)}
        priority = metadata.get("priority")
        self.priority = float(priority) if isinstance(priority, (int, float)) else 0.0
        self.kind = getattr(self.job.function, "__module__", ""), getattr(self.job.function, "__qualname__", "")
        self.needs_all = self.job.config.on_missing_references == OnMissing.ERROR

    def release(self) -> None:
        """Give up the job of a node that has ended, so that finished jobs take no memory here."""
        del self.job
        self.record = self.stored = None

    @property
    def rank(self) -> tuple[float, Order]:
        """Sorts what is ready: high priority first, then the order of the flow."""
        return (-self.priority, self.order)

    @property
    def identity(self) -> dict[str, Any]:
        """How records name the job, and of which campaign it is under which label."""
        name = self.name if self.name.isprintable() else plain(self.name, MESSAGE)
        return {"uuid": self.uuid, "index": self.index, "name": name, "hosts": self.hosts, **self.named}


class Graph:
    """Nodes and gates, growing by flows."""

    def __init__(self) -> None:
        self.gates: dict[str, Gate] = {}
        self._known: set[tuple[str, int]] = set()

    def add(self, flow: Flow | Job, order: Order = (), host: Gate | None = None) -> list[Node]:
        """Add the jobs of a flow; those that are known already are left out.

        Parameters
        ----------
        flow
            A flow or a job.
        order
            Position of the job that asked for it.
        host
            Gate that must wait for the flow: of a job that is replaced by it or makes a detour to it.

        Returns
        -------
        list
            The new nodes, not connected yet.
        """
        added: list[Node] = []
        for number, (job, after) in enumerate(walk(flow)):
            if (job.uuid, job.index) in self._known:
                continue
            gate = self.gates.setdefault(job.uuid, Gate(job.uuid))
            if host is not None and gate is not host and host not in gate.hosts:
                gate.hosts.append(host)
                host.pending += 1
            gate.pending += 1
            gate.is_open = False
            inputs = references((job.function_args, job.function_kwargs))
            node = Node(job, (*order, number), gate, frozenset(inputs), frozenset(after) - {job.uuid})
            self._known.add((job.uuid, job.index))
            added.append(node)
        return added

    def connect(self, nodes: list[Node]) -> list[Node]:
        """Let new nodes wait for their inputs; return those that need not wait."""
        free = []
        for node in nodes:
            own = {id(gate) for gate in node.gate.lineage()}
            for uuid in node.inputs | node.after:
                gate = self.gates.get(uuid)
                if gate is not None and not gate.is_open and id(gate) not in own:
                    gate.waiting.append(node)
                    node.pending += 1
            if not node.pending:
                free.append(node)
        return free

    def end(self, node: Node) -> list[Node]:
        """Count a node as ended; return the nodes that need not wait any more."""
        free: list[Node] = []
        queue = deque([node.gate])
        while queue:
            gate = queue.popleft()
            gate.pending -= 1
            if gate.pending:
                continue
            gate.is_open = True
            for child in gate.waiting:
                child.pending -= 1
                if not child.pending:
                    free.append(child)
            gate.waiting.clear()
            queue.extend(gate.hosts)
            gate.hosts = []
        return free

    def parents(self, node: Node) -> list[Gate]:
        """Return the gates of this graph that a node follows."""
        return [self.gates[uuid] for uuid in node.inputs | node.after if uuid in self.gates and uuid != node.uuid]


def walk(flow: Flow | Job) -> list[tuple[Job, set[str]]]:
    """List the jobs of a flow in order, each with the uuids that a linear flow puts before it."""
    if isinstance(flow, Job):
        return [(flow, set())]
    found: list[tuple[Job, set[str]]] = []
    before: set[str] = set()
    for part in flow.jobs:
        inner = walk(part)
        if flow.order == JobOrder.LINEAR:
            found.extend((job, after | before) for job, after in inner)
            before = {job.uuid for job, _ in inner}
        else:
            found.extend(inner)
    return found


def references(value: Any) -> set[str]:
    """Find the uuids of the outputs that a value refers to, however deep."""
    if isinstance(value, OutputReference):
        return {value.uuid}
    if isinstance(value, dict):
        return set().union(*map(references, value.values())) if value else set()
    if isinstance(value, (list, tuple, set)):
        return set().union(*map(references, value)) if value else set()
    if isinstance(value, Document):
        return references(vars(value))
    if value is None or type(value).__module__.startswith(_WITHOUT_REFERENCES):
        return set()
    return {reference.uuid for reference in find_and_get_references(value)}
