"""Entropies and descriptors of many compositions at once: `hebe.science.chemistry.candidate` on arrays.

Where a candidate has None, an array has NaN.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.family_units import atoms_of, unit_atoms
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.entropy import principal_element_rule
from hebe.science.chemistry.row_ions import IonRows
from hebe.science.chemistry.row_plan import RowPlan
from hebe.science.chemistry.row_split import RowSplits, electrons_of, incompatible_rows, split_rows
from hebe.science.chemistry.space import working_charge
from hebe.science.chemistry.tables import site_entropies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.chemistry.walking import Floats, Rows

_PRINCIPAL: Final = 5


class RowTable:
    """Rows of a space and what follows from them, computed when it is asked for.

    Parameters
    ----------
    space
        The space.
    rows
        Shape (rows, columns).
    primary
        Sublattice that descriptors refer to; by default the one with the most elements of each row.
    entropies
        Entropy (R) of each sublattice, shape (rows, sublattices), if it is known.
    plan
        Plan of the space, if it is known.
    """

    def __init__(
        self,
        space: CompositionSpace,
        rows: Rows,
        primary: str | None = None,
        entropies: Floats | None = None,
        plan: RowPlan | None = None,
    ) -> None:
        self.space, self.rows, self.wanted = space, rows, primary
        self.sites = site_entropies(space.layout, rows) if entropies is None else entropies
        self.plan = RowPlan.of(space) if plan is None else plan

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, kept: NDArray[np.bool_]) -> RowTable:
        """Some of the rows."""
        found = RowTable(self.space, self.rows[kept], self.wanted, self.sites[kept], self.plan)
        if "splits" in self.__dict__:
            found.splits = RowSplits(self.splits.amounts[:, kept], self.splits.possible[kept])
        return found

    @cached_property
    def splits(self) -> RowSplits:
        """Canonical splits."""
        return split_rows(self.space, self.plan, self.rows)

    @cached_property
    def _primary(self) -> NDArray[np.intp]:
        """Number of the primary sublattice of each row."""
        blocks = self.space.layout.blocks
        if self.wanted is not None or len(blocks) == 1:
            names = [block.name for block in blocks]
            return np.full(len(self), 0 if self.wanted is None else names.index(self.wanted))
        numbers = [np.count_nonzero(self.rows[:, block.start : block.stop], axis=1) for block in blocks]
        return np.asarray(np.argmax(numbers, axis=0))

    def present(self, element: str) -> NDArray[np.bool_]:
        """Rows in which an element stands on a mixed sublattice."""
        columns = [i for i, column in enumerate(self.space.columns) if column.element == element]
        return np.asarray((self.rows[:, columns] > 0).any(axis=1))

    def entropy(self, convention: str, sublattice: str | None = None) -> Floats:
        """Entropy (R) in a convention; `sublattice` replaces the primary one in ``mixed-site``."""
        blocks, host = self.space.layout.blocks, self.space.host
        names = [block.name for block in blocks]
        if convention == "mixed-site":
            place = self._primary if sublattice is None else names.index(sublattice)
            return np.asarray(self.sites[np.arange(len(self)), place])
        if convention == "sublattice-sum":
            return np.asarray(self.sites.sum(axis=1))
        total = np.asarray(self.sites @ np.array([float(host.sublattices[name].multiplicity) for name in names]))
        if convention == "formula-unit":
            return total
        if convention == "per-atom":
            return np.asarray(total / self._atoms)
        anions = sum(host.atoms_per_unit(n) for n, sub in host.sublattices.items() if n in host.anions or sub.group)
        brought = self._per_unit([unit_atoms(host, c.sublattice, c.element) for c in self.space.columns])
        return np.asarray(total / (self._atoms - anions - brought))

    @cached_property
    def _numbers(self) -> Floats:
        """Rows as floating-point numbers, which products of matrices need."""
        return self.rows.astype(np.float64)

    def _per_unit(self, atoms: Sequence[int]) -> Floats:
        """Atoms per formula unit, from those per site of each column."""
        weights = np.array(atoms, dtype=np.float64) * self.plan.weights / self.plan.scale
        return np.asarray(self._numbers @ weights)

    @cached_property
    def _atoms(self) -> Floats:
        """Atoms per formula unit, the working ion as made included."""
        host = self.space.host
        standing = sum(number for *_, number, _ in host.standing(self.space.specs))
        own = self._per_unit([sum(atoms_of(host, c.sublattice, c.element).values()) for c in self.space.columns])
        return own + float(standing + self.space.x_made)

    @cached_property
    def incompatible(self) -> NDArray[np.bool_]:
        """Rows with two ions that would exchange an electron."""
        return incompatible_rows(self.plan, self.splits)

    @cached_property
    def principal(self) -> NDArray[np.bool_]:
        """Rows that follow the rule of principal elements on their primary sublattice."""
        return self._of_primary([self._principal(number) for number in range(len(self.space.layout.blocks))])

    def _principal(self, number: int) -> NDArray[np.bool_]:
        block = self.space.layout.blocks[number]
        alike = [principal_element_rule([n / block.grid] * _PRINCIPAL) for n in range(block.grid + 1)]
        part = np.array(alike)[self.rows[:, block.start : block.stop]]
        return np.asarray(part.sum(axis=1) >= _PRINCIPAL)

    def _of_primary(self, parts: list[NDArray[Any]]) -> NDArray[Any]:
        """Each row from the part of its primary sublattice."""
        if len(parts) == 1:
            return parts[0]
        return np.stack(parts)[self._primary, np.arange(len(self))]

    @cached_property
    def _ions(self) -> list[IonRows]:
        """Ions of each mixed sublattice."""
        charged = self.space.host.charged
        return [IonRows(site, self.splits, charged=charged) for site in self.plan.sites]

    @cached_property
    def size_mismatch(self) -> Floats:
        """Size mismatch of the primary sublattice."""
        return self._of_primary([ions.size_mismatch for ions in self._ions])

    @property
    def capacities(self) -> tuple[Floats, Floats]:
        """Theoretical and redox capacity, mAh per gram; NaN without a working ion."""
        ion, host = self.space.working_ion, self.space.host
        if ion is None:
            nothing = np.full(len(self), np.nan)
            return nothing, nothing
        shared = [int(c.element == ion and c.sublattice in host.working_shared) for c in self.space.columns]
        ions = (float(self.space.x_made) + self._per_unit(shared)) * working_charge(ion)
        electrons = np.minimum(ions, electrons_of(self.plan, self.splits))
        fixed, each = self.plan.masses
        masses = fixed + self._numbers @ each
        return FARADAY_MAH * ions / masses, FARADAY_MAH * electrons / masses

    def descriptors(self) -> dict[str, NDArray[Any]]:
        """All descriptors by name, as those of a candidate."""
        parts = [ions.descriptors() for ions in self._ions]
        found = {name: self._of_primary([part[name] for part in parts]) for name in parts[0]}
        theoretical, redox = self.capacities
        return {
            **found,
            "principal_element_rule": self.principal,
            "redox_compatible": ~self.incompatible,
            "capacity_theoretical_mAh_g": theoretical,
            "capacity_redox_mAh_g": redox,
        }
