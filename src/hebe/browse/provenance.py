"""Where a candidate comes from: the jobs that its document was computed from, and what they were computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maggma.core.store import Store

_NAMES: Final = ["uuid", "index", "name", "metadata", "output.status", "output.@class", "made_from.each"]
_CHUNK: Final = 500
_DEEPEST: Final = 20
_MOST: Final = 2000
SHARED: Final = "shared/"
"""Labels of jobs that belong to no candidate begin so."""


@dataclass
class Node:
    """A job, or several alike: ``count`` of them, named by the first.

    ``sources`` are the nodes that it was computed from, ``depth`` the longest way from one without sources.
    """

    uuid: str
    label: str
    kind: str
    status: str | None
    count: int = 1
    sources: set[str] = field(default_factory=set)
    depth: int = 0


def jobs_behind(documents: Store, uuid: str) -> dict[str, dict[str, Any]]:
    """Documents of the jobs that one was computed from, itself among them; shared ones are not followed further."""
    found: dict[str, dict[str, Any]] = {}
    queue = {uuid}
    for _ in range(_DEEPEST):
        new: set[str] = set()
        wanted = sorted(queue)
        for start in range(0, len(wanted), _CHUNK):
            for one in documents.query({"uuid": {"$in": wanted[start : start + _CHUNK]}}, _NAMES):
                found[str(one["uuid"])] = one
                if not label_of(one).startswith(SHARED):
                    new |= set(sources_of(one))
        queue = new - found.keys()
        if not queue or len(found) > _MOST:
            break
    return found


def graph_of(found: Mapping[str, Mapping[str, Any]]) -> list[Node]:
    """Jobs as a graph, by depth: starts of one cell are one node, and so are shared phases."""
    group = {name: _group(one) for name, one in found.items()}
    nodes: dict[str, Node] = {}
    for name, one in found.items():
        node = nodes.get(group[name])
        if node is None:
            nodes[group[name]] = node = Node(name, group[name], kind_of(one), status_of(one), 0)
        node.count += 1
        node.status = worst(node.status, status_of(one))
        node.sources |= {group[source] for source in sources_of(one) if source in group} - {group[name]}
    for node in nodes.values():
        if node.label == SHARED:
            node.sources = set()
    _measure(nodes)
    return sorted(nodes.values(), key=lambda node: (node.depth, node.label))


def _measure(nodes: Mapping[str, Node]) -> None:
    """Depth of each node; what refers to itself in a damaged store ends where it began."""
    for _ in range(len(nodes)):
        moved = False
        for node in nodes.values():
            depth = max((nodes[source].depth + 1 for source in node.sources), default=0)
            if depth > node.depth and depth < len(nodes):
                node.depth, moved = depth, True
        if not moved:
            return


def _group(document: Mapping[str, Any]) -> str:
    label = label_of(document)
    if label.startswith(SHARED):
        return SHARED
    head, _, tail = label.rpartition("/")
    return f"{head}/starts" if tail.startswith("start") and tail[5:].isdecimal() else label


def label_of(document: Mapping[str, Any]) -> str:
    """Label of the job of a document, its name or id without one."""
    metadata = document.get("metadata")
    label = metadata.get("label") if isinstance(metadata, dict) else None
    return str(label or document.get("name") or document["uuid"])


def kind_of(document: Mapping[str, Any]) -> str:
    """What the job makes: ``calculation``, ``ordering``, ``voltage``."""
    output = document.get("output")
    name = output.get("@class") if isinstance(output, dict) else None
    return str(name or "output").removesuffix("Doc").lower()


def status_of(document: Mapping[str, Any]) -> str | None:
    """Status that the output of a job names."""
    output = document.get("output")
    status = output.get("status") if isinstance(output, dict) else None
    return None if status is None else str(status)


def worst(*given: str | None) -> str | None:
    """Status of several jobs: failed if one is, else the first that is known."""
    known = [status for status in given if status is not None]
    return "failed" if "failed" in known else next(iter(known), None)


def sources_of(document: Mapping[str, Any]) -> Iterable[str]:
    """Jobs whose outputs a job has read."""
    made_from = document.get("made_from")
    pairs = made_from.get("each") if isinstance(made_from, dict) else None
    return [str(pair[0]) for pair in pairs or () if isinstance(pair, list) and pair]
