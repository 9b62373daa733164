"""Migration of cations: energies in empty sites and swapped with working ions, by element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.analyses.cation_migration import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import Axis, axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag
from hebe.report.svg import frame, line, marker, style_of
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.cation_migration import MigrationDoc
    from hebe.schemas.defects import DefectEnergy

KIND_WORDS: Final = {
    "octahedral": "empty octahedron",
    "tetrahedral": "tetrahedron",
    "antisite": "swapped with an ion",
}
_GAP: Final = 22.0
"""Pixels between figures side by side."""
_WIDE: Final = 0.5
"""Share of the distance between two elements over which the marks of candidates are spread."""


@dataclass(frozen=True)
class _Elements(Axis):
    """An axis with an element at each tick."""

    names: tuple[str, ...] = ()

    def text(self, tick: float) -> str:
        """Symbol of the element."""
        return self.names[round(tick)]


def computed(candidate: RankedCandidate) -> MigrationDoc | None:
    """The first configuration whose defects were computed."""
    return next((found for found in ANALYSIS.of(candidate) if found is not None and found.defects), None)


def energies_by_element(candidates: Sequence[RankedCandidate]) -> str | None:
    """Energies of the defects (eV) by element, one panel for each kind; hollow where the cation did not stay."""
    drawn = [(c, style_of(i), doc) for i, c in enumerate(candidates[:MAX_CURVES]) if (doc := computed(c))]
    every = [d for _, _, document in drawn for d in document.defects if d.energy_eV is not None]
    kinds = [kind for kind in KIND_WORDS if any(d.kind == kind for d in every)]
    names = tuple(sorted({d.element for d in every}))
    if not kinds:
        return None
    y_axis = axis("energy / eV", [d.energy_eV or 0.0 for d in every], BOTTOM, TOP, zero=True)
    wide = (RIGHT - LEFT - _GAP * (len(kinds) - 1)) / len(kinds)
    parts = []
    for at, kind in enumerate(kinds):
        left = LEFT + at * (wide + _GAP)
        ticks = tuple(float(i) for i in range(len(names)))
        x_axis = _Elements(KIND_WORDS[kind], -0.6, len(names) - 0.4, left, left + wide, ticks, names)
        zero = y_axis.pixel(0.0)
        parts += [frame(x_axis, y_axis, labelled=at == 0), line(left, zero, left + wide, zero, stroke_opacity=0.8)]
        for rank, (candidate, style, document) in enumerate(drawn):
            shift = _WIDE * ((rank + 0.5) / len(drawn) - 0.5)
            for defect in (d for d in document.defects if d.kind == kind and d.energy_eV is not None):
                place = x_axis.pixel(names.index(defect.element) + shift), y_axis.pixel(defect.energy_eV or 0.0)
                parts.append(marker(*place, style, _words(candidate, defect), filled=defect.ended == "there"))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Energies of migrated cations")


def _words(candidate: RankedCandidate, defect: DefectEnergy) -> str:
    where = f"{defect.element} ({defect.environment}), x = {defect.x:.3g}"
    return f"{candidate.formula}: {where}: {defect.energy_eV or 0.0:+.2f} eV, {defect.ended}"


def card(candidate: RankedCandidate) -> Markup:
    """Distributions of a candidate as a table."""
    result = computed(candidate)
    if result is None:
        return Markup()
    head = ["cation", "where", "x", "sites", "stayed", "back", "elsewhere", "lowest / eV", "mean / eV", "spread / eV"]
    rows = [
        [
            s.element,
            KIND_WORDS.get(s.kind, s.kind),
            number(s.x, 3),
            str(s.n_sites),
            str(s.n),
            str(s.returned),
            str(s.elsewhere),
            number(s.lowest_eV, 2),
            number(s.mean_eV, 2),
            number(s.sd_eV, 2),
        ]
        for s in result.statistics
    ]
    title = "Cations away from their sites: energy of the cell less that of the perfect one"
    return Markup(tag("p", title, class_="note") + table(head, rows, range(2, 10)))


FIGURES: Final = (
    Figure(
        name="migrated_cations",
        title="Migrated cations",
        caption="Energy of a cation in an empty site, or swapped with a working ion; hollow: it did not stay there",
        draw=energies_by_element,
    ),
)
