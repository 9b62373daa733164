"""States of workflows: FireWorks' own rule, and jobs that wait for ever."""

from __future__ import annotations

from typing import Any

import pytest
from fireworks import Firework, Workflow

from hebe.launchers.fireworks.workflow_states import is_stuck, state_of

CHAIN: dict[str, Any] = {"2": [1], "3": [2]}


def chain(*states: str) -> dict[str, Any]:
    """A workflow of jobs 1, 2, ... each of which waits for the one before."""
    return {"fw_states": {str(n): state for n, state in enumerate(states, start=1)}, "parent_links": CHAIN}


@pytest.mark.parametrize(
    "states",
    [
        ("COMPLETED", "COMPLETED"),
        ("COMPLETED", "READY"),
        ("COMPLETED", "RUNNING"),
        ("READY", "READY"),
        ("COMPLETED", "FIZZLED"),
        ("COMPLETED", "DEFUSED"),
    ],
)
def test_a_workflow_is_in_the_state_that_fireworks_gives_it(states: tuple[str, ...]) -> None:
    jobs = [Firework([], state=state, fw_id=n) for n, state in enumerate(states, start=1)]
    assert state_of(states) == Workflow(jobs).state


def test_a_job_behind_a_failed_one_is_stuck_unless_it_does_not_mind() -> None:
    failed = chain("FIZZLED", "WAITING", "WAITING")
    assert is_stuck(2, failed, set())
    assert is_stuck(3, failed, set())
    assert not is_stuck(2, failed, {2})
    assert not is_stuck(3, failed, {2})


def test_nobody_runs_behind_a_job_that_was_taken_out() -> None:
    assert is_stuck(3, chain("DEFUSED", "WAITING", "WAITING"), {2, 3})


def test_a_job_behind_one_that_runs_is_not_stuck() -> None:
    assert not is_stuck(3, chain("RUNNING", "WAITING", "WAITING"), set())
