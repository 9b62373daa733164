"""The analyses that the stages of a campaign ask for: each is looked up once, with its options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hebe.analyses.protocol import AnyAnalysis
from hebe.analyses.registry import get_analysis
from hebe.config.engines import engine_names
from hebe.config.engines.base import block_of
from hebe.config.model import ConfigModel
from hebe.config.reading.mistakes import first_mistake
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import KeyPath
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.config.stage import Stage


@dataclass(frozen=True)
class Asked:
    """An analysis of a stage, where the campaign names it, and its options if the stage has some."""

    analysis: AnyAnalysis
    key: KeyPath
    block: ConfigModel | None

    @property
    def name(self) -> str:
        """Name of the analysis."""
        return self.analysis.name


def asked_for(campaign: Campaign, number: int) -> list[Asked]:
    """Analyses of a stage.

    Raises
    ------
    BadInputError
        If there is no such analysis, or its options are wrong; names file, line, key and what would do.
    """
    found = []
    for at, name in enumerate(campaign.stages[number].analyses):
        key: KeyPath = ("stages", number, "analyses", at)
        try:
            analysis = get_analysis(name)
        except BadInputError as err:
            raise bad_key(campaign, key, err.reason, err.suggestion) from err
        found.append(Asked(analysis, key, _block(campaign, analysis, key)))
    return found


def _block(campaign: Campaign, analysis: AnyAnalysis, key: KeyPath) -> ConfigModel | None:
    given = campaign.stages[int(key[1])].options.get(analysis.name)
    if given is None:
        return None
    try:
        block: ConfigModel = analysis.Block.model_validate(given)
    except ValidationError as err:
        mistake = first_mistake(err, analysis.Block, given, lambda _: None)
        raise bad_key(campaign, (*key, analysis.name, *mistake.path), mistake.reason, mistake.suggestion) from err
    return block


def with_options(campaign: Campaign) -> Campaign:
    """Campaign in which options that hold for all stages stand where a campaign has them.

    Raises
    ------
    BadInputError
        As `asked_for`, and if options are given twice, or two stages differ.
    """
    update: dict[str, Any] = {}
    stages = list(campaign.stages)
    for number, stage in enumerate(campaign.stages):
        for one in asked_for(campaign, number):
            place = one.analysis.campaign_key
            if place is None or one.block is None:
                continue
            if place in campaign.model_fields_set or update.get(place, one.block) != one.block:
                reason = f"the options of {one.name} hold for all stages and are given twice"
                raise bad_key(campaign, one.key, reason, f"write them once, under {place}")
            update[place] = one.block
            rest = {name: options for name, options in stage.options.items() if name != one.name}
            stages[number] = stages[number].model_copy(update={"options": rest})
    return campaign.model_copy(update={**update, "stages": tuple(stages)}) if update else campaign


def check_asked(campaign: Campaign, stage: Stage, asked: Sequence[Asked]) -> None:
    """Refuse analyses that the engine of a stage or the cells of a campaign do not allow.

    Raises
    ------
    BadInputError
        Names file, line, key and what would do.
    """
    for one in asked:
        requires = one.analysis.requires
        lacking = requires.capabilities - stage.engine.traits.capabilities
        if lacking:
            able = [name for name in engine_names() if requires.capabilities <= block_of(name).traits.capabilities]
            reason = f"{stage.engine.title} does not compute what {one.name} needs: {', '.join(sorted(lacking))}"
            raise bad_key(campaign, one.key, reason, f"a stage with one of {', '.join(able)}")
        if requires.disorder and campaign.structures.method == "explicit":
            rest = [other.name for other in asked if not other.analysis.requires.disorder]
            reason = f"cells that are given are ordered, so there is no {one.name}"
            raise bad_key(campaign, one.key, reason, f"analyses: [{', '.join(rest) or 'voltage, volume_strain'}]")
        options = one.analysis.Block() if one.block is None else one.block
        refusal = one.analysis.refuses(options, campaign.host.data, campaign.host.working_ion)
        if refusal is not None:
            raise bad_key(campaign, one.key, *refusal)
