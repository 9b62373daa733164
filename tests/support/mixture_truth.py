"""A synthetic truth over a composition space: what no one computed, known everywhere, to learn from in tests.

Values are a linear mixture of the ions, interactions of pairs of them and a term of the deviation of radii, all drawn
at random by a seed. They are no property of any material.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry.row_plan import RowPlan
from hebe.science.chemistry.row_split import split_rows
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.learning.descriptors import Descriptors
from hebe.science.learning.gaussian_process import Scale

if TYPE_CHECKING:
    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.gaussian_process import Array

SEVEN: Final = {"Fe": [3], "Mn": [3, 4], "Ni": [2], "Ti": [4], "Mg": [2], "Cu": [2], "Co": [3]}
FIFTEEN: Final = SEVEN | {"Cr": [3], "Al": [3], "Zn": [2], "Sn": [4], "Li": [1], "V": [3], "Zr": [4]}


def sodium_space(species: dict[str, list[int]], n_species: str, grid: int) -> CompositionSpace:
    """Space of a layered sodium oxide."""
    from fractions import Fraction

    spec = SublatticeSpec.model_validate({"species": species, "n_species": n_species, "grid": grid})
    return CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})


@dataclass
class Described:
    """A space with its descriptors, scaled by a sample of it."""

    space: CompositionSpace

    @cached_property
    def plan(self) -> RowPlan:
        """Plan of the space."""
        return RowPlan.of(self.space)

    @cached_property
    def descriptors(self) -> Descriptors:
        """Descriptors of its rows."""
        return Descriptors(self.space.host, self.plan.places[: self.plan.listed])

    def plain(self, rows: Rows) -> Array:
        """Descriptors of rows as they are."""
        amounts = split_rows(self.space, self.plan, rows).amounts[: self.plan.listed]
        return self.descriptors.table(amounts / self.plan.scale)

    @cached_property
    def scale(self) -> Scale:
        """Scale of a sample."""
        return Scale.of([self.plain(self.space.sample(2000, 1))])

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of rows."""
        return self.scale(self.plain(rows))

    def truth(self, rows: Rows, seed: int) -> Array:
        """Synthetic values of rows."""
        rng, plain = np.random.default_rng(seed), self.plain(rows)
        number = len(self.descriptors.places)
        shares, size = plain[:, :number], self.descriptors.names.index("TM radius deviation")
        linear, pairs = rng.normal(size=number), rng.normal(size=(number, number))
        mismatch = plain[:, size] / self.scale.width[size]
        return np.asarray(
            shares @ linear
            + np.einsum("ij,jk,ik->i", shares, pairs + pairs.T, shares) / 2
            + 0.1 * mismatch * rng.normal()
        )
