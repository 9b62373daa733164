"""Base of every stored document: plain data, readable by later versions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["converged", "cut", "failed", "absent"]
"""``cut`` stopped at a limit and can continue; ``absent`` is a slot that had nothing to calculate."""


class Document(BaseModel):
    """A document of the store; unknown keys of other versions are ignored on reading."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)

    schema_version: int = 1


class ErrorInfo(Document):
    """Why something failed."""

    error_class: str
    message: str
    deterministic: bool = False
