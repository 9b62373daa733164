"""Everything that is known of the candidates of one space, as what models are fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.row_plan import RowPlan
from hebe.science.chemistry.row_table import RowTable
from hebe.science.learning.descriptors import Descriptors, places_of
from hebe.science.learning.gaussian_process import Scale, fit
from hebe.science.learning.held_out import calibrated, leave_out
from hebe.science.learning.linked import link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.learning.gaussian_process import Array, Process
    from hebe.science.learning.held_out import HeldOut
    from hebe.science.learning.linked import Linked, Model

Composition = Mapping[str, Mapping[str, float]]
"""Sublattice -> species -> amount per formula unit, as documents of candidates have it."""

SAMPLE: Final = 2_000
"""Members of a space by which descriptors are scaled, and over which effects are taken."""

_WHOLE: Final = 1e-6

FAR: Final = 0.5
"""Variance of a prediction, relative to that of the values, above which it is refused: it says little."""


@dataclass(frozen=True)
class Seen:
    """Value of one candidate, with the standard error of it."""

    candidate_id: str
    composition: Composition
    value: float
    error: float = 0.0


class Study:
    """A space, and candidates that are known.

    Parameters
    ----------
    space
        The space.
    known
        Compositions that are known; they may have ions that the space has not.
    """

    def __init__(self, space: CompositionSpace, known: Sequence[Composition]) -> None:
        self.space, self.known = space, list(known)

    @cached_property
    def plan(self) -> RowPlan:
        """Plan of the space."""
        return RowPlan.of(self.space)

    @cached_property
    def descriptors(self) -> Descriptors:
        """Descriptors of all members of the space and of what is known."""
        own = self.plan.places[: self.plan.listed]
        return Descriptors(self.space.host, sorted({*own, *places_of(self.known, self.space.specs)}))

    @cached_property
    def _sample(self) -> RowTable:
        rows = self.space.sample(SAMPLE, 0)
        table = RowTable(self.space, rows, None, None, self.plan)
        return table.at(table.splits.possible)

    @cached_property
    def scale(self) -> Scale:
        """Scale of descriptors: that of a sample of the space with what is known."""
        return Scale.of([self._plain(self._sample), self.descriptors.of_members(self.known)])

    @cached_property
    def _at(self) -> list[int]:
        """Where the places of the space stand among those of the descriptors."""
        numbers = {place: number for number, place in enumerate(self.descriptors.places)}
        return [numbers[place] for place in self.plan.places[: self.plan.listed]]

    def _plain(self, table: RowTable) -> Array:
        amounts = np.zeros((len(self.descriptors.places), len(table)))
        amounts[self._at] = table.splits.amounts[: self.plan.listed] / self.plan.scale
        return self.descriptors.table(amounts)

    def of_rows(self, table: RowTable) -> Array:
        """Scaled descriptors of rows that have a split, shape ``(rows, descriptors)``."""
        return self.scale(self._plain(table))

    def of_members(self, members: Sequence[Composition]) -> Array:
        """Scaled descriptors of compositions, shape ``(members, descriptors)``."""
        return self.scale(self.descriptors.of_members(members))

    @cached_property
    def sampled(self) -> tuple[Array, Array]:
        """Scaled descriptors of a sample of members, and the share of the ion at each place on its sublattice."""
        return self.of_rows(self._sample), self._plain(self._sample)[:, : len(self.descriptors.places)]

    def model_of(self, seen: Sequence[Seen]) -> tuple[Process, HeldOut | None]:
        """Model of what was computed, its intervals widened as left-out groups tell.

        Raises
        ------
        BadInputError
            If there are too few values.
        """
        found = fit(self.of_members([one.composition for one in seen]), *_columns(seen))
        held = leave_out(found, [group_of(one.composition, self.space) for one in seen])
        return calibrated(found, held), held

    def linked(self, cheap: Process, dear: Sequence[Seen]) -> Linked:
        """Model of dear values that are linked to those of a cheap one.

        Raises
        ------
        BadInputError
            If there are too few values.
        """
        return link(cheap, self.of_members([one.composition for one in dear]), *_columns(dear))

    def row_of(self, composition: Composition) -> tuple[int, ...] | None:
        """Row of a composition in the space; see the function of that name."""
        return row_of(composition, self.space)

    def new_ions(self, composition: Composition) -> list[str]:
        """Ions that stand nowhere in what is known: ``Zr4+ on TM``."""
        known = set(places_of(self.known, self.space.specs))
        return [
            f"{ion} on {name}"
            for name, ion in places_of([composition], self.space.specs)
            if (name, ion) not in known and ion.element != VACANCY
        ]

    def refusal(self, model: Model, composition: Composition) -> str | None:
        """Why a prediction would mean little; None where it means what its interval says."""
        (novelty,) = model.novelty(self.of_members([composition])).tolist()
        if novelty <= FAR:
            return None
        ions = self.new_ions(composition)
        why = f"no candidate with {', '.join(ions)} is known" if ions else "no candidate like it is known"
        return f"{why}: {100 * novelty:.0f} % of the variance of the values is left"


def row_of(composition: Composition, space: CompositionSpace) -> tuple[int, ...] | None:
    """Row of a composition in a space; None where it has elements, amounts or a content that no row has."""
    if not has_content(composition, space):
        return None
    left: dict[tuple[str, str], float] = {}
    for name, ion in places_of([composition], space.specs):
        share = composition[name][str(ion)] / space.host.sublattices[name].multiplicity
        left[name, ion.element] = left.get((name, ion.element), 0.0) + share
    row = []
    for column, block in zip(space.columns, space.layout.block_of, strict=True):
        amount = left.pop((column.sublattice, column.element), 0.0) * block.grid
        if abs(amount - round(amount)) > _WHOLE:
            return None
        row.append(round(amount))
    return None if any(share > _WHOLE for share in left.values()) else tuple(row)


def has_content(composition: Composition, space: CompositionSpace) -> bool:
    """Whether a composition has the working ions of a space on sites of their own."""
    name = space.host.working_sublattice
    if space.working_ion is None or not name or name in space.specs:
        return True
    return abs(sum(composition.get(name, {}).values()) - float(space.x_made)) < _WHOLE


def group_of(composition: Composition, space: CompositionSpace) -> tuple[tuple[str, str], ...]:
    """Elements of a composition on its mixed sublattices, by which candidates are left out together."""
    return tuple(sorted({(name, ion.element) for name, ion in places_of([composition], space.specs)}))


def _columns(seen: Sequence[Seen]) -> tuple[Array, Array]:
    """Values and errors."""
    return np.array([one.value for one in seen]), np.array([one.error for one in seen])
