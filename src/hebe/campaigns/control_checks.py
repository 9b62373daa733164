"""Controls of a stage, checked when a campaign is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.registry import all_quantities
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import shown, suggest

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.config.family import Family
    from hebe.config.reading.wording import KeyPath


def check_controls(campaign: Campaign, family: Family, index: int) -> None:
    """Refuse controls that cannot be built, or of which it is not clear what they belong to.

    Raises
    ------
    BadInputError
        Names file, line, key and what would do.
    """
    stage, key = campaign.stages[index], ("stages", index, "controls")
    spec = stage.controls
    if spec is None:
        return
    if campaign.select.learns and index == 0:
        reason = "its candidates are chosen in rounds, and controls are chosen once, beside the best of all"
        raise bad_key(campaign, key, reason, "the key in a second stage, or a select that does not learn")
    if campaign.structures.method == "explicit":
        reason = "cells are given for the formulas alone, so that there are none of hosts without an element"
        raise bad_key(campaign, key, reason, "structures: {method: sqs}, or remove the key")
    listed = {
        element: None
        for name in family.mixed_cations
        if name in campaign.host.sublattices
        for element in campaign.host.sublattices[name].species
    }
    for at, element in enumerate(spec.elements):
        if element not in listed:
            where: KeyPath = (*key, "elements", at)
            raise bad_key(campaign, where, f"{shown(element)} is no cation of the campaign", suggest(element, listed))
    made = all_quantities(stage.analyses)
    ranked = any(name in made for name in (*campaign.rank.maximize, *campaign.rank.minimize))
    if not ranked and not 0 < len(campaign.select.formulas) <= spec.n:
        reason = f"the {spec.n} best candidates have controls, and nothing that the stage computes ranks them"
        raise bad_key(campaign, key, reason, "rank: {maximize: [...]}, or n: the number of formulas")
