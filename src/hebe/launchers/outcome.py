"""What became of a job: plain data that the scheduler counts and decides by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

DIGESTED = ("uuid", "index", "completed_at", "output.status", "output.key", "output.energy_scale", "output.@class")
"""Paths of a stored document that :meth:`Digest.of` reads."""


@dataclass(frozen=True)
class Digest:
    """The few facts about a stored output that a launcher needs.

    ``status`` is that of the document (``converged``, ``cut``, ``failed``, ...), None when it has none.
    """

    completed_at: str = ""
    status: str | None = None
    is_calculation: bool = False
    is_reference: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Digest:
        """Read the facts off a document of the job store."""
        output, completed_at = document.get("output"), str(document.get("completed_at") or "")
        if not isinstance(output, Mapping):
            return cls(completed_at)
        status = output.get("status")
        return cls(
            completed_at,
            status if isinstance(status, str) else None,
            is_calculation=output.get("key") is not None and "energy_scale" in output,
            is_reference=output.get("@class") == "OutputReference",
        )


@dataclass(frozen=True)
class Failure:
    """Why a job has no usable output."""

    error_class: str
    message: str
    traceback: str = ""
    run_dir: str | None = None

    @classmethod
    def of_output(cls, output: Any) -> Failure:
        """Read the error off a failed document."""
        error = output.get("error") if isinstance(output, Mapping) else None
        if not isinstance(error, Mapping):
            return cls("Failed", "the output says failed without a reason")
        return cls(str(error.get("error_class") or "Failed"), str(error.get("message") or ""))


@dataclass
class Outcome:
    """How one run of a job ended.

    ``claimed`` means that another process is computing the same and the job must be tried again. ``diversion`` holds
    the dictionaries of the flows that the job asked for (``replace``, ``detour``, ``addition``).
    """

    kind: Literal["done", "failed", "claimed"]
    seconds: float = 0.0
    digest: Digest | None = None
    failure: Failure | None = None
    reused: bool = False
    diversion: dict[str, Any] = field(default_factory=dict)
    stop_children: bool = False
    stop_jobflow: bool = False

    def as_message(self) -> dict[str, Any]:
        """Return plain data for a message."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Outcome:
        """Build it from plain data."""
        data = dict(message)
        data["digest"] = None if data["digest"] is None else Digest(**data["digest"])
        data["failure"] = None if data["failure"] is None else Failure(**data["failure"])
        return cls(**data)
