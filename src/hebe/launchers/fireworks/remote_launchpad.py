"""The jobs of a LaunchPad for a worker that does not reach it: ``hebe launch`` does what it asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hebe.launchers.fireworks.launchpad import Launchpad

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from hebe.launchers.fireworks.claimed_job import ClaimedJob, Document
    from hebe.stores.remote import Line

LAUNCHPAD = "launchpad"
"""What the line calls the jobs."""

BOARD = "board"
"""What queue jobs that an earlier version has started call them."""

_ASKED = (
    *("take", "in_hand", "beat", "owns", "complete", "put_back", "lose"),
    *("hold", "defuse", "of", "reserve", "insert"),
)


class RemoteLaunchpad(Launchpad):
    """What a worker needs of `Launchpad`.

    Parameters
    ----------
    line
        Leads to a process that has answers by `answers_of`.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lost_answer = False

    def take(self, category: str, worker: str, host: str, excluded: Collection[str] = ()) -> ClaimedJob | None:
        """Take the ready job of highest priority, or the one of an earlier call whose answer was lost."""
        was_lost, self._lost_answer = self._lost_answer, True
        found: ClaimedJob | None = self._ask("in_hand", worker) if was_lost else None
        if found is None:
            found = self._ask("take", category, worker, host, list(excluded))
        self._lost_answer = False
        return found

    def beat(self, claimed: ClaimedJob) -> bool:
        """Say that a job is still being worked on; False when it was taken away."""
        return bool(self._ask("beat", claimed))

    def owns(self, claimed: ClaimedJob) -> bool:
        """Whether a job still belongs to the worker that took it."""
        return bool(self._ask("owns", claimed))

    def complete(self, claimed: ClaimedJob, *, failed: bool = False, keep: Document | None = None) -> bool:
        """End a job; False when it was taken away before."""
        return bool(self._ask("complete", claimed, failed=failed, keep=keep))

    def put_back(self, claimed: ClaimedJob, wait_s: float = 0.0) -> bool:
        """Make a job ready again that was not run; False when it was taken away."""
        return bool(self._ask("put_back", claimed, wait_s))

    def lose(
        self, worker: str, reason: str, attempts: int, told: Callable[..., None] = lambda *_, **__: None
    ) -> list[tuple[Document, bool]]:
        """Take back what a dead worker had; `told` is called when it is done, for it cannot be sent along."""
        found = list(self._ask("lose", worker, reason, attempts))
        for identity, again in found:
            told(dict(identity), again=again)
        return found

    def hold(self, claimed: ClaimedJob, uuids: Collection[str]) -> None:
        """Have the jobs that follow from one wait for others, too."""
        self._ask("hold", claimed, sorted(uuids))

    def defuse(self, claimed: ClaimedJob, *, everything: bool) -> None:
        """Have what follows from a job, or everything in its workflow, not run."""
        self._ask("defuse", claimed, everything=everything)

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
        return self._line.ask(LAUNCHPAD, method, arguments, named)


def answers_of(launchpad: Launchpad) -> dict[str, Callable[..., Any]]:
    """Return what a `RemoteLaunchpad` may ask of a launchpad."""

    def answer(method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        found = getattr(launchpad, method)(*arguments, **named)
        return list(found) if method == "of" else found

    return {method: partial(answer, method) for method in _ASKED}
