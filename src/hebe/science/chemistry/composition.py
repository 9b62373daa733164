"""A composition: exact amounts on the mixed sublattices of one formula unit of a host."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from hebe.config.family import Family, load_family
from hebe.config.family_units import atoms_of, units_of

Amounts = Mapping[str, Mapping[str, Fraction]]


@dataclass(frozen=True, eq=False)
class HostComposition:
    """Fractions of each element on each mixed sublattice, with the as-made content of the working ion.

    Parameters
    ----------
    family
        Name of the host family.
    working_ion
        Element of the working ion, None for a host without one.
    x_made
        Working ions per formula unit as made, those on mixed sublattices that they share included.
    fractions
        Sublattice -> element -> fraction of its sites; each sublattice sums to 1.
    brought
        The family where no data file has it.
    """

    family: str
    working_ion: str | None
    x_made: Fraction
    fractions: Amounts
    brought: Family | None = None

    @property
    def host(self) -> Family:
        """The family's data."""
        return self.brought or load_family(self.family)

    @cached_property
    def x_shared(self) -> Fraction:
        """Working ions per formula unit on mixed sublattices, from the fractions."""
        host, ion = self.host, self.working_ion
        if ion is None:
            return Fraction(0)
        held = {name: self.fractions.get(name, {}).get(ion, Fraction(0)) for name in host.working_shared}
        return sum((x * host.sublattices[name].multiplicity for name, x in held.items()), Fraction(0))

    @property
    def x_own(self) -> Fraction:
        """Working ions per formula unit on sublattices of their own."""
        return self.x_made - self.x_shared

    def with_fractions(self, fractions: Amounts) -> HostComposition:
        """Composition with the same content of the working ion's own sites and other fractions."""
        bare = replace(self, x_made=Fraction(0), fractions=fractions)
        return replace(bare, x_made=self.x_own + bare.x_shared)

    @cached_property
    def candidate_id(self) -> str:
        """``<family>-<10 hex>`` of the content: no valences, no grid, no campaign."""
        fractions = {
            sub: {element: str(amount) for element, amount in sorted(amounts.items()) if amount}
            for sub, amounts in sorted(self.fractions.items())
        }
        text = json.dumps([self.family, self.working_ion, str(self.x_made), fractions], sort_keys=True)
        return f"{self.family}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HostComposition) and self.candidate_id == other.candidate_id

    def __hash__(self) -> int:
        return hash(self.candidate_id)

    @cached_property
    def denominator(self) -> int:
        """Smallest number of sites per mixed sublattice that holds the composition exactly."""
        return math.lcm(*(amount.denominator for amounts in self.fractions.values() for amount in amounts.values()))

    @cached_property
    def elements(self) -> dict[str, Fraction]:
        """Element -> atoms per formula unit, working ion at x_made and anions included; empty sites are no atoms."""
        host, total = self.host, dict[str, Fraction]()
        if self.working_ion and self.x_made:
            total[self.working_ion] = self.x_made
        standing = list(host.standing(self.fractions))
        for name, sub in host.sublattices.items():
            for element, amount in self.fractions.get(name, {}).items():
                if not amount or (element == self.working_ion and name in host.working_shared):
                    continue
                for atom, number in atoms_of(host, name, element).items():
                    total[atom] = total.get(atom, Fraction(0)) + number * amount * sub.multiplicity
            for _, element, number, _ in (entry for entry in standing if entry[0] == name):
                total[element] = total.get(element, Fraction(0)) + number
        return total

    @property
    def formula(self) -> str:
        """Formula with the working ion first, cations by falling amount, then groups, anions last."""
        host, total = self.host, dict(self.elements)
        units: dict[str, Fraction] = {}
        for group, count in self._units.items():
            written = host.groups[group].written or group
            units[written] = units.get(written, Fraction(0)) + count
            for element, number in host.groups[group].formula.items():
                total[element] -= number * count
        groups = "".join(f"({name}){format_amount(number)}" for name, number in units.items() if number)
        anions = {e for name in host.anions for e in host.sublattices[name].species}
        rest = [e for e in total if e != self.working_ion or any(e in a for a in self.fractions.values())]
        rest = [e for e in rest if total[e]]
        cations = sorted((e for e in rest if e not in anions and e != self.working_ion), key=lambda e: (-total[e], e))
        first = [self.working_ion] if self.working_ion in total else []
        before, last = [*first, *cations], sorted(e for e in rest if e in anions)
        parts = [[f"{e}{format_amount(total[e])}" for e in part if e] for part in (before, last)]
        return "".join([*parts[0], groups, *parts[1]])

    @property
    def _units(self) -> dict[str, Fraction]:
        """Group -> rigid units per formula unit: those that are always there, and those that species bring or lack."""
        host, found = self.host, dict[str, Fraction]()
        for sub in host.sublattices.values():
            if sub.group is not None:
                found[sub.group] = found.get(sub.group, Fraction(0)) + sub.multiplicity
        for name, amounts in self.fractions.items():
            for element, amount in amounts.items():
                for group, number in units_of(host, name, element).items():
                    here = number * amount * host.sublattices[name].multiplicity
                    found[group] = found.get(group, Fraction(0)) + here
        return found

    @property
    def molar_mass(self) -> float:
        """Molar mass of one formula unit as made, g mol-1."""
        from pymatgen.core import Element

        return sum(float(n) * float(Element(element).atomic_mass) for element, n in self.elements.items())


def format_amount(amount: Fraction) -> str:
    """Amount for a formula: nothing for 1, four decimals at most."""
    return "" if amount == 1 else f"{float(amount):.4f}".rstrip("0").rstrip(".")
