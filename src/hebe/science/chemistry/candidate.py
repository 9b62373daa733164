"""A candidate: a composition with its canonical split, entropies and descriptors."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hebe.config.family_sites import VACANCY
from hebe.config.family_units import unit_atoms
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.descriptors import describe, describe_metal
from hebe.science.chemistry.entropy import entropies, principal_element_rule, site_entropy
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder, Split
from hebe.science.chemistry.space import CompositionSpace, working_charge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.family import Family

FARADAY_MAH = 26801.48
"""Faraday constant, mAh mol-1."""


@dataclass(frozen=True)
class Candidate:
    """A neutral composition and what follows from it alone; ``entropy_R`` by convention."""

    composition: HostComposition
    split: Split
    primary: str
    entropy_R: dict[str, float]  # noqa: N815 - R is the gas constant
    descriptors: dict[str, float | bool | None]
    incompatible: tuple[tuple[Ion, Ion], ...]

    @property
    def candidate_id(self) -> str:
        """Identity of the composition."""
        return self.composition.candidate_id

    @property
    def species(self) -> dict[str, dict[str, float]]:
        """Sublattice -> species -> amount per formula unit, the working ion as made included."""
        result = {sub: {str(ion): float(amount) for ion, amount in ions.items()} for sub, ions in self.split.items()}
        host, ion = self.composition.host, self.composition.working_ion
        if ion is not None and host.working_sublattice:
            charged = str(Ion(ion, working_charge(ion)))
            result = {host.working_sublattice: {charged: float(self.composition.x_own)}, **result}
        return result

    def entropy(self, convention: str, sublattice: str | None = None) -> float:
        """Entropy (R) in `convention`; `sublattice` replaces the primary one in ``mixed-site``."""
        if sublattice is None or sublattice == self.primary or convention != "mixed-site":
            return self.entropy_R[convention]
        return site_entropy(self.composition.fractions[sublattice].values())

    @cached_property
    def _of_host(self) -> dict[str, tuple[float | bool | None, str | None]]:
        from hebe.science.chemistry.host_descriptors import host_descriptors

        return host_descriptors(self)

    @property
    def all_descriptors(self) -> dict[str, float | bool | None]:
        """Descriptors, those included that depend on the kind of host; computed when they are asked for."""
        return {**self.descriptors, **{name: value for name, (value, _) in self._of_host.items()}}

    @property
    def null_reasons(self) -> dict[str, str]:
        """Descriptor that is None -> why."""
        from hebe.science.chemistry.host_descriptors import absent_radii

        found = {name: reason for name, (value, reason) in self._of_host.items() if value is None and reason}
        return {**dict(absent_radii(self)), **found}

    @property
    def charge(self) -> Fraction:
        """Total charge per formula unit as made: 0 for every candidate, from the species alone."""
        charge = self.composition.x_own * working_charge(self.composition.working_ion)
        charge += sum((ion.charge * x for part in self.split.values() for ion, x in part.items()), Fraction(0))
        standing = self.composition.host.standing(self.split)
        return charge + sum((Fraction(number * valence) for *_, number, valence in standing), Fraction(0))

    def document(self) -> dict[str, Any]:
        """What ``hebe enumerate --json`` prints for one candidate."""
        from hebe.science.chemistry.host_descriptors import functions_of

        return {
            "candidate_id": self.candidate_id,
            "formula": self.composition.formula,
            "composition": self.species,
            "charge": float(self.charge),
            "entropy_R": self.entropy_R,
            "descriptors": self.all_descriptors,
            "functions": functions_of(self),
            "null_reasons": self.null_reasons,
        }


def primary_sublattice(fractions: Mapping[str, Mapping[str, Fraction]], wanted: str | None = None) -> str:
    """Sublattice that "per mixed site" refers to: `wanted`, else the one with the most elements."""
    return wanted or max(fractions, key=lambda name: len(fractions[name]))


def make_candidate(
    space: CompositionSpace, composition: HostComposition, primary: str | None = None
) -> Candidate | None:
    """Candidate of a composition, None if it cannot be charge-neutral within the allowed oxidation states."""
    split = space.split(composition)
    if split is None:
        return None
    host = space.host
    name = primary_sublattice(composition.fractions, primary)
    ladder = RedoxLadder.of(host)
    incompatible = tuple(ladder.incompatible_pairs(ion for part in split.values() for ion in part))
    theoretical, redox = capacities(composition, split, ladder)
    descriptors: dict[str, float | bool | None] = dict(_of_primary(host, name, split))
    descriptors["principal_element_rule"] = principal_element_rule(composition.fractions[name].values())
    descriptors["redox_compatible"] = not incompatible
    descriptors["capacity_theoretical_mAh_g"] = theoretical
    descriptors["capacity_redox_mAh_g"] = redox
    return Candidate(composition, split, name, _entropies(composition, name), descriptors, incompatible)


def _of_primary(host: Family, name: str, split: Split) -> dict[str, float | None]:
    """Descriptors of what stands on the primary sublattice; empty sites have no size."""
    amounts = {ion: float(x) for ion, x in split[name].items() if ion.element != VACANCY}
    full = len(amounts) == len(split[name])
    sites = host.sublattices[name].multiplicity if full else sum(amounts.values())
    ions = {ion: x / sites for ion, x in amounts.items()}
    return describe(ions, host.sublattices[name]) if host.charged else describe_metal(ions)


def _entropies(composition: HostComposition, primary: str) -> dict[str, float]:
    """Entropy (R) by convention; anions are the sublattices of that role, and groups."""
    host = composition.host
    atoms = float(sum(composition.elements.values()))
    anions: Fraction | int = sum(
        host.atoms_per_unit(n) for n, sub in host.sublattices.items() if n in host.anions or sub.group
    )
    for name, part in composition.fractions.items():
        sites = host.sublattices[name].multiplicity
        anions += sum((x * sites * unit_atoms(host, name, element) for element, x in part.items()), Fraction(0))
    return entropies(
        {sub: values.values() for sub, values in composition.fractions.items()},
        {sub: data.multiplicity for sub, data in host.sublattices.items()},
        primary,
        atoms,
        atoms - float(anions),
    )


def capacities(composition: HostComposition, split: Split, ladder: RedoxLadder) -> tuple[float | None, float | None]:
    """Theoretical and redox capacity, mAh per gram of the as-made formula: ``Q = 26801.48 n / M``.

    The first counts all working ions, the second the electrons of couples below the anion limit, at most
    one set of working ions. None without a working ion.
    """
    if composition.working_ion is None:
        return None, None
    charge = working_charge(composition.working_ion)
    ions = float(composition.x_made) * charge
    electrons = min(ions, float(ladder.electrons_available(split)))
    return FARADAY_MAH * ions / composition.molar_mass, FARADAY_MAH * electrons / composition.molar_mass
