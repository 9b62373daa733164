"""The key `controls` of a stage: low-entropy hosts beside its best candidates."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Whole
from hebe.config.reading.wording import RefusedValueError

METHODS: Final = ("leave-one-out",)


class ControlSpec(ConfigModel):
    """Hosts with one element removed, computed like the candidates that they are compared with.

    Parameters
    ----------
    method
        ``leave-one-out``: every element of the mixed cation sublattices is removed once.
    n
        How many candidates have controls, best first.
    elements
        Only these are removed; all without any.
    """

    method: Literal["leave-one-out"] = "leave-one-out"
    n: Whole = Field(default=1, ge=1, le=100)
    elements: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"method": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _distinct(self) -> ControlSpec:
        if len(set(self.elements)) != len(self.elements):
            raise RefusedValueError("the same element is listed twice", key="elements")
        return self
