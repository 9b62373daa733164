"""The report: one HTML page with everything in it, no script and no request to anywhere."""

from __future__ import annotations

import platform
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any, Final

import hebe
from hebe.analyses.registry import get_analysis
from hebe.report.calibration import calibration_section
from hebe.report.conventions import conventions, window_text
from hebe.report.figures import MAX_CURVES
from hebe.report.markup import Markup, definitions, html, tag
from hebe.report.sections import figures_of
from hebe.report.stages import stage_section
from hebe.report.tables import candidate_card, ranking_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import RankedCandidate

PACKAGES: Final = ("pymatgen", "jobflow", "maggma", "ase", "numpy", "scipy", "spglib")
"""Packages whose versions are named, after those of the engines."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_BEST: Final = f"the best {MAX_CURVES} are drawn"


def report_page(
    campaign: Campaign,
    candidates: Sequence[RankedCandidate],
    *,
    promotions: Sequence[Mapping[str, Any]] = (),
    agreement: Sequence[Mapping[str, Any]] = (),
    calibrations: Sequence[Mapping[str, Any]] = (),
    written: str | None = None,
) -> str:
    """Page for the ranked candidates of a campaign.

    Parameters
    ----------
    candidates
        In the order to be shown.
    promotions, agreement, calibrations
        What happened at the borders of stages and what calibrations told, as ``hebe results --json`` prints it.
    written
        Date for the foot of the page.
    """
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", f"{campaign.name}: high-entropy candidates"),
        Markup(f"<style>{_style()}</style>"),
    )
    body = tag(
        "body",
        *_intro(campaign, candidates),
        tag("h2", "Ranking"),
        tag("p", _objectives(campaign), class_="note"),
        ranking_table(candidates, (*campaign.rank.maximize, *campaign.rank.minimize)),
        *stage_section(campaign, candidates, promotions, agreement),
        *calibration_section(calibrations),
        tag("h2", "Figures"),
        tag("div", *_figures(candidates), class_="figures"),
        tag("h2", "Candidates in detail"),
        *(candidate_card(candidate) for candidate in candidates),
        tag("h2", "Conventions"),
        definitions(conventions(campaign, candidates)),
        tag("h2", "Versions"),
        definitions(package_versions(campaign).items()),
        tag("p", f"Written by hebe {hebe.__version__}" + (f", {written}" if written else ""), class_="note"),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}{body}</html>\n'


def package_versions(campaign: Campaign) -> dict[str, str]:
    """Versions of Hebe, Python and the packages that numbers depend on, as far as they are installed."""
    versions = {"hebe": hebe.__version__, "python": platform.python_version()}
    engines = [package for stage in campaign.stages for block in stage.engines for package in block.traits.packages]
    for package in dict.fromkeys([*engines, *PACKAGES]):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _style() -> str:
    return (resources.files("hebe.report") / "page.css").read_text(encoding="utf-8")


def _intro(campaign: Campaign, candidates: Sequence[RankedCandidate]) -> list[Markup]:
    family = campaign.host.data
    engines = sorted({candidate.engine for candidate in candidates if candidate.engine})
    counts = [
        f"{sum(1 for candidate in candidates if candidate.status == status)} {status}"
        for status in ("complete", "partial", "failed")
        if any(candidate.status == status for candidate in candidates)
    ]
    what = f"{len(candidates)} candidates ({', '.join(counts)})"
    window = window_text(campaign)
    return [
        tag("h1", campaign.name),
        tag("p", f"{family.title}. {what}, computed with {', '.join(engines) or 'no engine'}{window}.", class_="lead"),
    ]


def _objectives(campaign: Campaign) -> str:
    parts = [f"{name.replace('_', ' ')} high" for name in campaign.rank.maximize]
    parts += [f"{name.replace('_', ' ')} low" for name in campaign.rank.minimize]
    if not parts:
        return "No objectives were named; the order is that of the candidate ids."
    return f"Objectives: {', '.join(parts)}. Sorted by non-dominated front, then by the sum of ranks per objective."


def _figures(candidates: Sequence[RankedCandidate]) -> list[Markup]:
    few = "." if len(candidates) <= MAX_CURVES else f"; {_BEST}."
    made = []
    for name in dict.fromkeys(name for candidate in candidates for name in candidate.results):
        for figure in figures_of(get_analysis(name)):
            svg = figure.draw(candidates)
            if svg is not None:
                made.append(_figure(figure.title, svg, figure.caption + few))
    return made or [tag("p", "There is nothing to draw yet.", class_="note")]


def _figure(title: str, svg: str, caption: str) -> Markup:
    return tag("figure", tag("h3", title), Markup(svg), tag("figcaption", html(caption)))
