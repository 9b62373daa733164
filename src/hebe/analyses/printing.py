"""Values as people read them, in tables, pages, commands and Python: `quantity_text` is the one rule.

The error beside a value decides the digits of both (Particle Data Group), an interval those of its ends; without an
error there are as many decimals as the quantity says. A dash stands for what could not be had.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity, Shown
    from hebe.schemas.candidate import CandidateDoc, RankedCandidate
    from hebe.schemas.result import Value

DASH: Final = "–"
NEVER: Final = "never"
"""An infinite mixing temperature."""

ENGINE_ERROR: Final = "error of the engine, on hosts with measured values or as the campaign gives it"
"""What ± in the head of a column is."""


def capital(title: str) -> str:
    """A title at the beginning of a line."""
    return title[:1].upper() + title[1:]


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
    """Errors of the engine on the values that there are; None stands for those that nobody knows or draws."""
    values = [value for candidate in candidates if (value := quantity.of(candidate)) is not None]
    return {v.error for v in values if v.mean is not None and (v.error is not None or v.median is None)}


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
        With its error or interval; the digits are those that it leaves either way.
    bound
        What stands before a value that is only a lower bound.

    Returns
    -------
    str
        A dash where there is no value; ``never`` for a phase that no temperature stabilises. A value that has draws is
        their median, with the interval that holds the middle 68 % of them in brackets.
    """
    value, shown = quantity.of(candidate), quantity.shown
    if value is None or (value.mean is None and value.median is None):
        return NEVER if value is not None and value.why_null == NEVER else DASH
    before = bound if value.lower_bound else ""
    if value.median is not None and value.low is not None and value.high is not None:
        text = interval((value.low, value.median, value.high), shown)
        return (before if math.isfinite(value.median) else "") + (text if spread else text.partition(" (")[0])
    if shown.share and value.mean is not None:
        return before + percent(value.mean)
    mean = value.mean if value.signed is None else value.signed
    text = measured(mean, error_of(quantity, value), shown.digits, shown.scale)
    text = signed(text) if shown.sign else text
    return before + (text if spread else text.partition(" ±")[0])


def interval(ends: tuple[float, float, float], shown: Shown) -> str:
    """Low, median and high value as ``200 (0 to 900)``, with the digits that half their distance leaves.

    Values below the least that means something are printed as that, infinite ones as ``never``.
    """
    low, median, high = (end * shown.scale for end in ends)
    finite = [end for end in (low, median, high) if math.isfinite(end)]
    size = (finite[-1] - finite[0]) / max(1, len(finite) - 1) if finite else 0.0
    known = min(decimals(size), shown.digits + 1) if size else shown.digits
    least = -math.inf if shown.least is None else shown.least * shown.scale
    texts = [known_number(max(end, least), known) if end < math.inf else NEVER for end in (low, median, high)]
    if shown.sign:
        texts = [signed(text) if text[0].isdigit() and float(text) else text for text in texts]
    return f"{texts[1]} ({texts[0]} to {texts[2]})" if low != high else texts[1]


def percent(share: float) -> str:
    """Probability in percent, ``<1`` and ``>99`` at the ends: so few draws count for nothing."""
    return "<1" if share < 0.01 else ">99" if share > 0.99 else f"{100 * share:.0f}"


def factor(quantity: Quantity[Any]) -> float:
    """What a stored value is multiplied with to be in the unit of tables; probabilities are in percent there."""
    return 100.0 if quantity.shown.share else quantity.shown.scale


def difference_text(quantity: Quantity[Any], difference: float, error: float | None) -> str:
    """Difference of two values of a quantity with its sign and its error."""
    digits = 0 if quantity.shown.share else quantity.shown.digits
    return signed(measured(difference, error, digits, factor(quantity)))


def condition_of(quantity: Quantity[Any], candidates: Sequence[CandidateDoc]) -> str | None:
    """Condition under which a quantity of candidates holds: that of the first which has one."""
    if quantity.condition is None:
        return None
    from hebe.analyses.registry import get_analysis, source_of

    source = source_of(quantity.name)
    if source is None:
        return None
    results = (
        result for candidate in candidates for result in get_analysis(source).of(candidate) if result is not None
    )
    return next(filter(None, map(quantity.condition, results)), None)


def rank_text(candidate: RankedCandidate) -> str:
    """Rank of a candidate, ``=1`` where it shares it; a dash without one."""
    return DASH if candidate.rank is None else f"{'=' if candidate.tied else ''}{candidate.rank}"


def rank_range(candidate: RankedCandidate) -> str:
    """Ranks that the middle 68 % of the draws span, as ``1-3``; a dash without a rank."""
    low, high = candidate.rank_low, candidate.rank_high
    if low is None or high is None:
        return DASH
    return str(low) if low == high else f"{low}-{high}"


def has_ranges(candidates: Sequence[RankedCandidate]) -> bool:
    """Whether errors leave any rank open."""
    return any(candidate.tied or candidate.rank_low != candidate.rank_high for candidate in candidates)
