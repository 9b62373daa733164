"""The jobs of a LaunchPad for a worker that does not reach it: ``hebe launch`` does what it asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hebe.launchers.fireworks.board import Board

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from hebe.launchers.fireworks.taken import Document, Taken
    from hebe.stores.remote import Line

BOARD = "board"
"""What the line calls the jobs."""

_ASKED = (
    *("take", "in_hand", "beat", "owns", "complete", "put_back", "lose"),
    *("hold", "defuse", "of", "reserve", "insert"),
)


class RemoteBoard(Board):
    """What a worker needs of `Board`.

    Parameters
    ----------
    line
        Leads to a process that has answers by `answers_of`.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lost_answer = False

    def take(self, category: str, worker: str, host: str, excluded: Collection[str] = ()) -> Taken | None:
        """Take the ready job of highest priority, or the one of an earlier call whose answer was lost."""
        was_lost, self._lost_answer = self._lost_answer, True
        found: Taken | None = self._ask("in_hand", worker) if was_lost else None
        if found is None:
            found = self._ask("take", category, worker, host, list(excluded))
        self._lost_answer = False
        return found

    def beat(self, taken: Taken) -> bool:
        """Say that a job is still being worked on; False when it was taken away."""
        return bool(self._ask("beat", taken))

    def owns(self, taken: Taken) -> bool:
        """Whether a job still belongs to the worker that took it."""
        return bool(self._ask("owns", taken))

    def complete(self, taken: Taken, *, failed: bool = False, keep: Document | None = None) -> bool:
        """End a job; False when it was taken away before."""
        return bool(self._ask("complete", taken, failed=failed, keep=keep))

    def put_back(self, taken: Taken, wait_s: float = 0.0) -> bool:
        """Make a job ready again that was not run; False when it was taken away."""
        return bool(self._ask("put_back", taken, wait_s))

    def lose(self, worker: str, reason: str, attempts: int) -> list[tuple[Document, bool]]:
        """Take back what a dead worker had."""
        return list(self._ask("lose", worker, reason, attempts))

    def hold(self, taken: Taken, uuids: Collection[str]) -> None:
        """Have the jobs that follow from one wait for others, too."""
        self._ask("hold", taken, sorted(uuids))

    def defuse(self, taken: Taken, *, everything: bool) -> None:
        """Have what follows from a job, or everything in its workflow, not run."""
        self._ask("defuse", taken, everything=everything)

    def of(self, uuids: Iterable[str], fields: Document | None = None) -> Iterator[Document]:
        """Iterate over the jobs with some uuids."""
        yield from self._ask("of", list(uuids), fields)

    def reserve(self, number: int) -> int:
        """Return the first of some ids for new jobs."""
        return int(self._ask("reserve", number))

    def insert(self, workflows: list[Document], jobs: list[Document]) -> None:
        """Write workflows, then their jobs."""
        self._ask("insert", workflows, jobs)

    def _ask(self, method: str, *arguments: Any, **named: Any) -> Any:
        return self._line.ask(BOARD, method, arguments, named)


def answers_of(board: Board) -> dict[str, Callable[..., Any]]:
    """Return what a `RemoteBoard` may ask of a board."""

    def answer(method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        found = getattr(board, method)(*arguments, **named)
        return list(found) if method == "of" else found

    return {method: partial(answer, method) for method in _ASKED}
