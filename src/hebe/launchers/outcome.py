"""What became of a job: plain data that the scheduler counts and decides by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hebe.stores.content import CONTENT

DIGESTED = (
    *("uuid", "index", "output.status", "output.key", "output.energy_scale", "output.@class", "output.uuid"),
    *("made_from.all", CONTENT),
)
"""Paths of a stored document that :meth:`Digest.of` reads."""

TOLD = ("output.error", *(f"output.{name}" for name in ("reason", "message", "warnings", "topology", "task", "label")))
"""Paths of a stored document that :meth:`Failure.of_output` reads."""

_TELLING = ("reason", "message", "warnings", "topology")
_NAMING = ("task", "label", "candidate_id")


@dataclass(frozen=True)
class Digest:
    """The few facts about a stored output that a launcher needs.

    ``status`` is that of the document (``converged``, ``cut``, ``failed``, ...), None when it has none. ``content`` is
    the hash of the output, empty where the store does not keep it at hand; ``made_from`` that of what it was computed
    from, None where nobody has noted it. ``refers_to`` is the job whose output it is if it is a reference.
    """

    content: str = ""
    made_from: str | None = None
    status: str | None = None
    is_calculation: bool = False
    refers_to: str | None = None

    @property
    def is_reference(self) -> bool:
        """Whether the output is that of another job."""
        return self.refers_to is not None

    def with_content(self, content: str) -> Digest:
        """The same facts with the content of the output."""
        return replace(self, content=content)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Digest:
        """Read the facts off a document of the job store."""
        output, content = document.get("output"), str(document.get(CONTENT) or "")
        source = document.get("made_from")
        made_from = str(source.get("all")) if isinstance(source, Mapping) else None
        if not isinstance(output, Mapping):
            return cls(content, made_from)
        status = output.get("status")
        refers = output.get("@class") == "OutputReference"
        return cls(
            content,
            made_from,
            status if isinstance(status, str) else None,
            is_calculation=output.get("key") is not None and "energy_scale" in output,
            refers_to=str(output.get("uuid")) if refers else None,
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
        if not isinstance(output, Mapping):
            return cls("Failed", "the output says failed without a reason")
        error = output.get("error")
        if isinstance(error, Mapping):
            message = error.get("message") or _told(output)
            return cls(str(error.get("error_class") or "Failed"), str(message))
        return cls("Failed", str(error) if error else _told(output))


def _told(output: Mapping[str, Any]) -> str:
    """What a failed document without an error says itself, most telling first."""
    for name in _TELLING:
        value = output.get(name)
        if value and isinstance(value, list):
            return f"{name}: {'; '.join(map(str, value[:3]))}"
        if value and isinstance(value, str):
            return f"{name}: {value}"
    what = " ".join(str(output[name]) for name in _NAMING if isinstance(output.get(name), str))
    return f"{what or 'the output'} is failed and names no error"


@dataclass
class Outcome:
    """How one run of a job ended.

    ``claimed`` means that another process is computing the same and the job must be tried again. ``diversion`` holds
    the dictionaries of the flows that the job asked for (``replace``, ``detour``, ``addition``),
    ``stored_data`` what it gave its manager to keep, ``name`` uuid and index of the job.
    """

    kind: Literal["done", "failed", "claimed"]
    seconds: float = 0.0
    digest: Digest | None = None
    failure: Failure | None = None
    reused: bool = False
    diversion: dict[str, Any] = field(default_factory=dict)
    stop_children: bool = False
    stop_jobflow: bool = False
    stored_data: dict[str, Any] | None = None
    name: tuple[str, int] = ("", 0)

    @property
    def is_plain(self) -> bool:
        """Whether children of the job may run at once: it has an output and asked for nothing."""
        asked = self.diversion or self.stop_children or self.stop_jobflow or self.stored_data is not None
        return self.kind == "done" and not asked
