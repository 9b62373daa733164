"""Outputs of brief jobs, committed together; a job counts as done only when its group is in the store."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from hebe.exceptions import StoreError
from hebe.launchers.failing import MESSAGE, plain
from hebe.launchers.outcome import Failure, Outcome
from hebe.stores.database import UnusableFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from maggma.core.store import Store

_AGE_S = 0.025
_OLDEST_S = 0.1
_COMMITS = 10
_SIZE = 256
_BYTES = 1 << 22
KEY = ["uuid", "index"]


class CommitGroup:
    """Collects outputs and outcomes, commits the outputs in one transaction and then tells the outcomes.

    Parameters
    ----------
    documents
        Store of outputs.
    tell
        Gets the outcomes by task number, once they are durable.
    fail
        Records the failure of a job, named by its document.
    """

    def __init__(
        self,
        documents: Store,
        tell: Callable[[list[tuple[int, Outcome]]], None],
        fail: Callable[[dict[str, Any], Failure], None],
    ) -> None:
        self._documents = documents
        self._tell = tell
        self._fail = fail
        self._outputs: list[dict[str, Any]] = []
        self._outcomes: list[tuple[int, Outcome]] = []
        self._bytes = 0
        self._since = 0.0
        self._lock = threading.RLock()
        self._age_s = _AGE_S

    def watch(self, give_up: Callable[[StoreError], None]) -> None:
        """Have a thread commit what waits while a job takes longer than it was known to take.

        Parameters
        ----------
        give_up
            Called when the store cannot be written any more.
        """
        threading.Thread(target=self._watch, args=(give_up,), daemon=True, name="group").start()

    def output(self, document: dict[str, Any], size: int) -> None:
        """Add an output that is not in the store yet."""
        with self._lock:
            self._began()
            self._outputs.append(document)
            self._bytes += size

    def outcome(self, number: int, outcome: Outcome) -> None:
        """Add how a task ended; told with the next commit."""
        with self._lock:
            self._began()
            self._outcomes.append((number, outcome))

    @property
    def is_due(self) -> bool:
        """Whether the group is old or large enough to be committed."""
        full = len(self._outcomes) >= _SIZE or self._bytes >= _BYTES
        return bool(self._outcomes) and (full or time.monotonic() - self._since > self._age_s)

    def flush(self) -> None:
        """Commit the outputs and tell the outcomes."""
        if not self._outcomes and not self._outputs:
            return
        with self._lock:
            outputs, outcomes = self._outputs, self._outcomes
            self._outputs, self._outcomes, self._bytes = [], [], 0
            if outputs:
                began = time.monotonic()
                self._commit(outputs, outcomes)
                self._age_s = min(_OLDEST_S, max(_AGE_S, _COMMITS * (time.monotonic() - began)))
            if outcomes:
                self._tell(outcomes)

    def _began(self) -> None:
        if not self._outputs and not self._outcomes:
            self._since = time.monotonic()

    def _commit(self, outputs: list[dict[str, Any]], outcomes: list[tuple[int, Outcome]]) -> None:
        try:
            self._documents.update(outputs, key=KEY)
        except UnusableFileError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with one document must not cost the others
            for document in outputs:
                self._commit_one(document, outcomes)

    def _commit_one(self, document: dict[str, Any], outcomes: list[tuple[int, Outcome]]) -> None:
        try:
            self._documents.update([document], key=KEY)
        except UnusableFileError:
            raise
        except Exception as err:  # noqa: BLE001 - recorded as the failure of this job
            failure = Failure(type(err).__name__, f"the output cannot be stored: {plain(str(err), MESSAGE)}")
            self._fail(document, failure)
            for position, (number, outcome) in enumerate(outcomes):
                if outcome.name == (document["uuid"], document["index"]):
                    outcomes[position] = number, Outcome("failed", failure=failure, name=outcome.name)

    def _watch(self, give_up: Callable[[StoreError], None]) -> None:
        while True:
            time.sleep(_OLDEST_S)
            if not self._outcomes or time.monotonic() - self._since < _OLDEST_S:
                continue
            try:
                self.flush()
            except StoreError as err:
                give_up(err)
                return
