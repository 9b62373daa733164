"""The engine chgnet in a campaign: which of the models that its package ships."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import field_validator

from hebe.config.engines.base import BuiltInBlock, EngineBlock, Traits
from hebe.config.reading.wording import RefusedValueError, suggest

Model = Literal["0.3.0", "r2scan"]

DEFAULT_MODEL: Final = "0.3.0"

ENERGY_SCALES: Final[dict[Model, str]] = {"0.3.0": "chgnet-0.3.0/MP2020", "r2scan": "chgnet-r2scan/r2SCAN"}
"""What the energies of a model can be compared with: corrected GGA(+U) energies, and r2SCAN energies as they are."""


class CHGNetBlock(BuiltInBlock):
    """CHGNet as it comes: ``model`` is one of those that its package ships."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.chgnet:from_block",
        called="chgnet",
        capabilities=frozenset({"forces", "stress", "magmoms", "batch", "oxides", "metals"}),
        packages=("chgnet", "torch"),
        extra="mlip",
    )

    added_later: ClassVar[Mapping[str, Any]] = {**EngineBlock.added_later, "model": DEFAULT_MODEL}

    name: Literal["chgnet"] = "chgnet"
    model: Model = DEFAULT_MODEL

    @field_validator("model", mode="before")
    @classmethod
    def _known_model(cls, value: Any) -> Any:
        if value not in ENERGY_SCALES:
            raise RefusedValueError(f"chgnet has no model {value!r}", suggestion=suggest(value, ENERGY_SCALES))
        return value


Block = CHGNetBlock
