"""Words that several pages use."""

from __future__ import annotations


def length_of_time(seconds: float) -> str:
    """Length of time in one unit."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def several(number: int, word: str, words: str | None = None) -> str:
    """Number with its word: ``1 row``, ``2 rows``; `words` where the plural has no s."""
    return f"{number:,} {word if number == 1 else words or f'{word}s'}"
