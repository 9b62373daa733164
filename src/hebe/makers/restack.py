"""RestackMaker: a configuration of a layered host in another stacking of its slabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jobflow import Maker, job

from hebe.config.stackings import stackings
from hebe.makers.names import check_choice
from hebe.science.structures.stackings import restack

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(kw_only=True)
class RestackMaker(Maker):
    """Stack the slabs of a configuration otherwise.

    Parameters
    ----------
    stacking
        Which one, as ``P3``; see `hebe.config.stackings`.
    """

    name: str = "restack"
    stacking: str = "P3"
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse a stacking that there is not."""
        check_choice(self.stacking, stackings(), "stacking")

    @job
    def make(self, spec: MemberSpec, configuration: ConfigurationDoc, label: str = "") -> ConfigurationDoc:
        """The configuration of a member in the other stacking, all sites of its working ion occupied."""
        return restack(spec, configuration, self.stacking).model_copy(update={"label": label})
