"""When this process must stop computing: relaxations end there and are continued by another process."""

from __future__ import annotations

import time


class Deadline:
    """A moment of the monotonic clock; never, unless one is set."""

    def __init__(self) -> None:
        self._at: float | None = None

    def set(self, seconds: float) -> None:
        """Stop some seconds from now."""
        self._at = time.monotonic() + seconds

    def clear(self) -> None:
        """Stop never."""
        self._at = None

    @property
    def passed(self) -> bool:
        """Whether it is time to stop."""
        return self._at is not None and time.monotonic() >= self._at

    @property
    def left_s(self) -> float:
        """Seconds until then; infinite without a deadline."""
        return float("inf") if self._at is None else self._at - time.monotonic()


DEADLINE = Deadline()
"""That of this process."""
