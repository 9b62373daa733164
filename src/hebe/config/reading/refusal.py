"""Errors about a campaign that name its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.config.reading.wording import KeyPath
    from hebe.config.reading.yamlfile import Source
    from hebe.exceptions import BadInputError


def campaign_source(campaign: Campaign) -> Source:
    """File and lines of a campaign; empty if it was not read from a file."""
    return campaign._source  # noqa: SLF001 - set by this module alone


def bad_key(campaign: Campaign, key: KeyPath, reason: str, suggestion: str | None = None) -> BadInputError:
    """Error to raise for the value of `campaign` at `key`, with its file and line."""
    return campaign_source(campaign).mistake(key, reason, suggestion)
