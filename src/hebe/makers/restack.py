"""RestackMaker: a configuration in another stacking of its slabs, or as a polymorph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jobflow import Maker, job

from hebe.makers.names import check_choice
from hebe.science.structures.forms import form_names, formed

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(kw_only=True)
class RestackMaker(Maker):
    """Stack the slabs of a configuration otherwise, or make a polymorph of it.

    Parameters
    ----------
    stacking
        Which one, as ``P3`` or ``spinel``; see `hebe.config.stackings` and `hebe.config.polymorphs`.
    """

    name: str = "restack"
    stacking: str = "P3"
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse a stacking that there is not."""
        check_choice(self.stacking, form_names(), "stacking")

    @job
    def make(self, spec: MemberSpec, configuration: ConfigurationDoc, label: str = "") -> ConfigurationDoc:
        """The configuration of a member in the other form, all sites of its working ion occupied."""
        return formed(spec, configuration, self.stacking).model_copy(update={"label": label})
