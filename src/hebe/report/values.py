"""Values as people read them: digits, uncertainties, lower bounds, and a dash for what could not be had."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.result import Value

DASH: Final = "–"

ENGINE_ERROR: Final = "error of the engine, on hosts with measured values or as the campaign gives it"
"""What ± in the head of a column is."""


def number(value: float | None, digits: int = 2, scale: float = 1.0) -> str:
    """`value` times `scale` with that many decimals; a dash for None."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value * scale:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def decimals(error: float) -> int:
    """Decimals to which a value with this error is known; negative for tens and hundreds.

    The error keeps two digits where they lie between 10 and 35, else one; 95 to 99 become 100: Particle Data Group,
    Review of Particle Physics, Introduction, section 5.3.
    """
    first = math.floor(math.log10(error))
    leading = round(error / 10.0 ** (first - 2))
    return 1 - first if leading < 355 else -first


def measured(value: float | None, error: float | None, digits: int = 2, scale: float = 1.0) -> str:
    """`value` ± `error`, both times `scale`, with the digits that are known.

    Parameters
    ----------
    digits
        Decimals without an error; with one there is at most one more.
    """
    if value is None or error is None or not math.isfinite(value):
        return number(value, digits, scale)
    size = max(abs(error * scale), 10.0 ** -(digits + 1))
    known = min(decimals(size), digits + 1)
    return f"{known_number(value * scale, known)} ± {known_number(size, known)}"


def known_number(value: float, known: int) -> str:
    """Number with that many decimals; rounded to tens or hundreds where they are negative."""
    return number(round(value, known), max(known, 0))


def engine_error(candidates: Sequence[CandidateDoc], quantity: Quantity[Any]) -> str | None:
    """Error of the engine on a quantity of candidates, as ``± 0.5``; None unless all have the same.

    Where the error beside each value holds it, it is not said again.
    """
    errors = _errors(candidates, quantity)
    if quantity.shown.total or len(errors) != 1 or None in errors:
        return None
    return _size(quantity, *errors)


def error_remarks(candidates: Sequence[CandidateDoc], columns: Sequence[Quantity[Any]]) -> list[str]:
    """What the head of a column cannot say: whose error of the engine nobody knows, and which of them have several."""
    remarks, unknown = [], []
    for quantity in columns:
        errors = _errors(candidates, quantity) if quantity.error is not None else set()
        known = sorted(error for error in errors if error is not None)
        if None in errors:
            unknown.append(f"{'some values of ' if known else ''}{quantity.title}")
        elif len(known) > 1 and not quantity.shown.total:
            several = ", ".join(_size(quantity, error) for error in known)
            remarks.append(f"{quantity.title}: error of the engine by stage {several}.")
    return [*remarks, f"No error of the engine is known for {', '.join(unknown)}."] if unknown else remarks


def _errors(candidates: Sequence[CandidateDoc], quantity: Quantity[Any]) -> set[float | None]:
    """Errors of the engine on the values that there are; None stands for those that nobody knows."""
    values = [value for candidate in candidates if (value := quantity.of(candidate)) is not None]
    return {value.error for value in values if value.mean is not None}


def _size(quantity: Quantity[Any], error: float | None) -> str:
    size = (error or 0.0) * quantity.shown.scale
    return f"± {known_number(size, decimals(size))}"


def signed(text: str) -> str:
    """Number as text with its sign, also where it is positive."""
    return text if text[:1] in ("-", DASH) else f"+{text}"


def error_of(quantity: Quantity[Any], value: Value) -> float | None:
    """Error beside a value: of its mean, with that of the engine in quadrature where the quantity says so.

    None where the quantity says so and nobody knows that of the engine: that of the mean alone would be too small.
    """
    if quantity.shown.total and value.error is None:
        return None
    parts = [value.se, value.error if quantity.shown.total else None]
    known = [part for part in parts if part is not None]
    return math.hypot(*known) if known else None


def quantity_text(quantity: Quantity[Any], candidate: CandidateDoc, *, spread: bool = True, bound: str = ">=") -> str:
    """Quantity of a candidate as tables print it.

    Parameters
    ----------
    spread
        With its error; the digits are those that it leaves either way.
    bound
        What stands before a value that is only a lower bound.

    Returns
    -------
    str
        A dash where there is no value; ``never`` for a phase that no temperature stabilises.
    """
    value = quantity.of(candidate)
    if value is None or value.mean is None:
        return "never" if value is not None and value.why_null == "never" else DASH
    mean = value.mean if value.signed is None else value.signed
    text = measured(mean, error_of(quantity, value), quantity.shown.digits, quantity.shown.scale)
    text = signed(text) if quantity.shown.sign else text
    return (bound if value.lower_bound else "") + (text if spread else text.partition(" ±")[0])


def lookup(document: Mapping[str, Any], path: str) -> Any:
    """Value at a dotted path; None where the path ends early."""
    here: Any = document
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return here


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a document by dotted path; mappings are opened, lists are not."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
