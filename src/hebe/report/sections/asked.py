"""What was asked: host, what mixes, filters, selection, stages and objectives of the campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import all_quantities
from hebe.report.conventions import window_text
from hebe.report.formulas import indexed
from hebe.report.markup import Markup, definitions, tag
from hebe.report.sections.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.config.campaign import Campaign
    from hebe.config.stage import Stage
    from hebe.report.data import Page

_STATUSES: Final = ("complete", "partial", "failed")
_UNITS: Final = {"entropy": (1.0, "R"), "size_mismatch": (100.0, "%")}
"""Of the numbers of filters: factor and unit."""


def lead(page: Page) -> Markup:
    """One sentence below the title: host, candidates, engines, window."""
    counts = [(status, sum(candidate.status == status for candidate in page.candidates)) for status in _STATUSES]
    listed = ", ".join(f"{number} {status}" for status, number in counts if number)
    engines = sorted({candidate.engine for candidate in page.candidates if candidate.engine})
    what = f"{len(page.candidates):,} candidates ({listed})"
    text = f"{page.campaign.host.data.title}. {what}, computed with {', '.join(engines) or 'no engine'}"
    return tag("p", f"{text}{window_text(page.campaign)}.", class_="lead")


def _render(page: Page) -> Iterable[Markup]:
    campaign = page.campaign
    pairs = [("Host", f"{campaign.host.data.title} ({campaign.host.data.name})")]
    if campaign.host.working_ion is not None:
        pairs.append(("Working ion", campaign.host.working_ion))
    pairs += [(f"Sublattice {name}", _mixture(campaign, name)) for name in campaign.host.sublattices]
    pairs += [("Filters", _filters(campaign)), ("Selection", _selection(campaign)), ("Cells", _cells(campaign))]
    pairs += [(f"Stage {number}", _stage(stage)) for number, stage in enumerate(campaign.stages, start=1)]
    yield definitions([*pairs, ("Ranked by", indexed(objectives_text(campaign)))])


def _mixture(campaign: Campaign, name: str) -> str:
    spec = campaign.host.sublattices[name]
    ions = "; ".join(f"{element} {'/'.join(map(_charge, charges))}" for element, charges in spec.species.items())
    parts = [ions, f"in steps of 1/{spec.grid}"]
    if spec.amounts is not None:
        parts[1:] = [", ".join(f"{element} {amount}" for element, amount in spec.amounts.items())]
    if spec.n_species is not None:
        parts.append(f"{spec.n_species.low} to {spec.n_species.high} elements")
    if spec.fraction is not None:
        parts.append(f"each {spec.fraction.low} to {spec.fraction.high}")
    return ", ".join(parts)


def _charge(charge: int) -> str:
    return f"{abs(charge)}{'+' if charge > 0 else '-'}" if charge else "0"


def _filters(campaign: Campaign) -> str:
    plain = campaign.filters.model_dump(mode="json")
    return (
        "; ".join(f"{name.replace('_', ' ')} {_options(value, _UNITS.get(name))}" for name, value in plain.items())
        or "none"
    )


def _options(value: object, unit: tuple[float, str] | None = None) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_options(part, unit)}" for key, part in value.items() if part is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value * unit[0]:.6g} {unit[1]}" if isinstance(value, int | float) and unit is not None else str(value)


def _selection(campaign: Campaign) -> str:
    select = campaign.select
    if select.learns:
        return f"learn, {select.batch} a round, at most {select.most}, seed {select.seed}"
    number = "" if select.n is None else f", {select.n} of them"
    return f"{select.method}{number}" + (f", seed {select.seed}" if select.method in ("random", "diverse") else "")


def _cells(campaign: Campaign) -> str:
    cells = campaign.structures
    if cells.method == "explicit":
        return "as given"
    return f"{cells.method}, {cells.cations} mixed sites, {cells.per_candidate} per candidate, seed {cells.seed}"


def _stage(stage: Stage) -> str:
    if stage.calibrate is not None:
        others = ", ".join(block.title for block in stage.calibrate.engines)
        return f"{stage.engine.title} as before, its errors calibrated with {others}"
    parts = [stage.engine.title, f"task {stage.task}", f"forces below {stage.engine.fmax:g} eV/Å"]
    parts += [f"x = {', '.join(map(str, stage.x))} of x_full"] if len(stage.x) > 1 else []
    parts += [f"keep {stage.keep}"] if stage.keep is not None else []
    parts += [f"promote {stage.promote}"] if stage.promote is not None else []
    return f"{', '.join(parts)}; {', '.join(name.replace('_', ' ') for name in stage.analyses)}"


def objectives_text(campaign: Campaign) -> str:
    """Objectives of a campaign with the way in which each is better."""
    known = all_quantities(dict.fromkeys(name for stage in campaign.stages for name in stage.analyses))
    ways = [(name, "high") for name in campaign.rank.maximize] + [(name, "low") for name in campaign.rank.minimize]
    if not ways:
        return "nothing: the order is that of the candidate ids"
    return ", ".join(f"{known[name].title if name in known else name} {way}" for name, way in ways)


SECTION = Section(title="What was asked", render=_render)
