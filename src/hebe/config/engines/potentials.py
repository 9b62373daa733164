"""Potentials of other packages by the file of their weights: one block for all of them, told apart by a table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, create_model, model_validator

from hebe.config.engines.base import Traits
from hebe.config.engines.weights import WeightsBlock, check_arguments
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.wording import RefusedValueError

if TYPE_CHECKING:
    from pathlib import Path


class Potential(ConfigModel):
    """How the weights of one package become an ASE calculator; see the head of ``presets/potentials.yaml``."""

    package: str
    module: str
    licence: str
    factory: tuple[str, ...] = Field(min_length=1)
    arguments: tuple[str, ...] = Field(min_length=1)
    fixed: dict[str, Any] = Field(default_factory=dict)
    loader: str | None = None
    from_file: str = ""
    loader_fixed: dict[str, Any] = Field(default_factory=dict)
    device: str | None = None
    energy_scale: str | None = None
    runs_code: bool = True
    get: str

    @property
    def names_a_model(self) -> bool:
        """Whether the file alone does not say which model it belongs to."""
        return "{model}" in (self.loader or "")


class PotentialTable(ConfigModel):
    """The file ``presets/potentials.yaml``."""

    potentials: dict[str, Potential]


class PotentialBlock(WeightsBlock):
    """A potential with a file of weights; ``model`` names it where the file does not, ``arguments`` go to its factory.

    There is a subclass for each row of the table.
    """

    potential: ClassVar[Potential]

    model: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*$")

    @property
    def runs_code(self) -> bool:
        """Whether the package runs code of the file when it opens it."""
        return self.potential.runs_code

    def with_files(self, folder: Path) -> Self:
        """As of all blocks with weights; arguments that could bring code are refused too.

        Raises
        ------
        RefusedValueError
            As `checked_weights` and `check_arguments`.
        """
        check_arguments(self.arguments, self.potential.module, folder)
        return super().with_files(folder)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        row = self.potential
        if self.path is None:
            reason = f"{self.name} needs path, its weights: none are downloaded"
            hint = f"{row.get}; then engine: {{name: {self.name}, path: FILE, ...}} as in docs/engines.md"
            raise RefusedValueError(reason, key="path", suggestion=hint)
        if row.names_a_model != (self.model is not None):
            reason = (
                f"{self.name} needs model" if row.names_a_model else f"the file says which model of {self.name} it is"
            )
            raise RefusedValueError(reason, key="model", suggestion=row.get if row.names_a_model else "remove the key")
        if row.energy_scale is None and self.energy_scale is None:
            reason = f"{self.name} has models of several functionals: give energy_scale"
            hint = "a name shared only by comparable energies, such as mace-mp-0/MP-uncorrected"
            raise RefusedValueError(reason, key="energy_scale", suggestion=hint)
        for argument in self.arguments:
            if argument in {*row.arguments, *row.fixed, row.device}:
                reason = f"{argument} is given by the engine"
                raise RefusedValueError(reason, key="arguments", suggestion="remove it")
        return self


@cache
def potentials() -> dict[str, Potential]:
    """Table of the package by name."""
    return packaged(PotentialTable, "hebe.config", "presets/potentials.yaml").potentials


@cache
def potential_block(name: str) -> type[PotentialBlock]:
    """Block of a row of the table; always the same class."""
    kind: Any = Literal[name]
    block = create_model(f"{name.capitalize()}Block", __base__=PotentialBlock, name=(kind, name))
    block.potential = potentials()[name]
    block.traits = Traits(
        factory="hebe.engines.potentials:from_block",
        called=name,
        capabilities=frozenset({"forces", "stress", "oxides", "metals"}),
        packages=(block.potential.module,),
        takes_arguments=True,
    )
    return block
