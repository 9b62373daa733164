"""Quantities that are probabilities: they are learned in probits, and said as probabilities."""

from __future__ import annotations

from hebe.analyses.registry import all_quantities
from hebe.science.learning.chance import probit, share


def is_chance(name: str) -> bool:
    """Whether a quantity is a probability: it is learned in probits."""
    return all_quantities()[name].shown.share


def level_of(name: str, value: float) -> float:
    """A value of a quantity on the scale on which it is learned."""
    return probit(value) if is_chance(name) else value


def value_of(name: str, level: float) -> float:
    """A value of a quantity from the scale on which it is learned."""
    return share(level) if is_chance(name) else level
