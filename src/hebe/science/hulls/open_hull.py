"""Equilibria open to the working ion: between which voltages a composition neither takes up nor gives off ions.

Against the metal a voltage ``V`` is the potential ``mu = mu_metal - e V`` of the neutral atom. Every phase counts with
``E - n mu``, its grand potential, and the other elements are balanced: Ong, Wang, Kang and Ceder, Chem. Mater. 20, 1798
(2008); for solid electrolytes Zhu, He and Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015), and Richards, Miara, Wang,
Kim and Ceder, Chem. Mater. 28, 266 (2016).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium

_HOST: Final = "the composition itself"
_METAL: Final = "the metal"
BESIDE: Final = 1e-3
"""How far beyond a limit (V) products are asked for: at the limit itself two mixtures are in equilibrium."""


@dataclass(frozen=True)
class OpenReaction:
    """A formula unit at a voltage becomes phases while ions go in or out.

    Parameters
    ----------
    voltage
        V against the metal.
    products
        Phases, and formulas of each.
    uptake
        Ions that are taken up, negative where they leave.
    energy
        Grand potential of the products less that of the formula unit (eV), which holds the energy of the ions.
    """

    voltage: float
    products: Sequence[tuple[PhaseEntry, float]]
    uptake: float
    energy: float


@dataclass(frozen=True)
class OpenComposition:
    """A composition in equilibrium with phases and with the working ion.

    Parameters
    ----------
    amounts, energy
        Atoms of a formula unit, and its energy (eV).
    entries
        Phases that it can become, gases at their potentials, all on the energy scale of the composition.
    ion, metal
        The working ion, and the energy of an atom of its metal (eV).
    energy_scale
        Of all of these.

    Raises
    ------
    EnergyScaleError
        If an entry is of another energy scale.
    """

    amounts: Mapping[str, float]
    energy: float
    entries: Sequence[PhaseEntry]
    ion: str
    metal: float
    energy_scale: str

    @property
    def size(self) -> float:
        """Atoms of a formula unit."""
        return float(sum(self.amounts.values()))

    @cached_property
    def _phases(self) -> list[PhaseEntry]:
        """The phases with the metal at the energy to which voltages refer, instead of other cells of it."""
        metal = PhaseEntry(_METAL, {self.ion: 1.0}, self.metal, self.energy_scale, formula=self.ion)
        return [*(entry for entry in self.entries if set(entry.amounts) != {self.ion}), metal]

    def limits(self) -> tuple[float | None, float | None]:
        """Voltages below which ions are taken up and above which they leave; None where no phase bounds them.

        They are those of the composition where it is stable, and of the mixture that it becomes where it is not. The
        metal is one of the phases: a composition that is in equilibrium with it has the lower limit 0.

        Raises
        ------
        InfeasibleError
            If the phases cannot make the composition.
        """
        own = PhaseEntry(_HOST, self.amounts, self.energy, self.energy_scale)
        low, high = PhaseEquilibrium([*self._phases, own]).potential_range(self.amounts, self.ion)
        return _finite(self.metal - high), _finite(self.metal - low)

    def above_hull(self) -> float:
        """Energy above the lowest mixture of the phases, eV per atom; negative by how much it is more stable."""
        return PhaseEquilibrium(self._phases).e_above_hull(self.amounts, self.energy, self.energy_scale)

    def decomposition(self) -> list[tuple[PhaseEntry, float]]:
        """The lowest mixture of the phases without exchange of ions: phases, and formulas of each."""
        hull = PhaseEquilibrium(self._phases)
        return [(hull.entries[name], n) for name, n in hull.decompose(self.amounts).amounts.items()]

    def reaction(self, voltage: float) -> OpenReaction:
        """What a formula unit becomes at a voltage, itself left out.

        Raises
        ------
        InfeasibleError
            If the phases cannot make its other elements.
        """
        potential = self.metal - voltage
        kept = [entry for entry in self._phases if set(entry.amounts) - {self.ion}]
        hull = PhaseEquilibrium([_opened(entry, self.ion, potential) for entry in kept])
        found = hull.decompose({element: n for element, n in self.amounts.items() if element != self.ion})
        known = dict(zip(hull.entries, kept, strict=True))
        products = [(known[name], n) for name, n in found.amounts.items()]
        held = sum(n * entry.amounts.get(self.ion, 0.0) for entry, n in products)
        own = self.amounts.get(self.ion, 0.0)
        return OpenReaction(voltage, products, held - own, found.energy - (self.energy - potential * own))


def _opened(entry: PhaseEntry, ion: str, potential: float) -> PhaseEntry:
    """A phase with its grand potential instead of its energy, and without the ions."""
    amounts = {element: n for element, n in entry.amounts.items() if element != ion}
    return replace(entry, amounts=amounts, energy=entry.energy - potential * entry.amounts.get(ion, 0.0))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
