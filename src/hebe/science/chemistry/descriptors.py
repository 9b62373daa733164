"""Descriptors of one sublattice from its ions: size mismatch, mean radius, Jahn-Teller and d0 fractions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hebe.science.chemistry.ions import Ion, Spin, electronegativity, is_d0, is_jahn_teller, shannon_radius

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.family import FamilySublattice


def spin_of(ion: Ion, sublattice: FamilySublattice) -> Spin:
    """Spin state of an ion on a sublattice, from the family's species table (high unless listed as low)."""
    data = sublattice.species.get(ion.element)
    return "low" if data is not None and ion.charge in data.low_spin else "high"


def relative_mismatch(fractions: Mapping[Ion, float], values: Mapping[Ion, float]) -> float:
    """``sqrt(sum_i x_i (1 - v_i / vbar)^2)`` with ``vbar = sum_i x_i v_i``.

    With radii this is the size mismatch delta (Zhang et al., Adv. Eng. Mater. 10, 534 (2008)).
    """
    mean = sum(x * values[ion] for ion, x in fractions.items())
    return math.sqrt(sum(x * (1 - values[ion] / mean) ** 2 for ion, x in fractions.items()))


def spread(fractions: Mapping[Ion, float], values: Mapping[Ion, float]) -> float:
    """``sqrt(sum_i x_i (v_i - vbar)^2)`` with ``vbar = sum_i x_i v_i``, in the unit of the values.

    With electronegativities this is their mismatch (Guo and Liu, Prog. Nat. Sci. Mater. Int. 21, 433 (2011)).
    """
    mean = sum(x * values[ion] for ion, x in fractions.items())
    return math.sqrt(sum(x * (values[ion] - mean) ** 2 for ion, x in fractions.items()))


def describe(fractions: Mapping[Ion, float], sublattice: FamilySublattice) -> dict[str, float | None]:
    """All descriptors of one sublattice.

    Parameters
    ----------
    fractions
        Ion -> fraction of the sites, summing to 1, from the canonical split.
    sublattice
        Gives coordination and spin states for Shannon radii.

    Returns
    -------
    dict
        ``mean_radius_A``, ``size_mismatch``, ``electronegativity_mismatch_Pauling`` (on Pauling's scale),
        ``jahn_teller_fraction``, ``d0_fraction``; None where a datum is missing.
    """
    spins = {ion: spin_of(ion, sublattice) for ion in fractions}
    radii = {ion: shannon_radius(ion, sublattice.coordination, spins[ion]) for ion in fractions}
    known_radii = {ion: r for ion, r in radii.items() if r is not None}
    chi = {ion: electronegativity(ion.element) for ion in fractions}
    known_chi = {ion: value for ion, value in chi.items() if value is not None}
    complete = len(known_radii) == len(fractions)
    return {
        "mean_radius_A": sum(x * known_radii[ion] for ion, x in fractions.items()) if complete else None,
        "size_mismatch": relative_mismatch(fractions, known_radii) if complete else None,
        "electronegativity_mismatch_Pauling": (
            spread(fractions, known_chi) if len(known_chi) == len(fractions) else None
        ),
        "jahn_teller_fraction": math.fsum(x for ion, x in fractions.items() if is_jahn_teller(ion, spins[ion])),
        "d0_fraction": math.fsum(x for ion, x in fractions.items() if is_d0(ion)),
    }
