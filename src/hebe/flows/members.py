"""What jobs need of a campaign: members of the host that it names, and the campaign itself as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.config.mixing import MixingSpec
from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_host_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.config.reading.wording import KeyPath
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split
    from hebe.science.chemistry.space import CompositionSpace

_CONSTRAINED: Final = {"method", "batch", "rounds", "budget", "where"}
"""Keys of a selection by which it can be read again, with its constraints."""

_NEEDED: Final = {"name", "host", "structures", "stages", "rank", "firing_temperature"}


def plain_campaign(campaign: Campaign) -> dict[str, Any]:
    """The campaign as plain data, without what only chooses candidates."""
    needed = _NEEDED if campaign.mixing == MixingSpec() else {*_NEEDED, "mixing"}
    return campaign.model_dump(mode="json", include=needed)


def constrained_campaign(campaign: Campaign, number: int) -> dict[str, Any]:
    """The campaign as plain data, with constraints of its selection where candidates go on in rounds by them.

    Parameters
    ----------
    number
        Of the first stage, from 1 for the second, that is still to be promoted to.
    """
    plain = plain_campaign(campaign)
    if not campaign.select.where or all(stage.promote is None for stage in campaign.stages[number:]):
        return plain
    return {**plain, "select": campaign.select.model_dump(mode="json", include=_CONSTRAINED)}


def named_members(
    campaign: Campaign, space: CompositionSpace, formulas: Sequence[str], key: KeyPath
) -> list[tuple[HostComposition, Split]]:
    """Members of the host by their formulas, which stand at a key of the campaign.

    Raises
    ------
    BadInputError
        If a formula does not fit the host or cannot be neutral.
    """
    found = []
    for number, formula in enumerate(formulas):
        try:
            composition = parse_host_formula(formula, space)
        except BadInputError as err:
            raise bad_key(campaign, (*key, number), err.reason, err.suggestion) from err
        split = space.with_content(composition.x_own).split(composition)
        if split is None:
            reason = f"{formula} cannot be charge-neutral with the oxidation states listed"
            raise bad_key(campaign, (*key, number), reason)
        found.append((composition, split))
    return found
