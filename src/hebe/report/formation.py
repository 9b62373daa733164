"""Whether a candidate forms at its firing temperature, in sentences: for the terminal and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.formation import ERROR_SOURCES, MEANING, NOT_COVERED
from hebe.analyses.quantity import Shown
from hebe.config.reading.units import celsius
from hebe.report.values import interval, number, percent, signed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MARGIN: Final = Shown(unit="meV per mixed site", scale=1000, digits=1, sign=True)
_SOLUTIONS: Final = {
    "none": "other compositions of the host do not compete",
    "fitted": "other compositions of the host compete, fitted to members that leave pairs of ions open",
    "complete": "other compositions of the host compete",
}


def formation_lines(formation: Mapping[str, Any] | None) -> list[str]:
    """Sentences on a `Formation` as JSON has it; none where a candidate has none."""
    if formation is None:
        return []
    temperature, pressure = formation["temperature_K"], formation["pressure_O2_bar"]
    gas = "no oxygen exchanged" if pressure is None else f"oxygen at {pressure:.3g} bar"
    where = "When fired" if temperature is None else f"At {celsius(temperature)}, {gas}"
    if formation["margin_eV_per_site"] is None and formation["margin_draws"] is None:
        return [f"{where}: not known whether it forms ({formation['reason'] or 'no value'})."]
    return [f"{where}: {_probability(formation)}", _margin(formation), *_mixture(formation), *_errors(formation)]


def _probability(formation: Mapping[str, Any]) -> str:
    if formation["probability"] is None:
        reason = formation["reason"] or "no error of the engine on mixing enthalpies is known"
        return f"no probability that it forms: {reason}."
    return f"forms with a probability of {percent(formation['probability'])} %: {MEANING}. Not covered: {NOT_COVERED}."


def _margin(formation: Mapping[str, Any]) -> str:
    drawn, value = formation["margin_draws"], formation["margin_eV_per_site"]
    if drawn is None:
        text = signed(number(value, _MARGIN.digits, _MARGIN.scale))
    else:
        text = interval((drawn["low"], drawn["median"], drawn["high"]), _MARGIN)
    return f"Margin {text} {_MARGIN.unit} above the lowest mixture of other phases; negative is below it."


def _mixture(formation: Mapping[str, Any]) -> list[str]:
    phases = phases_text(formation["decomposition"])
    return [f"The lowest mixture there is {phases}; {_SOLUTIONS[formation['solution']]}."] if phases else []


def phases_text(decomposition: Sequence[Mapping[str, Any]]) -> str:
    """Phases of a mixture with their amounts."""
    return " + ".join(f"{part['amount']:.3g} {part['formula']}" for part in decomposition)


def _errors(formation: Mapping[str, Any]) -> list[str]:
    source = formation["error_source"]
    return [] if source is None else [f"Errors: {ERROR_SOURCES[source]}."]
