"""Descriptors that depend on the kind of host: layers, perovskites, functions of elements, what an energy takes.

Those of every sublattice are in `hebe.science.chemistry.descriptors`. A value that cannot be had is None, with the
reason.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry import resources
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.metals import valence_electron_concentration
from hebe.science.chemistry.space import working_charge
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hebe.config.family import Family
    from hebe.config.family_sites import FamilySublattice
    from hebe.science.chemistry.candidate import Candidate

Found = tuple[float | bool | None, str | None]
"""A value, or None with the reason."""

P2_O3_WINDOW: Final = (0.583, 0.637)
"""Mean radius (A) of the metal layer between which both stackings were found: EcoEnergy (2026), review."""

_OXYGEN: Final = 1.40
"""Shannon radius of O2- in coordination 6, A."""
_FARADAY_AH: Final = 26.80148
"""Ah per mol."""


def host_descriptors(candidate: Candidate) -> dict[str, Found]:
    """Descriptors of a candidate beside those of its primary sublattice; which ones there are depends on the host."""
    host = candidate.composition.host
    found: dict[str, Found] = {}
    if host.charged:
        ions = _occupied(candidate)
        total = math.fsum(ions.values())
        shares: dict[str, float] = {}
        for ion, x in ions.items():
            shares[ion.element] = shares.get(ion.element, 0.0) + x / total
        found["valence_electron_concentration"] = valence_electron_concentration(shares), None
    if host.layer_axis is not None and candidate.composition.working_ion == "Na" and host.working_own:
        found |= _layered(candidate)
    if _is_perovskite(host):
        found |= _perovskite(candidate)
    if host.ladder:
        found |= _functions(candidate)
    return {**found, **_firing(candidate), **_resources(candidate)}


def _occupied(candidate: Candidate) -> dict[Ion, float]:
    """Ion -> sites of the primary sublattice that it has, as fractions; empty sites are left out."""
    sites = candidate.composition.host.sublattices[candidate.primary].multiplicity
    split = candidate.split[candidate.primary]
    return {ion: float(x) / sites for ion, x in split.items() if ion.element != VACANCY}


def _radii(ions: Mapping[Ion, float], sub: FamilySublattice) -> tuple[dict[Ion, float], str | None]:
    """Shannon radii (A) of ions on a sublattice, and which are missing."""
    radii = {ion: shannon_radius(ion, sub.coordination, spin_of(ion, sub)) for ion in ions}
    missing = ", ".join(str(ion) for ion, r in radii.items() if r is None)
    reason = f"no radius of {missing} in coordination {sub.coordination} is tabulated" if missing else None
    return {ion: r for ion, r in radii.items() if r is not None}, reason


def cationic_potential(metals: Mapping[Ion, float], radii: Mapping[Ion, float], x: float, sodium: float) -> float:
    """``Phi_TM Phi_Na / Phi_O`` (1/A): ``Phi_TM = sum_i w_i n_i / r_i``, ``Phi_Na = x / r_Na``, ``Phi_O = 2 / r_O``.

    Source: Zhao et al., Science 370, 708 (2020), form from memory. The line between P2 and O3 of that work was not
    found as an equation, so that no stacking follows.

    Parameters
    ----------
    metals
        Ion of the metal layer -> share of its sites, lithium included.
    radii
        Their radii, A.
    x
        Sodium per formula unit.
    sodium
        Radius of Na+, A.
    """
    layer = math.fsum(w * ion.charge / radii[ion] for ion, w in metals.items())
    return layer * (x / sodium) / (2 / _OXYGEN)


def _layered(candidate: Candidate) -> dict[str, Found]:
    sub = candidate.composition.host.sublattices[candidate.primary]
    ions, x = _occupied(candidate), float(candidate.composition.x_own)
    radii, reason = _radii(ions, sub)
    sodium = shannon_radius(Ion("Na", 1), 6)
    if reason is not None or sodium is None:
        return {"cationic_potential_per_A": (None, reason), "in_p2_o3_radius_window": (None, reason)}
    mean = math.fsum(w * radii[ion] for ion, w in ions.items()) / math.fsum(ions.values())
    full = math.fsum(ions.values()) > 1 - 1e-9
    usual = 0.5 <= x <= 1 and full and not any(ion.element == "Li" for ion in ions)
    return {
        "cationic_potential_per_A": (cationic_potential(ions, radii, x, sodium), None),
        "cationic_potential_as_published": (usual, None),
        "in_p2_o3_radius_window": (P2_O3_WINDOW[0] <= mean <= P2_O3_WINDOW[1], None),
    }


def _is_perovskite(host: Family) -> bool:
    """Whether a host is ABX3: large cations A and six-coordinated ones B."""
    if len(host.mixed_cations) < 2 or len(host.anions) != 1 or not {"A", "B"} <= set(host.sublattices):
        return False
    first, second, anion = host.sublattices["A"], host.sublattices["B"], host.sublattices[host.anions[0]]
    return (first.multiplicity, second.multiplicity, anion.multiplicity) == (1, 1, 3) and second.coordination == 6


def goldschmidt_tolerance(r_A: float, r_B: float, r_X: float) -> float:
    """``t = (r_A + r_X) / (sqrt 2 (r_B + r_X))``: Goldschmidt, Naturwissenschaften 14, 477 (1926)."""
    return (r_A + r_X) / (math.sqrt(2) * (r_B + r_X))


def bartel_tolerance(r_A: float, r_B: float, r_X: float, n_A: float) -> float | None:
    """``tau = r_X / r_B - n_A (n_A - (r_A / r_B) / ln(r_A / r_B))``; below 4.18 perovskites form.

    Source: Bartel et al., Sci. Adv. 5, eaav0693 (2019). None where A is not the larger ion.

    Parameters
    ----------
    r_A, r_B, r_X
        Shannon radii (A): A in coordination 12, B and X in 6.
    n_A
        Oxidation state of A.
    """
    if r_A <= r_B:
        return None
    return r_X / r_B - n_A * (n_A - (r_A / r_B) / math.log(r_A / r_B))


def _perovskite(candidate: Candidate) -> dict[str, Found]:
    """Tolerance factors with mean radii and the mean charge of A; A in coordination 12, else 9, else 8."""
    host, names = candidate.composition.host, ("goldschmidt_tolerance", "bartel_tolerance")
    parts = {name: {ion: float(x) for ion, x in candidate.split[name].items()} for name in ("A", "B")}
    if any(ion.element == VACANCY for part in parts.values() for ion in part):
        return dict.fromkeys(names, (None, "sites are empty"))
    large = {ion: next(filter(None, (shannon_radius(ion, n) for n in (12, 9, 8))), None) for ion in parts["A"]}
    small, reason = _radii(parts["B"], host.sublattices["B"])
    if None in large.values():
        reason = (
            f"no radius of {next(str(ion) for ion, r in large.items() if r is None)} as a large cation is tabulated"
        )
    anions = host.sublattices[host.anions[0]].species
    r_X = shannon_radius(Ion(next(iter(anions)), next(iter(anions.values())).valences[0]), 6)
    if reason is not None or r_X is None or host.anions[0] in candidate.split:
        return dict.fromkeys(names, (None, reason or "the anions are mixed"))
    r_A = math.fsum(x * (large[ion] or 0.0) for ion, x in parts["A"].items())
    r_B = math.fsum(x * small[ion] for ion, x in parts["B"].items())
    n_A = math.fsum(x * ion.charge for ion, x in parts["A"].items())
    tau = bartel_tolerance(r_A, r_B, r_X, n_A)
    return {
        "goldschmidt_tolerance": (goldschmidt_tolerance(r_A, r_B, r_X), None),
        "bartel_tolerance": (tau, None if tau is not None else "A is not larger than B"),
    }


def functions_of(candidate: Candidate) -> dict[str, dict[str, str]]:
    """Sublattice -> element -> ``active``, ``inert`` or ``pillar``, as far as the family says."""
    host = candidate.composition.host
    found: dict[str, dict[str, str]] = {
        name: {e: f for e in part if (f := host.function_of(name, e)) is not None}
        for name, part in candidate.composition.fractions.items()
    }
    return {name: part for name, part in found.items() if part}


def _functions(candidate: Candidate) -> dict[str, Found]:
    """Shares of what stands on the primary sublattice by function, and the ratio of active to inert."""
    amounts = dict.fromkeys(("active", "inert", "pillar"), 0.0)
    for element, function in functions_of(candidate).get(candidate.primary, {}).items():
        amounts[function] += float(candidate.composition.fractions[candidate.primary][element])
    total = math.fsum(amounts.values())
    if not total:
        return {}
    ratio = amounts["active"] / amounts["inert"] if amounts["inert"] else None
    return {
        **{f"{name}_fraction": (x / total, None) for name, x in amounts.items()},
        "active_to_inert_ratio": (ratio, None if ratio is not None else "nothing is inert"),
    }


def _firing(candidate: Candidate) -> dict[str, Found]:
    """``k T S`` (eV per site of the primary sublattice) at the usual firing temperature of the family.

    An enthalpy of mixing below it is paid for by the ideal entropy there.
    """
    host, name = candidate.composition.host, "firing_entropy_eV_per_site"
    if host.synthesis is None:
        return {name: (None, "no firing temperature of the family is known")}
    entropy = candidate.entropy_R["formula-unit"] / host.sublattices[candidate.primary].multiplicity
    return {name: (BOLTZMANN * host.synthesis.temperature * entropy, None)}


def _resources(candidate: Candidate) -> dict[str, Found]:
    """Cost, crust and exposure per kg, and per kWh where the ladder tells an energy."""
    elements = {e: float(x) for e, x in candidate.composition.elements.items()}
    per_kg = {
        "cost_USD": resources.cost(elements),
        "crust_kg": resources.crust(elements),
        "exposure_m3": resources.exposure(elements),
    }
    found: dict[str, Found] = {f"{name}_per_kg": value for name, value in per_kg.items()}
    if candidate.composition.working_ion is None:
        return found
    energy, reason = ladder_energy(candidate)
    found["ladder_energy_Wh_per_kg"] = energy, reason
    for name, (value, why) in per_kg.items():
        ratio = None if value is None or not energy else 1000 * value / energy
        found[f"{name}_per_kWh"] = ratio, None if ratio is not None else why or reason
    return found


def ladder_energy(candidate: Candidate) -> tuple[float | None, str | None]:
    """Energy (Wh per kg as made) of the electrons that the cations can give, at the potentials of the ladder.

    At most one set of working ions, against the metal of the working ion. An estimate before anything is computed.
    """
    composition, host = candidate.composition, candidate.composition.host
    ion = composition.working_ion
    if ion is None or host.ladder_electrode is None:
        return None, "the ladder has no potentials"
    if not host.ladder_electrode.startswith(f"{ion}+"):
        return None, f"the potentials of the ladder refer to {host.ladder_electrode}"
    ions = Fraction(composition.x_made) * working_charge(ion)
    given = RedoxLadder.of(host).given_first(candidate.split, ions)
    unknown = [couple.label for couple, _ in given if couple.potential_V is None]
    if unknown or not given:
        return None, f"no potential of {', '.join(unknown)} is known" if unknown else "its cations give no electrons"
    work = math.fsum(float(n) * (couple.potential_V or 0.0) for couple, n in given)
    return 1000 * _FARADAY_AH * work / composition.molar_mass, None


def absent_radii(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """Reasons of descriptors of the primary sublattice that are None."""
    sub = candidate.composition.host.sublattices[candidate.primary]
    for name in ("mean_radius_A", "size_mismatch"):
        if candidate.descriptors.get(name, 0) is None:
            charged = candidate.composition.host.charged
            reason = _radii(_occupied(candidate), sub)[1] if charged else "a metallic radius is not tabulated"
            yield name, reason or "a radius is not tabulated"
    for name, reason in (
        ("electronegativity_mismatch_Pauling", "an element has no electronegativity on this scale"),
        ("mixing_enthalpy_kJ_per_mol", "the enthalpy of mixing of a pair is not tabulated"),
        ("omega", "the enthalpy of mixing is zero or not tabulated"),
        ("capacity_theoretical_mAh_g", "no working ion"),
        ("capacity_redox_mAh_g", "no working ion"),
    ):
        if candidate.descriptors.get(name, 0) is None:
            yield name, reason
