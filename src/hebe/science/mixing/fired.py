"""A candidate and its competitors at the firing temperature in exchange with oxygen.

Oxygen is no component then: every entry counts with ``G - n_O mu_O``, and the thermal free energies of ions that change
their state count too (`hebe.science.mixing.oxygen_hull`). The error of the energy of O2 is drawn like that of a phase.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hebe.science.errors.entry_errors import standard_normal
from hebe.science.hulls.oxide_heat import heat_of, heated
from hebe.science.mixing.oxygen_hull import OXYGEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.science.mixing.competition import Competition, HostEntry, Table
    from hebe.science.mixing.oxygen_hull import OpenHull
    from hebe.science.mixing.pair_terms import Vector


@dataclass(frozen=True)
class Air:
    """Oxygen at one temperature.

    Parameters
    ----------
    temperature
        K.
    pressure
        Of O2, bar.
    potential, sd
        Chemical potential of an oxygen atom on the energy scale, and its standard error (eV).
    heated
        Metals whose ions have thermal functions.
    """

    temperature: float
    pressure: float
    potential: float
    sd: float
    heated: Collection[str]

    @classmethod
    def of(cls, hull: OpenHull, temperature: float) -> Air | None:
        """That of an open hull, None where its gas has no energy."""
        fit = hull.gas.fit
        if fit.energy_eV is None:
            return None
        sd = 0.0 if fit.sd_eV is None else fit.sd_eV / 2
        return cls(temperature, hull.gas.pressure, hull.gas.potential(temperature), sd, hull.heated_elements)

    def warm(self, case: Competition) -> Competition:
        """Everything with the thermal free energy of its ions."""
        return replace(
            case,
            own=self._warm(case.own),
            hosts=[self._warm(host) for host in case.hosts],
            phases=heated(case.phases, self.temperature, self.heated),
        )

    def opened(self, table: Table, elements: list[str], own: Vector) -> tuple[Table, Vector]:
        """Columns and energies of the candidate without oxygen as a component.

        Parameters
        ----------
        table
            Columns balanced by elements.
        elements
            Components of the table.
        own
            Energies of the candidate (eV per formula unit), shape ``(n_rows,)``.
        """
        if OXYGEN not in elements:
            return table, own
        at = elements.index(OXYGEN)
        rest = [i for i in range(len(elements)) if i != at]
        held = table.amounts[:, rest].sum(axis=1) > 0  # a gas is no column of an open hull
        potential = np.full(len(own), self.potential)
        potential[1:] += self.sd * standard_normal("oxygen", len(own) - 1)
        oxygen = table.amounts[held, at]
        shifted = replace(
            table,
            names=[table.names[i] for i in np.flatnonzero(held)],
            amounts=table.amounts[np.ix_(held, rest)],
            energies=table.energies[held] - self.potential * oxygen,
            entropies=table.entropies[held],
            errors=table.errors[:, held] - np.outer(potential - self.potential, oxygen),
            terms=table.terms[held],
            target=table.target[rest],
        )
        return shifted, own - potential * table.target[at]

    def _warm(self, entry: HostEntry) -> HostEntry:
        ions: Mapping[str, float] = {}
        for part in entry.split.values():
            ions = {**ions, **{ion: ions.get(ion, 0.0) + n for ion, n in part.items()}}
        return replace(entry, energy=entry.energy + heat_of(entry.amounts, ions, self.temperature, self.heated))
