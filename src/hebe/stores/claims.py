"""Who is computing what: a claim per content key, with an owner and a lease that is renewed while it computes."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hebe.exceptions import HebeError, StoreError
from hebe.stores.claim_tables import table_of
from hebe.stores.owners import Owner, process_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from maggma.core.store import Store

__all__ = ["ClaimedElsewhere", "Claims", "ManyClaims", "Owner", "process_start", "release_held", "set_lease"]

LEASE_S = 60.0
"""A claim of a silent owner on another host is free after this time."""

_RENEWALS = 3


class ClaimedElsewhere(HebeError):  # noqa: N818 - it is no error: another process does the work
    """Another process is computing this; come back later."""

    def __init__(self, key: str, holder: str | None = None) -> None:
        self.key = key
        self.holder = holder
        super().__init__(f"{key[:12]} is being computed by {holder or 'another process'}")


class Claims:
    """The right to compute something, held by one process at a time.

    Parameters
    ----------
    store
        The job store (or its document store): an embedded one, or one of MongoDB's kind. Claims of any other maggma
        store are kept in a file of the project, ``.hebe/claims.db``, for the processes that share it.
    lease_s
        How long a claim lasts without being renewed, in seconds; it is renewed by a thread while it is held.

    Raises
    ------
    hebe.exceptions.StoreError
        If the store can hold no claims.
    """

    def __init__(self, store: Store, *, lease_s: float | None = None) -> None:
        self._table = table_of(store)
        self._lease_s = _lease.seconds if lease_s is None else lease_s

    @classmethod
    def of(cls, store: Store, *, lease_s: float | None = None) -> Claims | None:
        """Return the claims of a store; None when it can hold none."""
        try:
            return cls(store, lease_s=lease_s)
        except StoreError:
            return None

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Hold a claim while something is computed.

        After the block the claim is renewed no more but still kept, so that nobody computes the same before the
        result is stored: :func:`release_held` or the end of the lease frees it. An exception frees it at once.

        Raises
        ------
        ClaimedElsewhere
            If another process holds it.
        """
        if not self.acquire(key):
            raise ClaimedElsewhere(key, self.holder(key))
        try:
            yield
        except BaseException:
            self.release(key)
            raise
        _keeper.rest(key)

    def acquire(self, key: str) -> bool:
        """Take a claim.

        Returns
        -------
        bool
            Whether this process holds it now. A claim of a process of this host that has died is taken over at once,
            one of another host when its lease has ended.
        """
        own = Owner.current()
        taken = self._table.take(key, own, time.time() + self._lease_s)
        if taken:
            _keeper.hold(self, key, self._lease_s / _RENEWALS)
        return taken

    def renew(self, key: str) -> bool:
        """Lengthen a claim of this process; False when it is no longer its own."""
        return self._table.renew(key, Owner.current(), time.time() + self._lease_s)

    def release(self, key: str) -> None:
        """Give a claim of this process up; does nothing to one of another process."""
        _keeper.drop(key)
        self._table.release(key, Owner.current())

    def free(self, owner: Owner) -> None:
        """Give up every claim of a process that is known to be dead, on whatever host it ran."""
        self._table.free(owner)

    def holder(self, key: str) -> str | None:
        """Say who holds a claim."""
        found = self._table.read(key)
        return None if found is None else str(found[0])


