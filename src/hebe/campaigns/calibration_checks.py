"""Stages that calibrate, checked when a campaign is read: what they follow, and what they can compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses import mixing
from hebe.config.keep import Keep
from hebe.config.reading.refusal import bad_key
from hebe.engines.registry import energy_scale_of
from hebe.flows.calibrate import named_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.config.engines import EngineBlock
    from hebe.config.reading.wording import KeyPath
    from hebe.config.stage import Stage

_OWN: Final = "calibrate"
_MIXING: Final = mixing.ANALYSIS.name


def calibrating(campaign: Campaign, number: int, before: Sequence[Stage]) -> Stage:
    """The stage that calibrates, with everything of the one before it.

    Raises
    ------
    BadInputError
        If there is none, or the stage has keys of its own.
    """
    stage, key = campaign.stages[number], ("stages", number)
    if not before:
        reason = "there is no stage before the first one to calibrate"
        raise bad_key(campaign, (*key, _OWN), reason, "an ordinary stage with the analysis mixing, then calibrate")
    for name in type(stage).model_fields:
        if name != _OWN and name in stage.model_fields_set:
            reason = f"a stage that calibrates takes all candidates of the stage before as they are, and no {name}"
            raise bad_key(campaign, (*key, name), reason, "remove the key, or write it in a stage of its own")
    return before[-1].model_copy(update={_OWN: stage.calibrate, "keep": Keep(), "promote": None, "controls": None})


def check_calibration(campaign: Campaign, number: int) -> None:
    """Refuse a calibration that cannot work.

    Raises
    ------
    BadInputError
        Names file, line, key and what would do.
    """
    stage, before = campaign.stages[number], campaign.stages[number - 1]
    spec, key = stage.calibrate, ("stages", number, _OWN)
    if spec is None:
        return
    if _MIXING not in before.analyses:
        reason = "a calibration judges mixing anew, which the stage before does not analyse"
        raise bad_key(campaign, key, reason, f"add {_MIXING} to the analyses of stage {number}")
    if before.calibrate is not None:
        reason = "the stage before is a calibration already"
        raise bad_key(campaign, key, reason, "one calibration with more cells")
    if before.task != "relax" or campaign.structures.method == "explicit":
        reason = "small cells relax with the engine of the stage before, which does not relax cells that it built"
        raise bad_key(campaign, key, reason, "calibrate after a stage with task: relax")
    if campaign.fired_at is None:
        reason = "cells are chosen by what decides at the firing temperature, which is not known"
        raise bad_key(campaign, key, reason, "firing_temperature: 900 degC")
    _check_engine(campaign, spec.engine, before.engine, key)
    named_cells(campaign, number)


def _check_engine(campaign: Campaign, engine: EngineBlock, before: EngineBlock, key: KeyPath) -> None:
    """Refuse an engine that cannot, or that says the same as the one before."""
    refusal = engine.refuses("static")
    if refusal is not None:
        raise bad_key(campaign, (*key, "engine"), *refusal)
    scale = energy_scale_of(engine)
    if scale is not None and scale == energy_scale_of(before):
        reason = f"{engine.title} has the energy scale of the stage before, so there is nothing to calibrate"
        raise bad_key(campaign, (*key, "engine"), reason, "an engine that knows better")
