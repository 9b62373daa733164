"""Any force field of atomate2 as an engine of a campaign."""

from __future__ import annotations

from typing import ClassVar, Literal

from hebe.config.engines.base import BuiltInBlock, Traits


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


Block = Atomate2Block
