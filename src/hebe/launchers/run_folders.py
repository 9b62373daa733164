"""Run folders of a project: what they hold, which of them something still needs, and their removal."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.launchers.status import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maggma.core.store import Store

    from hebe.launchers.records import Records

IN_USE: Final = "in use"
NOT_STORED: Final = "holds an output that is not stored"
FAILED: Final = "named by a failure"
CUT: Final = "a calculation that was cut off goes on from it"

_OF_JOB = re.compile(r"-(.{8})-\d+(?:-\d+)?$")
_RESULT: Final = ".result.json"
_PILOT, _ENDED = "pilot.json", "ended"
_TEXTS: Final = ("message", "traceback", "run_dir")


@dataclass(frozen=True)
class RunFolder:
    """A folder of a job, or a file beside such folders.

    ``campaign`` is None where the store knows no output of the job, ``needed`` says why it is not removed.
    """

    path: Path
    size_bytes: int
    campaign: str | None
    needed: str | None


class RunFolders:
    """The run folders of a project.

    Parameters
    ----------
    runs
        Where they are: ``.hebe/runs``.
    documents, records
        Store of outputs and records of launchers.
    """

    def __init__(self, runs: Path, documents: Store, records: Records) -> None:
        self._runs, self._documents = runs, documents
        self._alive = {name.partition("/")[0] for name, beat, body in records.launches() if is_alive(body, beat)}
        failed = list(documents.query({"output.status": "failed"}, ["uuid", "output.run_dir", "output.error"]))
        lost = list(records.store.query({"status": {"$in": ["failed", "retried"]}}))
        cut = list(documents.query({"output.status": "cut"}, ["uuid", "output.run_dir"]))
        self._needs = {
            FAILED: _Needs([*failed, *lost], runs),
            CUT: _Needs(cut, runs),
        }

    def all(self) -> list[RunFolder]:
        """List them, by launch."""
        return [self._described(entry, launch) for launch in _entries(self._runs) for entry in self._parts(launch)]

    def remove(self, folders: Iterable[RunFolder]) -> int:
        """Remove folders, and those of launches that are empty then; return how many bytes that were."""
        size = 0
        for folder in folders:
            with suppress(FileNotFoundError):
                if folder.path.is_dir() and not folder.path.is_symlink():
                    shutil.rmtree(folder.path)
                else:
                    folder.path.unlink()
                size += folder.size_bytes
            with suppress(OSError):
                folder.path.parent.rmdir()
        return size

    def _parts(self, launch: Path) -> list[Path]:
        """Job folders of a launch; a folder of a queue job is one thing, since its files belong together."""
        if launch.is_symlink() or not launch.is_dir() or (launch / _PILOT).exists():
            return [launch]
        return _entries(launch) or [launch]

    def _described(self, entry: Path, launch: Path) -> RunFolder:
        return RunFolder(entry, size_of(entry), self._campaign(entry), self._needed(entry, launch))

    def _campaign(self, entry: Path) -> str | None:
        prefix = _job_of(entry)
        if prefix is None:
            return None
        found = self._documents.query_one({"uuid": {"$gte": prefix, "$lt": prefix + "~"}}, ["metadata.campaign"])
        campaign = ((found or {}).get("metadata") or {}).get("campaign")
        return str(campaign) if campaign else None

    def _needed(self, entry: Path, launch: Path) -> str | None:
        if launch.name in self._alive or ((launch / _PILOT).exists() and not (launch / _ENDED).exists()):
            return IN_USE
        if any(path.name.endswith(_RESULT) for path in (entry, *_files(entry))):
            return NOT_STORED
        return next((reason for reason, needs in self._needs.items() if needs.include(entry)), None)


class _Needs:
    """What some documents name: paths below the run folders, and jobs."""

    def __init__(self, documents: list[dict[str, Any]], runs: Path) -> None:
        self._jobs = {str(document["uuid"])[:8] for document in documents}
        named = re.compile(re.escape(str(runs)) + r"/[^\s'\",;:()]+")
        texts = [text for document in documents for text in _texts(document)]
        self._paths = {Path(path.rstrip(".")) for text in texts for path in named.findall(text)}

    def include(self, entry: Path) -> bool:
        """Whether a folder, something in it, or what it lies in is needed."""
        if _job_of(entry) in self._jobs:
            return True
        return any(path == entry or path in entry.parents or entry in path.parents for path in self._paths)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; links are not followed."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            return path.lstat().st_size
    return sum(_size(file) for file in _files(path))


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.lstat().st_size
    return 0


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _job_of(entry: Path) -> str | None:
    """First letters of the id of the job whose folder it is."""
    found = _OF_JOB.search(entry.name)
    return None if found is None else found.group(1)


def _texts(document: dict[str, Any]) -> Iterator[str]:
    """What a failure says, in a record or in an output."""
    output = document.get("output")
    inner = [output, output.get("error")] if isinstance(output, dict) else [document]
    for part in inner:
        if isinstance(part, dict):
            yield from (str(part[name]) for name in _TEXTS if part.get(name))
