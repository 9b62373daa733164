"""For compute nodes that do not reach the database: ``hebe launch`` asks it for them, through files.

A worker's side is a `FileLine`, over which its stores, records, claims and jobs speak; that of ``hebe launch`` a
`Relay`. A question that is not answered in time ends like one to a database that is away, so that whatever helps there
helps here: calculations go on, and results wait in a file.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo.errors import AutoReconnect

from hebe.exceptions import BadInputError
from hebe.launchers.fireworks.access import Access
from hebe.launchers.fireworks.letters import LETTERS
from hebe.launchers.fireworks.mailbox import Message, Reader, Writer, parts
from hebe.launchers.fireworks.remote_launchpad import BOARD, LAUNCHPAD, RemoteLaunchpad, answers_of
from hebe.launchers.fireworks.seal import Seal, is_own
from hebe.launchers.records import SharedRecords, can_share
from hebe.stores.remote import NO_ANSWER, Line
from hebe.stores.service import Service, as_remote

if TYPE_CHECKING:
    from maggma.core.store import Store

    from hebe.config.cluster import ClusterSettings

FOLDER = "mail"
"""Folder of the mailboxes in that of a queue job."""

_PROJECT, _QUESTIONS, _ANSWERS = "project", "questions", "answers"
_SOON_S, _LATER_S, _LONG_AGO_S = 0.01, 0.25, 5.0
_DISCOVER_S = 1.0


class FileLine(Line):
    """Questions through files.

    Parameters
    ----------
    folder
        Where the mailbox is made; one process alone uses it, once.
    patience_s
        How long an answer is waited for, in seconds.
    """

    def __init__(self, folder: Path, patience_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._answers = Reader(folder / _ANSWERS)
        self._questions = Writer(folder / _QUESTIONS)
        self._seal = Seal(folder)
        super().__init__(self._put, LETTERS)
        self._patience_s = patience_s
        self._asking, self._reading = threading.Lock(), threading.Lock()

    def ask(self, place: str, method: str, *arguments: Any) -> Any:
        """Have something done by ``hebe launch``.

        Raises
        ------
        pymongo.errors.AutoReconnect
            If it does not answer in time, or the database does not answer it.
        """
        with self._asking:  # numbers are written in their order
            future, number = self.send(place, method, *arguments)
        began, nap = time.monotonic(), _SOON_S
        while not future.done():
            self._listen()
            if future.done():
                break
            if time.monotonic() - began > self._patience_s:
                self.forget(number)
                with self._asking:
                    self._questions.withdraw(number)
                raise AutoReconnect("hebe launch does not answer")
            time.sleep(nap)
            nap = min(nap * 1.5, _LATER_S)
        return future.result()

    def tell(self, place: str, method: str, *arguments: Any) -> None:
        """Have something done without waiting for it."""
        with self._asking:
            super().tell(place, method, *arguments)

    def _put(self, number: int, body: bytes) -> None:
        self._questions.write(number, self._seal.closed(_QUESTIONS, number, body))

    def _listen(self) -> None:
        with self._reading:
            for message in self._answers.read():
                body = self._seal.opened(_ANSWERS, message.number, message.body)
                if body is not None:
                    self.hear(message.number, body)


def open_relayed(root: Path, cluster: ClusterSettings, folder: Path, patience_s: float) -> Access:
    """Return a project that ``hebe launch`` reaches for this process.

    Parameters
    ----------
    root
        Project folder.
    cluster
        Its settings.
    folder
        Of the queue job.
    patience_s
        How long an answer is waited for, in seconds.

    Raises
    ------
    pymongo.errors.AutoReconnect
        If there is no answer.
    """
    from jobflow.core.store import JobStore

    mail = folder / FOLDER
    mail.mkdir(exist_ok=True, mode=0o700)
    # a number of a process may come back, a mailbox must not
    line = FileLine(Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=mail)), patience_s)
    line.use()
    outputs, further, save, load = line.ask(_PROJECT, "store")
    store = JobStore(outputs, further, save, load)
    return Access(root, cluster, store, SharedRecords(outputs), RemoteLaunchpad(line))


class Relay:
    """Answers the workers of a project, in a thread of its own.

    Parameters
    ----------
    access
        The project, of this process.

    Raises
    ------
    hebe.exceptions.BadInputError
        If outputs are not in a database.
    """

    def __init__(self, access: Access) -> None:
        if not can_share(access.store.docs_store):
            raise BadInputError(
                "a relay needs outputs in a database",
                key="cluster.relay",
                suggestion="store: {kind: mongodb, uri: mongodb://host/hebe}",
            )
        self._runs = access.runs
        self._boxes: dict[Path, _Box] = {}
        self._dropped: set[Path] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="relay")
        inner: Any = access.store
        further = {name: f"additional/{name}" for name in inner.additional_stores}
        self._stores: dict[str, Store] = {"outputs": inner.docs_store}
        self._stores |= {place: inner.additional_stores[name] for name, place in further.items()}
        remote = {place: as_remote(place, store) for place, store in self._stores.items()}
        store = remote["outputs"], {name: remote[place] for name, place in further.items()}, inner.save, inner.load
        jobs = answers_of(access.launchpad)
        self._others = {_PROJECT: {"store": lambda: store}, LAUNCHPAD: jobs, BOARD: jobs}

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._stop.set()
        self._thread.join()

    def drop(self, folder: Path) -> None:
        """Forget what the workers of a queue job that is over have asked, and remove their mailboxes."""
        with self._lock:
            self._dropped.add(folder)
            self._boxes = {place: box for place, box in self._boxes.items() if place.parents[1] != folder}
        shutil.rmtree(folder / FOLDER, ignore_errors=True)

    def _serve(self) -> None:
        discovered = busy = -math.inf
        while not self._stop.is_set():
            now = time.monotonic()
            with suppress(OSError):  # a full disk, a server of files that is away: the next look may find it better
                if now - discovered > _DISCOVER_S:
                    self._discover()
                    discovered = now
                if self._look():
                    busy = now
            self._stop.wait(_SOON_S if now - busy < _LONG_AGO_S else _LATER_S)

    def _look(self) -> bool:
        """Answer every worker once; return whether one has asked."""
        with self._lock:
            return any([box.look() for box in self._boxes.values()])  # noqa: C419 - every box is looked into

    def _discover(self) -> None:
        with self._lock:
            for folder in self._runs.glob(f"*/{FOLDER}/*"):
                known = folder in self._boxes or folder.parents[1] in self._dropped
                if not known and is_own(folder) and parts(folder / _QUESTIONS):
                    self._boxes[folder] = _Box(folder, Service(self._stores, self._others, sys.maxsize, LETTERS))


class _Box:
    """The mailbox of one worker, seen from ``hebe launch``."""

    def __init__(self, folder: Path, service: Service) -> None:
        self._questions, self._service = Reader(folder / _QUESTIONS), service
        self._answers, self._seal = Writer(folder / _ANSWERS), Seal(folder)
        self._waiting: list[Message] = []

    def look(self) -> bool:
        """Answer what was asked since the last look; return whether there was something. Forged questions are dropped.

        What an earlier ``hebe launch`` may have done without an answer is done again, which changes nothing more.
        """
        new = self._questions.read()
        withdrawn = {message.number for message in new if message.body is None}
        self._waiting = [message for message in (*self._waiting, *new) if message.number not in withdrawn]
        while self._waiting:
            number = self._waiting[0].number
            body = self._seal.opened(_QUESTIONS, number, self._waiting[0].body)
            if body is not None and number == NO_ANSWER:
                self._service.answer(body)
            elif body is not None and number > self._answers.latest:
                self._answers.write(number, self._seal.closed(_ANSWERS, number, self._service.answer(body)))
            del self._waiting[0]
        return bool(new)
