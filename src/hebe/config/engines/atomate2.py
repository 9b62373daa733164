"""Any force field of atomate2 as an engine of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from hebe.config.engines.base import BuiltInBlock, Traits
from hebe.config.engines.weights import check_arguments, require_calculator_class

if TYPE_CHECKING:
    from pathlib import Path


class Atomate2Block(BuiltInBlock):
    """A force field; ``arguments`` are those of atomate2's relaxation maker, ``energy_scale`` is its own by default."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.atomate2:from_block",
        called="atomate2",
        capabilities=frozenset({"forces", "stress", "oxides", "metals"}),
        packages=("atomate2",),
        extra="atomate2",
        own_optimizer=True,
        takes_arguments=True,
    )

    name: Literal["atomate2"] = "atomate2"
    energy_scale: str | None = None
    check_minimum: bool = False

    def with_files(self, folder: Path) -> Self:
        """The block itself, unless its arguments could bring code that is not trusted in the project.

        Raises
        ------
        RefusedValueError
            As `hebe.config.engines.weights.check_arguments`.
        """
        name = self.arguments.get("force_field_name")
        if isinstance(name, str) and "." in name:
            require_calculator_class(name, folder)
        check_arguments(self.arguments, "atomate2", folder)
        return self


Block = Atomate2Block
