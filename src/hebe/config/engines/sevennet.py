"""The engine sevennet in a campaign: a model of its package by name, or a file of weights."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import field_validator, model_validator

from hebe.config.engines.base import Traits
from hebe.config.engines.weights import WeightsBlock
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.wording import RefusedValueError, shown, suggest

NO_MODAL: Final = "none"
"""Stands for the modal of models that have none."""

_PREFIXES: Final = ("7net-", "sevennet-")
"""What the package writes before the names of its models."""


class Shipped(ConfigModel):
    """A model of the package: its file, and the energy scale of each modal."""

    file: str
    scales: dict[str, str]


class SevenNetTables(ConfigModel):
    """The file ``presets/sevennet.yaml``."""

    models: dict[str, Shipped]
    elsewhere: dict[str, str]
    releases: str


@cache
def sevennet_tables() -> SevenNetTables:
    """Tables of the package."""
    return packaged(SevenNetTables, "hebe.config", "presets/sevennet.yaml")


class SevenNetBlock(WeightsBlock):
    """SevenNet: ``model`` by name, the first of the table by default, or ``path`` of weights.

    ``modal`` chooses where a model has several; a file of the user's needs an ``energy_scale``.
    """

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.sevennet:from_block",
        called="sevennet",
        capabilities=frozenset({"forces", "stress", "batch", "oxides", "metals"}),
        packages=("sevenn", "torch"),
        extra="sevennet",
    )

    name: Literal["sevennet"] = "sevennet"
    model: str | None = None
    modal: str | None = None

    @property
    def shipped(self) -> Shipped | None:
        """The model of the package that is meant; None with a file."""
        if self.path is not None:
            return None
        models = sevennet_tables().models
        return models[self.model or next(iter(models))]

    @property
    def called(self) -> str:
        """Name of the model of the package that is meant."""
        return self.model or next(iter(sevennet_tables().models))

    @field_validator("model", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """Names as the package writes them, and numbers, mean the same."""
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str):
            return text
        for prefix in _PREFIXES:
            text = text.lower().removeprefix(prefix)
        return text

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.path is not None:
            self._check_file()
            return self
        self._check_model()
        scales = sevennet_tables().models[self.called].scales
        if (self.modal or NO_MODAL) not in scales:
            named = [modal for modal in scales if modal != NO_MODAL]
            reason = f"the model {self.called} has the modals {', '.join(named)}" if named else ""
            reason = reason or f"the model {self.called} has no modals"
            hint = suggest(self.modal, named) if named else "remove the key"
            raise RefusedValueError(reason, key="modal", suggestion=hint)
        for key in ("sha256", "energy_scale"):
            if getattr(self, key) is not None:
                reason = f"{key} belongs to a file of weights; the model {self.called} has its own"
                raise RefusedValueError(reason, key=key, suggestion="remove the key")
        return self

    def _check_file(self) -> None:
        if self.model is not None:
            raise RefusedValueError("give model or path, not both", key="model", suggestion="remove one of them")
        if self.energy_scale is None:
            hint = "a name shared only by comparable energies, such as sevennet-omat/OMat24"
            raise RefusedValueError("a file of weights needs energy_scale", key="energy_scale", suggestion=hint)

    def _check_model(self) -> None:
        tables, model = sevennet_tables(), self.called
        if model in tables.elsewhere:
            reason = f"the package sevenn has no weights of the model {model}, and none are downloaded"
            hint = f"get {tables.releases}/{tables.elsewhere[model]} and give its path"
            raise RefusedValueError(reason, key="model", suggestion=hint)
        if model not in tables.models:
            hint = suggest(model, [*tables.models, *tables.elsewhere])
            raise RefusedValueError(f"sevennet has no model {shown(self.model)}", key="model", suggestion=hint)


Block = SevenNetBlock
