"""Entropy series of a campaign: compositions of one host whose properties are compared along their entropy."""

from __future__ import annotations

from pydantic import Field

from hebe.config.model import ConfigModel


class SeriesSpec(ConfigModel):
    """Formulas of one series, calculated beside whatever the campaign selects; the order is the file's."""

    formulas: tuple[str, ...] = Field(min_length=2)
