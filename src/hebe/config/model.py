"""Base of every model that is read from a file: immutable, no unknown keys, no infinities."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def model_for(cls, given: object) -> type[ConfigModel]:  # noqa: ARG003 - for those that have several
        """Model that reads what a file gives: this one, unless what is given chooses between several."""
        return cls
