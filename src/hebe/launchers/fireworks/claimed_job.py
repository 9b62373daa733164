"""A job of a LaunchPad in the hands of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class ClaimedJob:
    """A job that a worker has."""

    fw_id: int
    launch_id: int
    spec: Document
    name: str

    @property
    def facts(self) -> Document:
        """What Hebe noted about the job when it was submitted."""
        facts: Document = self.spec["hebe"]
        return facts

    @property
    def identity(self) -> Document:
        """How records name the job."""
        named = {key: self.facts[key] for key in ("campaign", "label") if self.facts.get(key)}
        return {"uuid": self.facts["uuid"], "index": self.facts["index"], "name": self.name, "hosts": [], **named}
