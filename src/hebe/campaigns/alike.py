"""What decides how the first stage of a campaign computes a composition, and in what two campaigns differ there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import get_analysis
from hebe.engines.registry import energy_scale_of
from hebe.flows.wiring import block_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.campaign import Campaign

_STAGE: Final = frozenset({"task", "x", "window", "orderings", "accept"})
_NO_NUMBERS: Final = frozenset({"steps", "mixing_error", "voltage_error"})
"""Keys of an engine that change no value."""

_CHANCE: Final = frozenset({"seed", "per_candidate"})
"""Keys of the structures by which values differ by their scatter alone."""

_ANALYSES: Final = "options of analyses"


def computed_how(campaign: Campaign) -> dict[str, Any]:
    """Everything but the composition that decides values after the first stage, by the words that name it."""
    host, stage = campaign.host, campaign.stages[0]
    brought = host.brought
    asked = [(analysis, block_of(campaign, stage, analysis)) for analysis in map(get_analysis, stage.analyses)]
    return {
        "host": [host.data.name, None if brought is None else brought.model_dump(mode="json")],
        "working ion": [host.working_ion, None if host.x_made is None else str(host.x_made)],
        "energy scale": energy_scale_of(stage.engine),
        "engine": stage.engine.model_dump(mode="json", exclude=set(_NO_NUMBERS)),
        **stage.model_dump(mode="json", include=set(_STAGE)),
        "structures": campaign.structures.model_dump(mode="json", exclude=set(_CHANCE)),
        "firing temperature": campaign.fired_at,
        _ANALYSES: {analysis.name: analysis.plain(block) for analysis, block in asked},
    }


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """In what two campaigns differ; of options those of analyses that both have."""
    found = [key for key in first if key != _ANALYSES and first[key] != second.get(key)]
    mine, other = first[_ANALYSES], second.get(_ANALYSES, {})
    return found + [f"options of {name}" for name in mine if name in other and mine[name] != other[name]]
