"""The exceptions of Hebe: one small tree, each with its facts as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maggma.core.store import StoreError as _StoreError


class HebeError(Exception):
    """Base of every error that Hebe raises on purpose."""


class HebeWarning(UserWarning):
    """Something that the user should know, and that stops nothing."""


class BadInputError(HebeError):
    """What the user gave cannot be used; says where, why and what would do.

    Parameters
    ----------
    reason
        What was given and what was expected.
    file, line
        Where the mistake stands, when it came from a file; lines count from 1.
    key
        Dotted path of the key (``host.sublattices.TM.grid``).
    suggestion
        What to do, or the nearest valid name.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.reason = reason
        self.file = None if file is None else str(file)
        self.line = line
        self.key = key
        self.suggestion = suggestion
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One line: ``file:line: key: reason (suggestion)``."""
        where = self.file or ""
        if self.line is not None:
            where = f"{where}:{self.line}" if where else f"line {self.line}"
        parts = [part for part in (where, self.key, self.reason) if part]
        text = ": ".join(parts)
        return f"{text} ({self.suggestion})" if self.suggestion else text


class UntrustedError(BadInputError):
    """Data names code that nobody has said to trust; ``suggestion`` is the command that does."""

    def __init__(self, reason: str, suggestion: str) -> None:
        super().__init__(reason, suggestion=suggestion)


class MissingDependencyError(HebeError):
    """An optional package is needed; names it and how to get it."""

    def __init__(self, package: str, purpose: str, extra: str, *, advice: str | None = None) -> None:
        self.package = package
        self.purpose = purpose
        self.extra = extra
        advice = advice or f"pip install 'hebe-flows[{extra}]'"
        super().__init__(f"{purpose} needs {package}: {advice}")


class EngineError(HebeError):
    """An engine could not deliver an energy for a structure.

    Parameters
    ----------
    deterministic
        Whether a second attempt would fail in the same way.
    folder
        Where the engine left files.
    corrections
        What had been tried.
    cpu_s
        CPU time that other processes spent on it.
    """

    def __init__(
        self,
        engine: str,
        reason: str,
        *,
        deterministic: bool = False,
        folder: str | Path | None = None,
        corrections: Sequence[Any] = (),
        cpu_s: float = 0.0,
    ) -> None:
        self.engine = engine
        self.reason = reason
        self.deterministic = deterministic
        self.folder = None if folder is None else str(folder)
        self.corrections = tuple(corrections)
        self.cpu_s = cpu_s
        super().__init__(f"{engine}: {reason}" + (f" (files in {folder})" if folder is not None else ""))


class CalculationCutError(EngineError):
    """A limit ended a calculation before it had an energy; the next attempt continues from its checkpoint."""


class DeviceDiedError(HebeError):
    """The process that evaluates for this one died with a cell: nothing is known of that, and the next launch tries."""


class EnergyScaleError(HebeError):
    """Energies of different scales met in one analysis."""

    def __init__(self, expected: str, found: str, label: str) -> None:
        self.expected = expected
        self.found = found
        self.label = label
        super().__init__(f"{label} has energies on the scale {found!r}, expected {expected!r}: they cannot be compared")


class LaunchError(HebeError):
    """A launcher could not start or continue a flow."""


if TYPE_CHECKING:

    class StoreError(HebeError, _StoreError):
        """A document store could not do what was asked; the store is unchanged. Also a ``StoreError`` of maggma."""

        def __init__(self, *args: object) -> None: ...


def __getattr__(name: str) -> Any:
    """Make `StoreError` when it is asked for: importing maggma takes longer than most commands."""
    if name != "StoreError":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from maggma.core.store import StoreError as Base

    doc = "A document store could not do what was asked; the store is unchanged. Also a ``StoreError`` of maggma."
    # maggma's own __init__ takes the error for its first argument, which spoils its text
    facts = {"__doc__": doc, "__module__": __name__, "__init__": Exception.__init__}
    return globals().setdefault(name, type(name, (HebeError, Base), facts))
