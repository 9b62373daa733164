"""The time left: replayed over what the jobs of the quick example took, and where it is known what it should say."""

from __future__ import annotations

import heapq
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_flow
from hebe.flows.expectation import expectations
from hebe.launchers.graph import walk
from hebe.launchers.remaining import Remaining

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = Path(__file__).parents[1]
WORKERS = 2
START_S = 4.0
"""From the command to the first job."""


def alike(workers: int) -> Callable[[str], int]:
    """So many workers in every lane."""
    return lambda _lane: workers


def replayed(jobs: list[tuple[str, float, float]]) -> Iterator[tuple[float, float | None]]:
    """Time since the start, and the estimate, whenever a job of (kind, expected, taken) has ended on two workers."""
    remaining = Remaining()
    for kind, expected, _ in jobs:
        remaining.add(kind, expected)
    running: list[tuple[float, int, float]] = []
    waiting = list(enumerate(jobs))[::-1]
    now = START_S
    while waiting or running:
        while waiting and len(running) < WORKERS:
            number, job = waiting.pop()
            heapq.heappush(running, (now + job[2], number, now))
        now, number, _ = heapq.heappop(running)
        kind, expected, taken = jobs[number]
        remaining.measured(kind, expected, taken)
        remaining.drop(kind, expected)
        busy = [(*jobs[one][:2], now - began) for _, one, began in running]
        yield now, remaining.left_s(alike(WORKERS), busy)


def recorded() -> list[tuple[str, float, float]]:
    """Jobs of the quick example in the order in which they began, as a first run without compiled loops took them."""
    campaign = load_campaign(TESTS.parent / "examples/na-o3-quick.yaml")
    expects = expectations(campaign)
    jobs = {job.metadata["label"]: job for job, _ in walk(campaign_flow(campaign))}
    taken = json.loads((TESTS / "data/quick-job-seconds.json").read_text())
    assert taken.keys() == jobs.keys()
    return [(*expects(jobs[label]), seconds) for label, seconds in taken.items()]


def test_every_estimate_of_the_quick_example_is_within_a_factor_of_two() -> None:
    moments = list(replayed(recorded()))
    end = moments[-1][0]
    told = [(now, left) for now, left in moments if left is not None and now < 0.95 * end]
    assert told[0][0] < 0.25 * end
    assert all((end - now) / 2 <= left <= 2 * (end - now) for now, left in told)


def test_jobs_that_take_what_was_expected_leave_what_was_expected() -> None:
    moments = list(replayed([("a", 1.0, 1.0)] * 40 + [("b", 5.0, 5.0)] * 40))
    end = moments[-1][0]
    for now, left in moments[50:]:
        assert left == pytest.approx(end - now)


def test_a_machine_that_is_three_times_slower_takes_three_times_as_long() -> None:
    moments = list(replayed([("a", 1.0, 3.0)] * 40 + [("b", 5.0, 15.0)] * 40))
    end = moments[-1][0]
    told = [(now, left) for now, left in moments if left is not None]
    assert told
    for now, left in told:
        assert left == pytest.approx(end - now)


def test_nothing_is_said_before_some_jobs_of_the_kind_that_takes_most_have_ended() -> None:
    remaining = Remaining()
    for kind, expected in [("small", 0.01)] * 5 + [("large", 10.0)] * 20:
        remaining.add(kind, expected)
    for _ in range(5):
        remaining.measured("small", 0.01, 0.01)
        remaining.drop("small", 0.01)
    assert remaining.left_s(alike(1)) is None
    for _ in range(3):
        remaining.measured("large", 10.0, 20.0)
        remaining.drop("large", 10.0)
    assert remaining.left_s(alike(1)) == pytest.approx(17 * 20.0, rel=0.4)


def test_the_first_job_of_a_process_does_not_spoil_the_estimate() -> None:
    remaining = Remaining()
    for _ in range(100):
        remaining.add("a", 1.0)
    for seconds in (20.0, 20.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        remaining.measured("a", 1.0, seconds)
        remaining.drop("a", 1.0)
    left = remaining.left_s(alike(2))
    assert left is not None
    assert 46.0 <= left <= 2 * 46.0


def test_nothing_is_left_at_the_end() -> None:
    remaining = Remaining()
    assert remaining.left_s(alike(2)) == 0.0
    remaining.add("a", 1.0)
    remaining.measured("a", 1.0, 1.0)
    remaining.drop("a", 1.0)
    assert remaining.left_s(alike(2)) == 0.0


def test_jobs_that_share_a_device_and_others_run_side_by_side() -> None:
    """Each of 16 members takes as long as the device needs for all of them; 2 workers do the rest meanwhile."""
    remaining = Remaining()
    for kind, lane, number, seconds in (("relax", "device", 96, 10.0), ("build", "", 10, 4.0)):
        for _ in range(number):
            remaining.add(kind, seconds, lane)
    for _ in range(48):
        remaining.measured("relax", 10.0, 10.0)
        remaining.drop("relax", 10.0)
    sizes = {"device": 16, "": 2}
    assert remaining.left_s(sizes.__getitem__) == pytest.approx(48 / 16 * 10.0)
    assert remaining.left_s(sizes.__getitem__, [("relax", 10.0, 8.0)] * 16) == pytest.approx(22.0)
    for _ in range(40):
        remaining.measured("relax", 10.0, 10.0)
        remaining.drop("relax", 10.0)
    assert remaining.left_s(sizes.__getitem__) == pytest.approx(10 / 2 * 4.0)
