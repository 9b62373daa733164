"""Refusals of campaigns that learn and cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.constraint import Constraint
from hebe.analyses.registry import all_quantities, objectives_of
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError
from hebe.science.learning.proposing import MOST_AIMS

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign

_FORMATION: Final = "add mixing to its analyses: no composition alone tells what forms"


def check_promotion(campaign: Campaign, index: int) -> None:
    """Refuse a promotion in rounds beside a rule, or without anything that both stages compute.

    Raises
    ------
    BadInputError
        Names file, line and key.
    """
    stage, before, key = campaign.stages[index], campaign.stages[index - 1], ("stages", index, "promote")
    if stage.keep is not None:
        raise bad_key(campaign, key, "promote and keep both say who goes on", "remove one of them")
    if before.calibrate is not None:
        reason = "the stage before is a calibration, after which all candidates have the values that it judged"
        raise bad_key(campaign, key, reason, "keep: 20 %")
    number = len(objectives_of(campaign.rank, set(before.analyses) & set(stage.analyses)))
    if not 1 <= number <= MOST_AIMS:
        reason = f"promote goes by 1 to {MOST_AIMS} quantities of rank that both stages compute, there are {number}"
        raise bad_key(campaign, key, reason, "rank: {maximize: [average_voltage]} and analyses: [voltage] in both")


def check_learning(campaign: Campaign) -> None:
    """Refuse a loop that nothing steers, or whose constraints its first stage does not compute.

    Raises
    ------
    BadInputError
        Names file, line and key.
    """
    if not campaign.select.learns:
        return
    if campaign.structures.method == "explicit":
        reason = "cells that are given leave nothing to choose"
        raise bad_key(campaign, ("select", "method"), reason, "method: explicit")
    made = all_quantities(campaign.stages[0].analyses)
    number = len(objectives_of(campaign.rank, campaign.stages[0].analyses))
    if not 1 <= number <= MOST_AIMS:
        reason = f"method learn improves 1 to {MOST_AIMS} quantities that the first stage computes, rank names {number}"
        raise bad_key(campaign, ("rank",), reason, "rank: {maximize: [average_voltage]}")
    for at, text in enumerate(campaign.select.where or ()):
        try:
            name = Constraint.parse(text).name
        except BadInputError as err:
            raise bad_key(campaign, ("select", "where", at), err.reason, err.suggestion) from err
        if name not in made:
            hint = _FORMATION if name == "formation_probability" else suggest(name, made)
            raise bad_key(campaign, ("select", "where", at), f"the first stage has no {name}", hint)
