"""Physical constants in the units of the engines: eV, A, K (CODATA 2018)."""

from typing import Final

BOLTZMANN: Final = 8.617333262145179e-5
"""Boltzmann constant, eV/K."""
KJ_PER_EV: Final = 96.48533212331002
"""kJ/mol in an eV."""
