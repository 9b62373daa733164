"""The first page: the campaigns of the store and how far they are, kept current while something runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.browse.frame import address, link, page, part
from hebe.browse.words import length_of_time
from hebe.report.markup import Markup, table, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.browse.guard import Request
    from hebe.browse.response import Response
    from hebe.browse.source import Source

_NAMES = ("total", "completed", "failed", "running", "waiting")


def overview(source: Source, request: Request) -> Response:
    """Campaigns, jobs, what runs now."""
    live = _live(source)
    if request.one("part"):
        return part(*live)
    body = tag("section", *live, id="live", data_live=address("/", {"part": "1"}), aria_live="polite")
    return page("Overview", tag("h1", source.place.shown), body, here="/", shown=source.place.shown)


def _live(source: Source) -> list[Markup]:
    state = source.status()
    known = {one["campaign"]: one for one in state.get("campaigns", ())}
    rows = [_campaign(name, known.get(name), source) for name in source.campaigns()]
    head = ["campaign", "status", "", *(f"jobs {name}" for name in _NAMES), "file"]
    campaigns = table(head, rows, range(3, 3 + len(_NAMES)))
    return [
        tag("p", _sentence(state), class_="lead"),
        tag("div", campaigns, class_="scroll") if rows else tag("p", "There is no campaign in this store yet."),
        *_running(state),
        *_controls(state),
        *_failures(state),
    ]


def _campaign(name: str, one: Mapping[str, Any] | None, source: Source) -> list[object]:
    place = link(name, address("/candidates", {"campaign": name}))
    file = source.place.files.get(name)
    named = "not in the project's folder" if file is None else file.name
    if one is None:
        return [place, "not run here", "", *[""] * len(_NAMES), named]
    jobs = one["jobs"]
    return [place, one["status"], _bar(jobs), *(f"{jobs[kind]:,}" for kind in _NAMES), named]


def _bar(jobs: Mapping[str, int]) -> Markup:
    """How many of the jobs are done; the text is what a screen reader says."""
    done = jobs["completed"] + jobs["failed"]
    share = 100 * done / jobs["total"] if jobs["total"] else 0
    return tag("progress", f"{share:.0f} %", max=str(max(1, jobs["total"])), value=str(done), title=f"{share:.0f} %")


def _sentence(state: Mapping[str, Any]) -> str:
    jobs, calculations = state["jobs"], state["calculations"]
    parts = [f"{state['status']}: {jobs['completed']:,} jobs done, {jobs['failed']:,} failed"]
    parts += [f"{jobs['running']:,} running", f"{calculations.get('stored', 0):,} calculations stored"]
    if state.get("rate_per_s"):
        left = state.get("time_left_s")
        parts.append(f"{60 * state['rate_per_s']:.3g} jobs per minute")
        parts += [f"about {length_of_time(left)} left"] if left is not None else []
    return ", ".join(parts) + "."


def _running(state: Mapping[str, Any]) -> list[Markup]:
    jobs = state.get("running") or ()
    if not jobs:
        return []
    rows = [[job["name"], tag("code", str(job["uuid"])[:8]), length_of_time(job["seconds"])] for job in jobs[:50]]
    return [tag("h2", "Running now"), tag("div", table(["job", "id", "since"], rows, [2]), class_="scroll")]


def _controls(state: Mapping[str, Any]) -> list[Markup]:
    controls: Mapping[str, str] = state.get("controls") or {}
    return [tag("p", f"{name} is {control}: hebe resume lets it go on.") for name, control in controls.items()]


def _failures(state: Mapping[str, Any]) -> list[Markup]:
    groups = state.get("failures") or ()
    if not groups:
        return []
    count = sum(group["count"] for group in groups)
    return [tag("p", link(f"{count:,} failed jobs, {len(groups)} kinds of errors", "/failures"), class_="wrong")]
