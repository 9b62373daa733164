"""States of FireWorks' workflows as they follow from those of their jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hebe.launchers.fireworks.claimed_job import Document

ENDED = ("COMPLETED", "FIZZLED", "DEFUSED", "ARCHIVED")
"""States in which nothing happens to a job any more by itself."""


def state_of(states: Iterable[str]) -> str:
    """State of a workflow by those of its jobs."""
    found = set(states)
    for state in ("RUNNING", "RESERVED", "READY"):
        if state in found:
            return "RUNNING" if state == "READY" and "COMPLETED" in found else state
    if "FIZZLED" in found:
        return "FIZZLED"
    if "PAUSED" in found:
        return "PAUSED"
    return "COMPLETED" if found == {"COMPLETED"} else "DEFUSED" if "DEFUSED" in found else "WAITING"


def is_stuck(fw_id: int, workflow: Document, lenient: Collection[int]) -> bool:
    """Whether a job waits, directly or not, for one that has failed or was defused.

    Parameters
    ----------
    fw_id
        The job.
    workflow
        Its workflow, with ``fw_states`` and ``parent_links``.
    lenient
        Jobs that run although those before them have failed.
    """
    states = workflow["fw_states"]
    state = states[str(fw_id)]
    if state != "WAITING":
        return state in {"DEFUSED", "ARCHIVED", "FIZZLED"}
    parents = workflow["parent_links"].get(str(fw_id), [])
    dead = [parent for parent in parents if is_stuck(parent, workflow, lenient)]
    return bool(dead) and (fw_id not in lenient or any(states[str(parent)] != "FIZZLED" for parent in dead))
