"""The engine chgnet in a campaign: there is nothing to choose."""

from __future__ import annotations

from typing import ClassVar, Literal

from hebe.config.engines.base import BuiltInBlock, Traits


class CHGNetBlock(BuiltInBlock):
    """CHGNet as it comes."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.chgnet:from_block",
        called="chgnet",
        capabilities=frozenset({"forces", "stress", "magmoms", "batch", "oxides", "metals"}),
        packages=("chgnet", "torch"),
        extra="mlip",
    )

    name: Literal["chgnet"] = "chgnet"


Block = CHGNetBlock