class ManyClaims:
    """Claims of one process on many things, taken, renewed and given up together.

    Parameters
    ----------
    store
        As for `Claims`.
    """

    def __init__(self, store: Store) -> None:
        self._table = table_of(store)
        self._lease_s = _lease.seconds
        self._held: set[str] = set()

    def take(self, keys: Iterable[str]) -> set[str]:
        """Take those of some claims that are free, and return them."""
        own, expires = Owner.current(), time.time() + self._lease_s
        with self._table.together():
            taken = {key for key in keys if self._table.take(key, own, expires)}
        if taken and not self._held:
            _keeper.hold(self, self._name, self._lease_s / _RENEWALS)
        self._held = self._held | taken  # a new set: the thread that renews may be at the old one
        return taken

    def give_up(self, keys: Iterable[str]) -> None:
        """Give some of them up."""
        gone = self._held.intersection(keys)
        if gone:
            own = Owner.current()
            with self._table.together():
                for key in gone:
                    self._table.release(key, own)
            self._held = self._held - gone

    def renew(self, _name: str) -> bool:
        """Lengthen all; called while any is held."""
        held, expires = self._held, time.time() + self._lease_s
        if held:
            own = Owner.current()
            with self._table.together():
                for key in sorted(held):
                    self._table.renew(key, own, expires)
        return True

    def release(self, _name: str) -> None:
        """Nothing: jobs that end give up their own claims, and these are not theirs."""

    def close(self) -> None:
        """Give all up."""
        _keeper.drop(self._name)
        self.give_up(set(self._held))

    @property
    def _name(self) -> str:
        return f"many {id(self)}"


def release_held(keeps: Callable[[str], bool] = lambda _key: False) -> None:
    """Give up the claims that this process holds, as a worker does when the output of a job is stored.

    Parameters
    ----------
    keeps
        Says of a key whether its claim is to be held on.
    """
    for claims, key in _keeper.held():
        if not keeps(key):
            claims.release(key)
    _keeper.forget_lost()


def still_held() -> None:
    """Make sure that what this process has claimed was not taken over while it was silent, before it stores a result.

    Raises
    ------
    ClaimedElsewhere
        If another process has claimed something since: it computes that, or has done so.
    """
    for claims, key in _keeper.held():
        if not _renewed(claims, key):
            _keeper.lose(key)
    for key in _keeper.lost():
        raise ClaimedElsewhere(key)


@dataclass
class _Lease:
    """How long claims of this process last when nothing else is said."""

    seconds: float = LEASE_S


_lease = _Lease()


def set_lease(seconds: float) -> None:
    """Set how long claims of this process last without being renewed.

    Where somebody else finds out that a process has died, and frees what it held, a long lease lets claims outlive a
    database that is away for a while.
    """
    _lease.seconds = seconds


class _Keeper:
    """Renews the claims of this process from one thread, started when there is something to renew."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Claims | ManyClaims, float]] = {}
        self._resting: set[str] = set()
        self._lost: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._pid = 0

    def hold(self, claims: Claims | ManyClaims, key: str, period_s: float) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._held.clear()
                self._pid = os.getpid()
                self._wake = threading.Event()
                threading.Thread(target=self._renew, args=(self._wake,), daemon=True, name="claims").start()
            self._held[key] = (claims, period_s)
            self._resting.discard(key)
            self._lost.discard(key)
        self._wake.set()

    def rest(self, key: str) -> None:
        with self._lock:
            self._resting.add(key)

    def drop(self, key: str) -> None:
        with self._lock:
            self._held.pop(key, None)
            self._resting.discard(key)

    def lose(self, key: str) -> None:
        """Note that another process has taken a claim over."""
        self.drop(key)
        with self._lock:
            self._lost.add(key)

    def lost(self) -> list[str]:
        with self._lock:
            return sorted(self._lost)

    def forget_lost(self) -> None:
        with self._lock:
            self._lost.clear()

    def held(self) -> list[tuple[Claims | ManyClaims, str]]:
        with self._lock:
            return [(claims, key) for key, (claims, _) in self._held.items()] if self._pid == os.getpid() else []

    def _renew(self, wake: threading.Event) -> None:
        while True:
            with self._lock:
                period = min((p for key, (_, p) in self._held.items() if key not in self._resting), default=None)
            if wake.wait(period):
                wake.clear()
                continue
            for claims, key in self.held():
                if key not in self._resting and not _renewed(claims, key):
                    self.lose(key)


def _renewed(claims: Claims | ManyClaims, key: str) -> bool:
    """Renew a claim; a database that is away for a moment is asked again later."""
    try:
        return claims.renew(key)
    except Exception as err:
        if type(err).__module__.startswith("pymongo"):
            return True
        raise


_keeper = _Keeper()
