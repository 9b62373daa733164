"""What the engines of a campaign say of their data and of the memory that they need."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hebe.doctor.checks import Check
from hebe.exceptions import HebeError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.config.campaign import Campaign


def engine_checks(campaign: Campaign) -> Iterator[Check]:
    """Checks of every stage whose engine has more to say than whether it is there."""
    from hebe.engines.examination import Examined, Need
    from hebe.engines.registry import get_engine

    elements = tuple(sorted(elements_of(campaign)))
    blocks = [(number, block) for number, stage in enumerate(campaign.stages) for block in stage.engines]
    for number, block in blocks:
        try:
            engine = get_engine(block)
        except HebeError:
            continue  # said where engines are checked
        if isinstance(engine, Examined):
            memory = _memory_given(block.name, number)
            need = Need(number, elements, campaign.structures.cations, memory)
            with suppress(MissingDependencyError):  # same
                yield from [Check(**vars(finding)) for finding in engine.examine(need)]


def elements_of(campaign: Campaign) -> set[str]:
    """Symbols of all elements that calculations of a campaign may hold."""
    from hebe.config.family_sites import VACANCY

    family = campaign.host.data
    found = {element for sub in campaign.host.sublattices.values() for element in sub.species}
    found |= {element for _, element, _, _ in family.standing(campaign.host.sublattices)}
    found.discard(VACANCY)
    optional = () if family.ion_optional else family.working_ions
    ion = campaign.host.working_ion or next(iter(optional), None)
    return found | ({ion} if ion else set())


def _memory_given(engine: str | None, number: int) -> float | None:
    """Memory (MB) that the queue gives a calculation of a stage."""
    from hebe.config.settings import get_settings

    cluster = get_settings().cluster
    return None if cluster is None else cluster.resources[cluster.name_for(engine, number)].memory
