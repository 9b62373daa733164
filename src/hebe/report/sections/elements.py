"""What candidates with an ion are like, over the periodic table."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities
from hebe.exceptions import BadInputError
from hebe.report.periodic import HeatCell, periodic_map
from hebe.report.sections.pareto import label_of, shown_value
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.values import capital, decimals, factor, known_number
from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hebe.analyses.quantity import Quantity
    from hebe.report.data import Page
    from hebe.report.markup import Markup

_MOST: Final = 4
_FEWEST: Final = 3


def means_by_ion(page: Page, quantity: str) -> dict[str, tuple[float, int]]:
    """Mean of a quantity over the candidates of the latest stage weighted by the amount of an ion, and their number.

    Ions that all candidates hold in one amount say nothing and are left out.
    """
    held: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for candidate in page.latest:
        value = candidate.mean(quantity)
        for amounts in candidate.composition.values():
            for ion, amount in amounts.items():
                if value is not None and amount > 0:
                    held[ion].append((amount, value))
    number = sum(candidate.mean(quantity) is not None for candidate in page.latest)
    varied = {i: f for i, f in held.items() if len(f) < number or len({round(amount, 9) for amount, _ in f}) > 1}
    return {ion: (sum(a * v for a, v in f) / sum(a for a, _ in f), len(f)) for ion, f in varied.items()}


def _draw(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        if at >= len(page.objectives) or len(page.latest) < _FEWEST:
            return None
        quantity = all_quantities()[page.objectives[at].name]
        shown, known = quantity.shown, _digits(quantity, page)
        cells = []
        for label, (mean, number) in means_by_ion(page, quantity.name).items():
            ion = _ion(label)
            if ion is not None:
                digits = known_number(mean * factor(quantity), known)
                words = f"{ion}: {digits} {shown.unit}, mean of {number} candidates weighted by its amount"
                cells.append(HeatCell(ion, mean * factor(quantity), words.replace("  ", " "), digits))
        if len(cells) < 2:
            return None
        return periodic_map(cells, label_of(quantity, page.latest), shown.unit, digits=known)

    return draw


def _digits(quantity: Quantity[Any], page: Page) -> int:
    """Decimals that the middle one of the errors of single candidates leaves: means share the errors of the engine."""
    values = [shown_value(quantity, quantity.of(candidate)) for candidate in page.latest]
    halves = sorted((v[2] - v[0]) / 2 for v in values if v is not None and 0 < v[2] - v[0] < math.inf)
    known = decimals(halves[len(halves) // 2]) if halves else quantity.shown.digits
    return min(known, quantity.shown.digits)


def _ion(label: str) -> Ion | None:
    """Ion of a label of a composition, None for a vacancy or a group of atoms."""
    from pymatgen.core import Element

    try:
        ion = Ion.parse(label)
    except BadInputError:
        return None
    return ion if Element.is_valid_symbol(ion.element) else None


def _titled(at: int) -> Callable[[Page], str]:
    return lambda page: f"{capital(all_quantities()[page.objectives[at].name].title)} by ion"


def _render(page: Page) -> Iterable[Markup]:
    return figures(SECTION.pictures, page)


SECTION = Section(
    title="Over the periodic table",
    render=_render,
    pictures=tuple(
        Picture(
            name="elements" if at == 0 else f"elements_{at + 1}",
            title="an objective over the periodic table" if at == 0 else f"objective {at + 1} over the periodic table",
            caption="Mean over the candidates, weighted by the amount of the ion. What is mixed with it counts too",
            draw=_draw(at),
            titled=_titled(at),
        )
        for at in range(_MOST)
    ),
)
