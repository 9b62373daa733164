"""Ideal configurational entropy in the conventions of the literature, in units of R.

Per sublattice ``S_s = -sum_i x_i ln x_i`` (R per mole of that site; vacancies count as a species).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

Fractions = Mapping[str, Iterable[float | Fraction]]


def site_entropy(fractions: Iterable[float | Fraction]) -> float:
    """``-sum x ln x`` in R per mole of sites; `fractions` of one sublattice, summing to 1.

    Raises
    ------
    ValueError
        If a fraction is negative or the sum is not 1 within 1e-6.
    """
    values = [float(x) for x in fractions]
    if any(x < 0 for x in values) or abs(sum(values) - 1) > 1e-6:
        raise ValueError(f"fractions of a sublattice must be positive and sum to 1, got {values}")
    return -sum(x * math.log(x) for x in values if x > 0)


def entropies(
    fractions: Fractions, multiplicity: Mapping[str, int], primary: str, atoms: float, cations: float
) -> dict[str, float]:
    """Entropy (R) of one composition in every convention.

    Parameters
    ----------
    fractions
        Mixed sublattice -> fractions of its species (vacancies included).
    multiplicity
        Sites of each of them per formula unit.
    primary
        Sublattice of the ``mixed-site`` convention.
    atoms, cations
        Atoms and cations per formula unit, the working ion as made included.

    Returns
    -------
    dict
        ``mixed-site`` (most experimental papers), ``sublattice-sum`` (Joule 2023, 10.1016/j.joule.2023.10.016,
        eq. 3), ``formula-unit`` (Energy Environ. Sci. 18, 19 (2025), eq. 4), ``per-atom`` and ``per-cation``.
    """
    site = {name: site_entropy(values) for name, values in fractions.items()}
    formula_unit = sum(multiplicity[name] * value for name, value in site.items())
    return {
        "mixed-site": site[primary],
        "sublattice-sum": sum(site.values()),
        "formula-unit": formula_unit,
        "per-atom": formula_unit / atoms,
        "per-cation": formula_unit / cations,
    }


def entropy_class(entropy: float) -> str:
    """``high`` (>= 1.5 R), ``medium`` (>= 1 R) or ``low``: Energy Environ. Sci. 18, 19 (2025)."""
    if entropy >= 1.5:
        return "high"
    return "medium" if entropy >= 1 else "low"


def principal_element_rule(fractions: Iterable[float | Fraction]) -> bool:
    """At least five principal elements of 5 to 35 % each (Yeh et al., Adv. Eng. Mater. 6, 299 (2004))."""
    principal = [x for x in map(float, fractions) if 0.05 <= round(x, 9) <= 0.35]
    return len(principal) >= 5
