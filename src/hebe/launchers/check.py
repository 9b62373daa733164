"""One thing that ``hebe doctor`` looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; ``advice`` says what to do when it is not ``ok``."""

    name: str
    status: str
    detail: str
    advice: str = ""
    needed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)
