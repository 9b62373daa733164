"""Values as people read them: digits, uncertainties, lower bounds, and a dash for what could not be had."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

DASH: Final = "–"
COMPLETE_GRADES: Final = ("A", "B")
"""Grades of hull coverage at which a mixing temperature is more than a lower bound."""


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


def engine_error(candidates: Sequence[Mapping[str, Any]], name: str, scale: float = 1.0) -> str | None:
    """Documented error of the engine on a value of candidates, as ``± 0.5``; None unless all have the same."""
    errors = {c.get(f"{name}_error") for c in candidates if c[name] is not None}
    error = errors.pop() if len(errors) == 1 else None
    return None if error is None else f"± {known_number(error * scale, decimals(error * scale))}"


def signed(text: str) -> str:
    """Number as text with its sign, also where it is positive."""
    return text if text[:1] in ("-", DASH) else f"+{text}"


def signed_strain(candidate: Mapping[str, Any]) -> float | None:
    """Largest change of volume with its sign; the absolute one of documents that do not have it."""
    strain: float | None = candidate.get("volume_strain_at_max")
    return candidate["max_volume_strain"] if strain is None else strain


def mixing_temperature(candidate: Mapping[str, Any], name: str, *, spread: bool = True) -> str:
    """Mixing temperature (K) of a candidate against one reference set.

    Parameters
    ----------
    name
        ``competing`` or ``same_host``.
    spread
        With its standard error; the digits are those that it leaves either way.

    Returns
    -------
    str
        ``>=`` stands before a value that is only a lower bound, because the hull has a grade below B;
        ``never`` is a phase that no temperature stabilises.
    """
    result = candidate["mixing"][name]
    value = result["T_mix_K"]
    if value is None:
        return "never" if result.get("reason") == "never" else DASH
    text = measured(value, temperature_sd(candidate["mixing"], name), 0)
    bound = ">=" if name == "competing" and candidate["hull_grade"] not in COMPLETE_GRADES else ""
    return bound + (text if spread else text.partition(" ±")[0])


def temperature_sd(mixing: Mapping[str, Any], name: str) -> float | None:
    """Standard error (K) of a mixing temperature: mean over configurations and engine, in quadrature.

    The two parts are stored for the set with which the temperature that is ranked was found; those of the other
    set follow from the ratio of the entropies gained, as ``sd(T) = sd(dH) / dS``.
    """
    parts = [part for part in temperature_parts(mixing, name) if part is not None]
    return math.hypot(*parts) if parts else None


def temperature_parts(mixing: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    """Standard errors (K) of a mixing temperature: of the mean over configurations, and of the engine."""
    own, basis = _gained(mixing["competing"]), _gained(mixing[name])
    if own is None or mixing["competing"]["T_mix_K"] is None:
        own = _gained(mixing["same_host"])
    if mixing[name]["T_mix_K"] is None:
        return None, None
    ratio = 1.0 if own is None or basis is None else own / basis
    sds = (mixing.get("T_mix_se_configurations_K"), mixing["T_mix_sd_model_K"])
    first, second = (None if sd is None else sd * ratio for sd in sds)
    return first, second


def _gained(result: Mapping[str, Any]) -> float | None:
    entropy: float | None = result.get("dS_eV_per_K_per_site")
    return entropy if entropy is not None and entropy > 0 else None


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
