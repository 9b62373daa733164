"""What decides how the first stage of a campaign computes a composition, and in what two campaigns differ there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import get_analysis
from hebe.engines.registry import energy_scale_of
from hebe.flows.wiring import block_of
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hebe.config.campaign import Campaign
    from hebe.config.model import ConfigModel

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
        "host": [host.data.name, None if brought is None else _given(brought)],
        "working ion": [host.working_ion, None if host.x_made is None else str(host.x_made)],
        "energy scale": energy_scale_of(stage.engine),
        "engine": [stage.engine.name, _given(stage.engine, _NO_NUMBERS)],
        **_given(stage, type(stage).model_fields.keys() - _STAGE),
        "structures": _given(campaign.structures, _CHANCE),
        "firing temperature": campaign.fired_at,
        _ANALYSES: {analysis.name: [analysis.version, content_hash(_given(block))] for analysis, block in asked},
    }


def _given(block: ConfigModel, without: Collection[str] = ()) -> dict[str, Any]:
    """Keys of a block that are not the default, so that one that comes with a release changes nothing."""
    found: dict[str, Any] = block.model_dump(mode="json", exclude=set(without), exclude_defaults=True)
    return found


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """In what two campaigns differ; of analyses, those that both have count."""
    keys = dict.fromkeys([*first, *second])
    found = [key for key in keys if key != _ANALYSES and first.get(key) != second.get(key)]
    mine, other = first[_ANALYSES], second.get(_ANALYSES, {})
    both = [(name, mine[name], other[name]) for name in mine if name in other]
    found += [f"version of {name}" for name, one, two in both if one[0] != two[0]]
    return found + [f"options of {name}" for name, one, two in both if one[1] != two[1]]
