"""What the pages are made of: the state of the jobs, and the candidates of each campaign, read again when they change.

Candidates are read in a thread of their own, so that a page never waits for thousands of them: it shows those that were
read before, or says that they are being read.
"""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.browse.holdings import Holdings, holdings_of
from hebe.browse.table import Table
from hebe.campaigns import api
from hebe.campaigns.models import COLLECTION
from hebe.flows.rounds import ROUND_LABEL
from hebe.launchers.status import read_status
from hebe.stores.content import CONTENT
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow.core.store import JobStore

    from hebe.browse.place import Place
    from hebe.schemas.loop import LoopDoc

_RESTS: Final = 4.0
"""Times as long as it took, what was read is not read again: looking on costs a fifth of a processor at most."""

_LEAST_S: Final = 1.0
_WAITS_S: Final = 1.5
_TABLES: Final = 8
_OF_CANDIDATES: Final = {"output.candidate_id": {"$exists": True}}


@dataclass
class _Kept:
    """Something that was read: what it was, when, and how long that took (s)."""

    what: Any
    mark: str
    at: float
    took: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.at + max(_LEAST_S, _RESTS * self.took)


class Source:
    """Reads a store for the pages.

    Parameters
    ----------
    place
        The store and its project.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._tables: dict[tuple[str, ...], tuple[tuple[float, ...], Table]] = {}
        self._reader = ThreadPoolExecutor(1, "candidates")
        self._reading: dict[str, Future[Holdings]] = {}

    def status(self) -> dict[str, Any]:
        """State of all jobs, as ``hebe status --json`` prints it.

        Raises
        ------
        HebeError
            If the store cannot be read.
        """
        with self._asking:  # one asks, the others wait for its answer
            kept = self._kept.get("status")
            if kept is not None and kept.is_fresh:
                return dict(kept.what)
            began = time.monotonic()
            found = self._read_status()
            self._kept["status"] = _Kept(found, "", time.monotonic(), time.monotonic() - began)
            return found

    def campaigns(self) -> list[str]:
        """Names of the campaigns that have jobs or candidates in the store."""
        named = [one["campaign"] for one in self.status().get("campaigns", ())]
        return sorted({*named, *self._campaigns_of_candidates()})

    def table(self, names: Sequence[str]) -> Table | None:
        """Candidates of some campaigns; None while they are being read for the first time.

        Raises
        ------
        HebeError
            If they cannot be read.
        """
        found = [self._holdings(name) for name in names]
        present = [one for one in found if one is not None]
        if len(present) < len(found):
            return None
        key, times = tuple(names), tuple(one.read_at for one in present)
        with self._lock:
            known = self._tables.get(key)
        if known is not None and known[0] == times:
            return known[1]
        made = Table(tuple(present))
        with self._lock:
            while len(self._tables) >= _TABLES:
                self._tables.pop(next(iter(self._tables)))
            self._tables[key] = times, made
        return made

    def wait(self) -> None:
        """Wait until nothing is being read."""
        with self._lock:
            reading = list(self._reading.values())
        wait(reading)

    def _holdings(self, name: str) -> Holdings | None:
        """Candidates of a campaign as they were last read; read again in the background where they have changed."""
        with self._lock:
            kept, reading = self._kept.get(f"of {name}"), self._reading.get(name)
            if reading is None and (kept is None or not kept.is_fresh):
                reading = self._reading[name] = self._reader.submit(self._read, name, kept)
        if reading is not None and kept is None:
            try:
                return reading.result(timeout=_WAITS_S)
            except TimeoutError:
                return None
        return None if kept is None else kept.what

    def _read(self, name: str, kept: _Kept | None) -> Holdings:
        began = time.monotonic()
        try:
            mark = self._mark(name, None if kept is None else kept.what)
            if kept is not None and kept.mark == mark:
                found: Holdings = kept.what
            else:
                found = holdings_of(self.place, name)
            now = time.monotonic()
            with self._lock:
                self._kept[f"of {name}"] = _Kept(found, mark, now, now - began)
            return found
        finally:
            with self._lock:
                self._reading.pop(name, None)

    def _mark(self, name: str, known: Holdings | None) -> str:
        """Something that changes when candidates, the campaign file, or the rounds and models of what is known do."""
        file = self.place.files.get(name)
        state = file.stat() if file is not None and file.is_file() else None
        with self.place.opened() as store:
            found = store.docs_store.query(_OF_CANDIDATES, ["uuid", CONTENT, "completed_at"])
            told = sorted(f"{one['uuid']} {one.get(CONTENT) or one.get('completed_at')}" for one in found)
            told += [] if known is None or known.loop is None else _of_loop(store, name, known.loop)
        about = f"{state and (state.st_mtime_ns, state.st_size)}"
        return hashlib.blake2b("\n".join([about, *told]).encode("utf-8", "surrogatepass")).hexdigest()

    def _campaigns_of_candidates(self) -> list[str]:
        with self._lock:
            kept = self._kept.get("campaigns")
        if kept is not None and kept.is_fresh:
            return list(kept.what)
        began = time.monotonic()
        with self.place.opened() as store:
            found = store.docs_store.distinct("output.campaign", _OF_CANDIDATES)
        names = sorted(str(name) for name in found if name)
        with self._lock:
            self._kept["campaigns"] = _Kept(names, "", time.monotonic(), time.monotonic() - began)
        return names

    def _read_status(self) -> dict[str, Any]:
        if self.place.store is None:
            return api.status(start=self.place.root)
        with self.place.opened() as store:
            return read_status(store, root=self.place.root)


def _of_loop(store: JobStore, name: str, loop: LoopDoc) -> list[str]:
    """Documents of rounds and models, which come when no candidate does."""
    labels = [ROUND_LABEL.format(number=one.round) for one in loop.rounds]
    found = store.docs_store.query({"metadata.campaign": name, "metadata.label": {"$in": labels}}, ["uuid"])
    with closing(open_collection(store, COLLECTION, "key")) as models:
        return sorted([*(str(one["uuid"]) for one in found), *map(str, models.distinct("key", {"campaign": name}))])
