"""The stages of a campaign together: what a later one takes over, and what cannot follow what."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities, get_analysis
from hebe.campaigns.asked import asked_for, check_asked
from hebe.campaigns.calibration_checks import calibrating, check_calibration
from hebe.campaigns.control_checks import check_controls
from hebe.campaigns.learning_checks import check_learning, check_promotion
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import shown
from hebe.science.hulls.working_metals import has_metal, working_metals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.config.family import Family
    from hebe.config.reading.wording import KeyPath
    from hebe.config.stage import Stage

_INHERITED: Final = ("x", "window", "analyses", "accept")


def complete_stages(campaign: Campaign) -> Campaign:
    """Campaign whose stages name everything: a later stage has x, window, analyses and accept of the one before.

    One that calibrates has everything of it. Without a working ion there are by default only analyses that need none.

    Raises
    ------
    BadInputError
        If a stage that calibrates comes first or has keys of its own.
    """
    stages: list[Stage] = []
    for number, stage in enumerate(campaign.stages):
        update: dict[str, Any] = {}
        if stage.calibrate is not None:
            stages.append(calibrating(campaign, number, stages))
            continue
        if stages:
            update = {n: getattr(stages[-1], n) for n in _INHERITED if n not in stage.model_fields_set}
            if "analyses" in update:
                update["options"] = stages[-1].options
            if "x" in stage.model_fields_set and "window" in update:
                update["window"] = None
        elif campaign.host.working_ion is None and "analyses" not in stage.model_fields_set:
            update = {"analyses": tuple(n for n in stage.analyses if not get_analysis(n).requires.contents)}
        stages.append(stage.model_copy(update=update) if update else stage)
    return campaign.model_copy(update={"stages": tuple(stages)})


def check_stages(campaign: Campaign, family: Family) -> None:
    """Refuse stages that cannot work.

    Raises
    ------
    BadInputError
        Names file, line, key and what would do.
    """
    for index, stage in enumerate(campaign.stages):
        if stage.calibrate is not None:
            check_calibration(campaign, index)
            continue
        asked = asked_for(campaign, index)
        check_asked(campaign, stage, asked)
        needing = [one.name for one in asked if one.analysis.requires.contents]
        _check_contents(campaign, family, index, needing)
        _check_metal(campaign, index, needing)
        _check_engine(campaign, stage, index)
        check_controls(campaign, family, index)
        if index == 0:
            _check_first(campaign, stage)
        else:
            _check_later(campaign, family, index)
    check_learning(campaign)


def _check_metal(campaign: Campaign, index: int, needing: Sequence[str]) -> None:
    """Refuse contents of an ion whose metal is not known: energies at two contents are compared by it."""
    ion = campaign.host.working_ion
    if not needing or ion is None or has_metal(ion) or campaign.structures.metal is not None:
        return
    key: KeyPath = ("stages", index, "analyses", campaign.stages[index].analyses.index(needing[0]))
    hint = f"known: {', '.join(sorted(working_metals()))}; or cells of your own with structures.metal"
    raise bad_key(campaign, key, f"{needing[0]} needs a metal, and there is no metal for {ion}", hint)


def _check_engine(campaign: Campaign, stage: Stage, index: int) -> None:
    """Refuse a task that the engine cannot do with its settings."""
    refusal = stage.engine.refuses(stage.task)
    if refusal is not None:
        raise bad_key(campaign, ("stages", index, "engine"), *refusal)


def _check_first(campaign: Campaign, stage: Stage) -> None:
    key: KeyPath = ("stages", 0)
    for name in ("keep", "promote"):
        if getattr(stage, name) is not None:
            reason = f"there is no stage before the first one to {name} candidates of"
            raise bad_key(campaign, (*key, name), reason, "select says which candidates are computed")
    if campaign.structures.method == "explicit":
        if campaign.select.method != "explicit":
            reason = "cells that are given need the formulas that they stand for"
            raise bad_key(campaign, ("select",), reason, "select: {method: explicit, formulas: [...]}")
    elif stage.task == "static":
        reason = "cells that were built from ideal positions have to relax first"
        raise bad_key(campaign, (*key, "task"), reason, "task: relax, and static in a later stage")
    _check_most(campaign, 0, ("configurations",), stage.configurations, _configurations(campaign, -1))


def _check_later(campaign: Campaign, family: Family, index: int) -> None:
    key: KeyPath = ("stages", index)
    stage, before = campaign.stages[index], campaign.stages[index - 1]
    if stage.promote is None:
        _check_keep(campaign, stage, before, (*key, "keep"))
    else:
        check_promotion(campaign, index)
    if campaign.host.working_ion is not None and campaign.structures.method != "explicit":
        known = {*before.x, _made(campaign, family)}
        for at, x in enumerate(stage.x):
            if x not in known and not campaign.select.formulas:
                reason = f"the stage before has no cells at x = {x} to start from"
                hint = f"it has {', '.join(str(x) for x in sorted(known, reverse=True))}"
                raise bad_key(campaign, (*key, "x", at), reason, hint)
    _check_most(campaign, index, ("configurations",), stage.configurations, _configurations(campaign, index - 1))
    _check_most(campaign, index, ("orderings", "keep"), stage.orderings.keep, before.orderings.number)
    for name in ("random", "removal"):
        if name in stage.orderings.model_fields_set:
            reason = "a later stage takes the lowest orderings of the one before"
            raise bad_key(campaign, (*key, "orderings", name), reason, "remove the key")


def _check_keep(campaign: Campaign, stage: Stage, before: Stage, key: KeyPath) -> None:
    if stage.keep is None:
        reason = "a later stage says how many candidates it keeps of the one before"
        raise bad_key(campaign, key, reason, "keep: 20 %, a number, pareto or all; or promote: {batch: 4, budget: 12}")
    made = all_quantities(before.analyses)
    objectives = [name for name in (*campaign.rank.maximize, *campaign.rank.minimize) if name in made]
    if str(stage.keep) != "all" and not objectives:
        reason = f"keep: {stage.keep} needs a ranking by something that the stage before computes"
        raise bad_key(campaign, key, reason, "rank: {maximize: [...]}, or keep: all")
    for name in stage.keep.pareto or ():
        if name not in objectives:
            reason = f"{shown(name)} is no objective of the ranking that the stage before computes"
            raise bad_key(campaign, key, reason, f"there are {', '.join(objectives)}")


def _check_most(campaign: Campaign, index: int, name: KeyPath, given: int | None, most: int) -> None:
    if given is not None and given > most:
        raise bad_key(campaign, ("stages", index, *name), f"there are {most} to take, got {given}", f"at most {most}")


def _configurations(campaign: Campaign, index: int) -> int:
    """How many configurations a candidate has after a stage; before the first, as many as are built."""
    if campaign.structures.method == "explicit":
        return 1
    wanted = [campaign.structures.per_candidate, *(s.configurations for s in campaign.stages[: index + 1])]
    return min(n for n in wanted if n is not None)


def _made(campaign: Campaign, family: Family) -> Fraction:
    """Content as made, as a fraction of that of the full host."""
    if family.working_shared:
        return Fraction(1)
    return Fraction(family.x_made if campaign.host.x_made is None else campaign.host.x_made) / family.x_full


def _check_contents(campaign: Campaign, family: Family, index: int, needing: Sequence[str]) -> None:
    """Refuse contents that a host cannot have; `needing` are the analyses that need several."""
    key, stage = ("stages", index), campaign.stages[index]
    if campaign.host.working_ion is None:
        at = None if not needing else stage.analyses.index(needing[0])
        if at is not None:
            reason = f"{family.called} has no working ion, so there is no {needing[0]}"
            alone = [e for sub in family.sublattices.values() if sub.role == "fixed" for e in sub.species]
            rest = [name for name in stage.analyses if name not in needing] or ["mixing"]
            alone += family.working_ions
            hint = f"analyses: [{', '.join(rest)}]" + (f", or working_ion: {alone[0]}" if alone else "")
            raise bad_key(campaign, (*key, "analyses", at), reason, hint)
        for name, asked in (("x", stage.x != (Fraction(1),)), ("window", stage.window is not None)):
            if asked:
                reason = f"{family.called} has no working ion, so there is no {name}"
                raise bad_key(campaign, (*key, name), reason, "remove the key")
        return
    if campaign.structures.method == "explicit" and "x" in stage.model_fields_set:
        raise bad_key(campaign, (*key, "x"), "the cells that are given say which contents there are", "remove the key")
    if campaign.select.formulas and campaign.host.x_made is None:
        return  # each formula says what is made
    if campaign.structures.method != "explicit":
        _check_window(campaign, family, stage, index, needing)


def _check_window(campaign: Campaign, family: Family, stage: Stage, index: int, needing: Sequence[str]) -> None:
    key: KeyPath = ("stages", index)
    known = sorted({*stage.x, _made(campaign, family)})
    listed = ", ".join(str(x) for x in known[:20])
    if stage.window is not None:
        for end in (stage.window.low, stage.window.high):
            if end not in known:
                reason = f"{shown(str(end))} is neither among x nor what is made"
                raise bad_key(campaign, (*key, "window"), reason, f"x is {listed}")
    low, high = (known[0], known[-1]) if stage.window is None else (stage.window.low, stage.window.high)
    if needing and low == high:
        reason = f"{needing[0]} needs two contents of the working ion, got only x = {low}"
        raise bad_key(campaign, (*key, "x" if stage.window is None else "window"), reason, "x: [1, 2/3, 1/3]")
