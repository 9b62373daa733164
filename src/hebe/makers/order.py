"""OrderMaker: orderings of the working ion at one x."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from jobflow import Maker, job

from hebe.science.structures.working import choose_orderings

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc, OrderingDoc


@dataclass(kw_only=True)
class OrderMaker(Maker):
    """Choose the lowest orderings of the working ion by electrostatics.

    Parameters
    ----------
    keep
        How many orderings to keep.
    seed
        Of the search where there are too many orderings to try all.
    """

    name: str = "order"
    keep: int = 1
    seed: int = 0
    version: ClassVar[int] = 1

    @job
    def make(self, spec: MemberSpec, configuration: ConfigurationDoc, x: str, label: str = "") -> OrderingDoc:
        """Orderings of a configuration at `x` working ions per formula unit (a fraction as text)."""
        found = choose_orderings(spec, configuration, Fraction(x), self.keep, self.seed)
        return found.model_copy(update={"label": label})
