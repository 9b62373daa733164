"""Any ASE calculator as an engine of a campaign, named by its import path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from hebe.config.engines.base import BuiltInBlock, Traits
from hebe.config.reading.wording import RefusedValueError
from hebe.config.trust import require_calculator
from hebe.exceptions import UntrustedError

if TYPE_CHECKING:
    from pathlib import Path

Declared = Literal["magmoms", "charges", "oxides", "metals", "molecules"]


class ASEBlock(BuiltInBlock):
    """An ASE calculator by the import path of what makes it, with its energy scale.

    ``arguments`` go to the factory; ``capabilities`` are what the calculator can beside energies, forces and stress.
    """

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.ase:from_block",
        called="an ASE calculator",
        takes_arguments=True,
    )

    name: None = None
    ase: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    energy_scale: str | None = None
    capabilities: tuple[Declared, ...] | None = None

    @property
    def title(self) -> str:
        """Import path of the factory."""
        return self.ase

    def with_files(self, folder: Path) -> Self:
        """The block itself, once its module is trusted in the project of the campaign.

        Raises
        ------
        RefusedValueError
            With the command that trusts it.
        """
        try:
            require_calculator(self.ase, folder)
        except UntrustedError as err:
            raise RefusedValueError(err.reason, key="ase", suggestion=err.suggestion) from err
        return self

    @model_validator(mode="after")
    def _has_a_scale(self) -> ASEBlock:
        if not self.energy_scale:
            raise RefusedValueError("an ASE calculator needs energy_scale, a name shared only by comparable energies")
        return self


Block = ASEBlock
