"""Energies that a campaign brings: refused where no stage is on their scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import shown, suggest
from hebe.engines.registry import energy_scale_of
from hebe.science.hulls.given_entries import given_entries

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign


def check_entries(campaign: Campaign) -> None:
    """Refuse files of energies that cannot be read, or are on a scale that no stage has.

    A stage whose engine is not installed here may have any scale; what does not fit is then left out with a warning.

    Raises
    ------
    BadInputError
        Names file, line and key, and both scales.
    """
    if not campaign.mixing.entries:
        return
    given_entries(campaign)
    scales = [
        energy_scale_of(stage.engine) for stage in campaign.stages if {"mixing", "formability"} & {*stage.analyses}
    ]
    known = [scale for scale in scales if scale is not None]
    if len(known) < len(scales):
        return
    for number, file in enumerate(campaign.mixing.entries):
        if file.energy_scale not in known:
            stages = ", ".join(dict.fromkeys(map(shown, known))) or "none, as no stage has mixing"
            reason = (
                f"{shown(file.file)} is on the energy scale {shown(file.energy_scale)}, that of the stages is {stages}"
            )
            key = ("mixing", "entries", number, "energy_scale")
            raise bad_key(campaign, key, reason, suggest(file.energy_scale, known))
