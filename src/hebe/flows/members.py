"""Members of the host that a campaign names."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
