"""Failed jobs by error: what was said, the end of the logs, and the command that has them run again."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from hebe.browse.frame import address, link, page
from hebe.browse.logs import folder_within, tails
from hebe.browse.words import several
from hebe.config.reading.hiding import without_passwords
from hebe.launchers.records import Records
from hebe.launchers.rerun import FailedJob, failed_jobs
from hebe.report.markup import Markup, details, table, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hebe.browse.guard import Request
    from hebe.browse.response import Response
    from hebe.browse.source import Source

_GROUPS: Final = 50
_JOBS: Final = 100
_LOGS: Final = 3
_TOLD: Final = 60
_LONGEST: Final = 2000


def failures(source: Source, _: Request) -> Response:
    """Page of what has failed."""
    with source.place.opened() as store, closing(Records.beside(store.docs_store, source.place.root)) as records:
        jobs = failed_jobs(store, records)
        groups = _grouped(jobs)
        told = _told(store.docs_store, records, [job for group in groups for job in group[:_LOGS]])
    if not jobs:
        text = tag("p", "No job has failed.", class_="lead")
        return page("Failures", tag("h1", "Failures"), text, here="/failures", shown=source.place.shown)
    kinds = several(len(groups), "kind")
    lead = tag("p", f"{several(len(jobs), 'job')} failed, {kinds} of errors.", class_="lead")
    sections = [_section(source, group, told) for group in groups[:_GROUPS]]
    return page("Failures", tag("h1", "Failures"), lead, *sections, here="/failures", shown=source.place.shown)


def rerun_command(group: Sequence[FailedJob], file: str | None = None) -> str:
    """Command that has jobs of one error run again, and no job with another."""
    text = f"{group[0].error_class}: {group[0].message}"
    start = text.splitlines()[0][:_TOLD] if text.strip() else ""
    words = ["hebe", "rerun", *([file] if file else []), "--failed"]
    if start.isprintable():
        words += ["--error", "^" + re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", start)]
    return shlex.join(words)


def _grouped(jobs: Sequence[FailedJob]) -> list[list[FailedJob]]:
    found: dict[tuple[str, str], list[FailedJob]] = {}
    for job in jobs:
        found.setdefault((job.error_class, job.message), []).append(job)
    return sorted(found.values(), key=lambda group: -len(group))


def _told(documents: Any, records: Records, jobs: Sequence[FailedJob]) -> dict[str, dict[str, Any]]:
    """Run folder and traceback of jobs, from their outputs or from what launchers remember."""
    uuids = [job.uuid for job in jobs]
    found = {uuid: dict(record) for (uuid, _), record in records.failed(set(uuids)).items()} if uuids else {}
    names = ["uuid", "output.run_dir", "output.error", "metadata.campaign"]
    for document in documents.query({"uuid": {"$in": uuids}}, names):
        output = _mapping(document.get("output"))
        error = _mapping(output.get("error"))
        metadata = document.get("metadata") or {}
        mine = {"run_dir": output.get("run_dir"), "traceback": error.get("traceback"), **metadata}
        found[document["uuid"]] = {**found.get(document["uuid"], {}), **mine}
    return found


def _mapping(value: object) -> dict[str, Any]:
    """A mapping of a document, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def _section(source: Source, group: Sequence[FailedJob], told: Mapping[str, Mapping[str, Any]]) -> Markup:
    first = group[0]
    campaigns = {str(told.get(job.uuid, {}).get("campaign") or "") for job in group[:_LOGS]}
    file = source.place.files.get(next(iter(campaigns))) if len(campaigns) == 1 else None
    named = None if file is None else file.name
    rows = [
        [
            link(job.name or job.uuid, address("/document", {"id": job.uuid}))
            if job.has_output
            else job.name or job.uuid,
            job.candidate or "",
            job.failed_at[:19].replace("T", " "),
        ]
        for job in group[:_JOBS]
    ]
    listed = f"{several(len(group), 'job')}" + (f", of which the first {_JOBS}" if len(group) > _JOBS else "")
    run = f"hebe run {shlex.quote(named)}" if named else "hebe run CAMPAIGN"
    return tag(
        "section",
        tag("h2", first.error_class),
        tag("p", without_passwords(first.message)[:_LONGEST], class_="wrong"),
        details(listed, tag("div", table(["job", "candidate", "failed"], rows), class_="scroll")),
        *(_logs(source.place.runs, told.get(job.uuid, {}), job) for job in group[:_LOGS]),
        tag("p", "To run them again: ", tag("code", rerun_command(group, named), class_="command")),
        tag("p", "and then ", tag("code", run, class_="command"), class_="note"),
        class_="failure",
    )


def _logs(runs: Path, told: Mapping[str, Any], job: FailedJob) -> Markup:
    """Ends of the logs of a job, and the traceback that its worker has left."""
    parts: list[Markup] = []
    named = told.get("run_dir")
    folder = folder_within(runs, str(named)) if named else None
    if named and folder is None:
        text = f"Its run folder is not in this project, or was removed: {str(named)[:300]}"
        parts.append(tag("p", text, class_="note"))
    if folder is not None:
        parts.append(tag("p", "Run folder: ", tag("code", str(folder)), class_="note"))
        parts += [details(tail.name, tag("pre", tail.text), open="") for tail in tails(folder)]
    if told.get("traceback"):
        end = "\n".join(without_passwords(str(told["traceback"])).splitlines()[-30:])
        parts.append(details("traceback", tag("pre", end)))
    return details(f"logs of {job.name or job.uuid}", *parts) if parts else Markup()
