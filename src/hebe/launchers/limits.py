"""What a job may take, and how often it is tried again when its worker dies or it takes more."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from hebe.exceptions import LaunchError

if TYPE_CHECKING:
    from collections.abc import Mapping

Cause = Literal["died", "timeout", "memory"]
"""Why the launcher lost a job: its worker died, or was ended because the job took too long or too much memory."""

ERROR_CLASSES: dict[Cause, str] = {"died": "WorkerDied", "timeout": "TimeoutExceeded", "memory": "MemoryExceeded"}


@dataclass(frozen=True)
class Limits:
    """Limits of a job; a job's own stand in ``job.config.manager_config`` under the same names.

    Parameters
    ----------
    timeout_s
        Longest wall time in seconds; None: no limit.
    memory_mb
        Largest resident memory of the job and what it started, in MB (10^6 bytes); None: no limit.
    output_mb
        Largest output document in MB of JSON.
    retries, timeout_retries, memory_retries
        How often it is tried again after its worker died, after a timeout, after it took too much memory.
    """

    timeout_s: float | None = None
    memory_mb: float | None = None
    output_mb: float = 256.0
    retries: int = 1
    timeout_retries: int = 0
    memory_retries: int = 0

    def __post_init__(self) -> None:
        for name in ("timeout_s", "memory_mb", "output_mb"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value > 0):
                raise LaunchError(f"{name} must be a positive number, not {value!r}")
        for name in ("retries", "timeout_retries", "memory_retries"):
            value = getattr(self, name)
            if not (isinstance(value, int) and value >= 0):
                raise LaunchError(f"{name} must be a whole number of at least 0, not {value!r}")

    def of(self, config: Mapping[str, Any] | None) -> Limits:
        """Return the limits of a job with this ``manager_config``.

        Raises
        ------
        hebe.exceptions.LaunchError
            If a value is unusable.
        """
        own = {field.name: config[field.name] for field in fields(self) if field.name in config} if config else {}
        return Limits(**{**asdict(self), **own}) if own else self

    def attempts(self, cause: Cause) -> int:
        """Return how often a job is tried in all when it is lost for this cause."""
        return 1 + {"died": self.retries, "timeout": self.timeout_retries, "memory": self.memory_retries}[cause]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
