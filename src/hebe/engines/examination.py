"""What an engine finds out before a campaign runs: whether what its calculations read is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Need:
    """What a stage of a campaign asks of its engine.

    Parameters
    ----------
    stage
        Number of the stage.
    elements
        Symbols of all elements that its cells may hold.
    cations
        Mixed cations of a cell.
    memory_MB
        What the queue gives a calculation; None where nothing is said.
    """

    stage: int
    elements: tuple[str, ...]
    cations: int
    memory_MB: float | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``advice`` says what to do when it is not ``ok``."""

    name: str
    status: Literal["ok", "failed", "absent"]
    detail: str
    advice: str = ""
    needed: bool = True


@runtime_checkable
class Examined(Protocol):
    """An engine that can say more before anything runs than whether it is installed."""

    def examine(self, need: Need) -> Iterator[Finding]:
        """Look at what the calculations of a stage will read."""
        ...


def data_sets_finding(need: Need, lacking: list[str], detail: str, advice: str) -> Finding:
    """Finding about the PAW data sets of a stage; `lacking` are reasons why elements have none."""
    name = f"PAW data sets of stage {need.stage}"
    if lacking:
        return Finding(name, "failed", f"{detail}: {lacking[0]}", advice)
    return Finding(name, "ok", detail)
