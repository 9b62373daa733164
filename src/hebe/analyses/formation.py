"""What the probability that a candidate forms means, in words: said wherever it is printed."""

from __future__ import annotations

from typing import Final

MEANING: Final = (
    "single-phase equilibrium at the firing temperature, given the listed phases and the pressure of oxygen"
)
NOT_COVERED: Final = "kinetics, volatility, melting, phases that are not listed, entropies other than of ideal mixing"
NOTE: Final = f"forms: probability of {MEANING}. Not covered: {NOT_COVERED}."

ERROR_SOURCES: Final = {
    "documented": "documented ones of the engine",
    "given": "those that the campaign gives",
    "calibrated": "those that calculations of the campaign with another engine left",
}
