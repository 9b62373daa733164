"""OrderMaker: orderings of the working ion at one x."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, get_args

from jobflow import Maker, job

from hebe.makers.names import check_choice
from hebe.science.structures.orderings import Removal
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
        Of the search where there are too many orderings to try all, and of the random ones.
    n_random
        How many random orderings follow the lowest.
    removal
        How ions leave layers: ``any``, ``even`` (all layers alike), ``staged`` (one layer after another).
    """

    name: str = "order"
    keep: int = 1
    seed: int = 0
    n_random: int = 0
    removal: Removal = "any"
    version: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Refuse a way of removal that there is not."""
        check_choice(self.removal, get_args(Removal), "removal")

    @job
    def make(self, spec: MemberSpec, configuration: ConfigurationDoc, x: str, label: str = "") -> OrderingDoc:
        """Orderings of a configuration at `x` working ions per formula unit (a fraction as text)."""
        found = choose_orderings(
            spec, configuration, Fraction(x), self.keep, self.seed, n_random=self.n_random, removal=self.removal
        )
        return found.model_copy(update={"label": label})
