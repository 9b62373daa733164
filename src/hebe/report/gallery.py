"""Every figure of the report by its name, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.registry import analysis_names, get_analysis
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.report.collect import page_of
from hebe.report.drawing import Drawing
from hebe.report.page import sections
from hebe.report.sections import figures_of
from hebe.report.sections.section import Picture

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.analyses.protocol import Figure
    from hebe.config.campaign import Campaign
    from hebe.report.data import Page


def all_pictures() -> dict[str, Picture]:
    """Figures by name: those of the sections, then those of the analyses."""
    found = {picture.name: picture for section in sections().values() for picture in section.pictures}
    for name in analysis_names():
        for figure in figures_of(get_analysis(name)):
            found.setdefault(figure.name, _picture(figure))
    return found


def picture_called(name: str) -> Picture:
    """Figure of a name; the name of an analysis is that of its first figure.

    Raises
    ------
    BadInputError
        If there is none.
    """
    known = all_pictures()
    if name not in known and name in analysis_names():
        figures = figures_of(get_analysis(name))
        name = figures[0].name if figures else name
    if name not in known:
        raise BadInputError(f"no figure is called {shown(name)}", suggestion=suggest(name, [*known, *analysis_names()]))
    return known[name]


def draw(name: str, page: Page) -> Drawing:
    """Draw a figure of a page.

    Raises
    ------
    BadInputError
        If there is no such figure, or the campaign has nothing to draw in it.
    """
    picture = picture_called(name)
    svg = picture.draw(page)
    if svg is None:
        there = [one for one, other in all_pictures().items() if other.draw(page) is not None]
        reason = f"{page.campaign.name} has nothing to draw as {picture.name}"
        raise BadInputError(reason, suggestion=f"it has {', '.join(there) or 'no figure yet'}")
    return Drawing(picture.name, picture.heading(page), svg)


def plot(name: str, campaign: Campaign | str | Path, *, start: Path | None = None) -> Drawing:
    """Figure of a campaign, to be shown in a notebook or saved as SVG, PNG or PDF.

    Parameters
    ----------
    name
        As ``hebe plot`` lists them; an analysis stands for its first figure.
    campaign
        A campaign or the path of its file.
    start
        Folder from which the project is searched; that of the campaign's file by default.

    Raises
    ------
    BadInputError
        If there is no such figure, or the campaign has nothing to draw in it.
    """
    from hebe.campaigns.api import as_campaign

    picture_called(name)
    return draw(name, page_of(as_campaign(campaign), start=start, crystals=False))


def _picture(figure: Figure) -> Picture:
    return Picture(
        name=figure.name,
        title=figure.title,
        caption=figure.caption,
        draw=lambda page: figure.draw(page.detailed),
    )
