"""What a section of the report is: a title, whether the page has something for it, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hebe.report.data import Page
from hebe.report.formulas import indexed
from hebe.report.markup import Markup, html, tag


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure that reads the whole page; None where there is nothing to draw.

    ``titled`` gives its title where that depends on the page; ``title`` says in general what it is.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[Page], str | None]
    titled: Callable[[Page], str] | None = None

    def heading(self, page: Page) -> str:
        """Its title on a page."""
        return self.title if self.titled is None else self.titled(page)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of the report.

    Parameters
    ----------
    title
        Its heading.
    render
        What it shows; nothing at all leaves it out of the page.
    pictures
        Its figures, which ``hebe plot`` draws by name.
    """

    title: str
    render: Callable[[Page], Iterable[Markup]]
    pictures: tuple[Picture, ...] = ()


def figure(name: str, title: str, svg: str, caption: str) -> Markup:
    """A figure with its title and what it shows."""
    content = tag("h3", indexed(title)), Markup(svg), tag("figcaption", html(caption))
    return tag("figure", *content, data_name=name)


def figures(pictures: Iterable[Picture], page: Page) -> list[Markup]:
    """Figures of a page side by side; nothing where none has something to draw."""
    drawn = [(one, svg) for one in pictures if (svg := one.draw(page)) is not None]
    made = [figure(one.name, one.heading(page), svg, f"{one.caption}.") for one, svg in drawn]
    return [tag("div", *made, class_="figures")] if made else []
