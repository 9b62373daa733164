"""Descriptors of one sublattice from its ions: size mismatch, mean radius, Jahn-Teller and d0 fractions.

Those of a metal are its size mismatch, valence electrons, enthalpy of mixing and Omega.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hebe.science.chemistry.ions import Ion, Spin, electronegativity, is_d0, is_jahn_teller, shannon_radius
from hebe.science.chemistry.metals import metallic_radius, mixing_enthalpy, omega, valence_electron_concentration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.family_sites import FamilySublattice


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


def radius_of(ion: Ion, sublattice: FamilySublattice) -> float | None:
    """Radius (A) of an ion on a sublattice by Shannon, of an atom of a metal by Miracle; None where there is none."""
    if ion.charge == 0:
        return metallic_radius(ion.element)
    return shannon_radius(ion, sublattice.coordination, spin_of(ion, sublattice))


def describe_metal(fractions: Mapping[Ion, float]) -> dict[str, float | None]:
    """Descriptors of a sublattice of a metal.

    Parameters
    ----------
    fractions
        Atom -> fraction of the occupied sites, summing to 1.

    Returns
    -------
    dict
        ``mean_radius_A`` and ``size_mismatch`` with metallic radii, ``electronegativity_mismatch_Pauling``,
        ``valence_electron_concentration``, ``mixing_enthalpy_kJ_per_mol`` (liquid, per mol of atoms), ``omega``; None
        where a datum is missing.
    """
    radii = {ion: metallic_radius(ion.element) for ion in fractions}
    known = {ion: r for ion, r in radii.items() if r is not None}
    chi = {ion: electronegativity(ion.element) for ion in fractions}
    known_chi = {ion: value for ion, value in chi.items() if value is not None}
    complete, parts = len(known) == len(fractions), {ion.element: x for ion, x in fractions.items()}
    return {
        "mean_radius_A": sum(x * known[ion] for ion, x in fractions.items()) if complete else None,
        "size_mismatch": relative_mismatch(fractions, known) if complete else None,
        "electronegativity_mismatch_Pauling": spread(fractions, known_chi)
        if len(known_chi) == len(fractions)
        else None,
        "valence_electron_concentration": valence_electron_concentration(parts),
        "mixing_enthalpy_kJ_per_mol": mixing_enthalpy(parts),
        "omega": omega(parts),
    }
