"""How notebooks show what people hold: campaigns, results, candidates, profiles of voltage, structures.

Formatters are registered by the names of classes, so that nothing is loaded before it is shown. They show what the
report shows, with the same digits, and escape what comes from a store.
"""

from __future__ import annotations

import html as escaping
from typing import TYPE_CHECKING, Any, Final

from hebe.report.markup import Markup, definitions, html, table, tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymatgen.core import Structure

    from hebe.campaigns.results import Results
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrode import VoltageDoc

MOST_ROWS: Final = 50
"""Candidates in the table of a notebook, best first."""

_VIEWER_HEIGHT: Final = 380
_LOOK: Final = (
    "<style>.hebe table{border-collapse:collapse}.hebe td,.hebe th{padding:2px 8px;text-align:left}"
    ".hebe td.n,.hebe th.n{text-align:right}.hebe .sd,.hebe .note{opacity:.7;font-size:90%}"
    ".hebe dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px}.hebe dt{font-weight:600}"
    ".hebe dd{margin:0}.hebe svg{max-width:560px}</style>"
)


def results_html(results: Results) -> str:
    """Ranking of a campaign, its first rows."""
    from hebe.analyses.columns import columns_of
    from hebe.report.formulas import formula
    from hebe.report.tables import identity, quantity_cell
    from hebe.report.values import error_remarks, rank_text

    shown = list(results[:MOST_ROWS])
    columns = columns_of(shown, (*results.rank.maximize, *results.rank.minimize))
    head = ["rank", "candidate", *(_headed(q.title, q.shown.unit) for q in columns), "status"]
    rows = [
        [
            rank_text(one),
            Markup(f"{formula(one.formula)}<br>{identity(one.candidate_id)}"),
            *(quantity_cell(quantity, one) for quantity in columns),
            one.status,
        ]
        for one in shown
    ]
    more = len(results) - len(shown)
    remarks = [*error_remarks(shown, columns), *([f"{more:,} more: results.to_pandas()"] if more > 0 else [])]
    title = f"{results.campaign}: {len(results):,} candidates"
    notes = (tag("p", one, class_="note") for one in remarks)
    return _framed(tag("b", title), table(head, rows, range(2, 2 + len(columns))), *notes)


def _headed(title: str, unit: str) -> Markup:
    return Markup(f"{html(title)}<br>/ {html(unit)}" if unit else html(title))


def candidate_html(candidate: RankedCandidate) -> str:
    """One candidate: its values, its marks, and its profile of voltage where it has one."""
    from hebe.analyses.columns import columns_of
    from hebe.analyses.marks import mark_texts
    from hebe.analyses.registry import get_analysis
    from hebe.report.formulas import formula
    from hebe.report.sections import figures_of
    from hebe.report.tables import identity, quantity_cell

    texts = mark_texts()
    pairs: list[tuple[str, Any]] = [("status", candidate.status)]
    pairs += [
        (
            f"{quantity.title}{f' / {quantity.shown.unit}' if quantity.shown.unit else ''}",
            quantity_cell(quantity, candidate),
        )
        for quantity in columns_of([candidate], ())
    ]
    pairs += [(name, texts[name].meaning) for name in candidate.marks if name in texts]
    pairs += [("warning", text) for text in candidate.warnings]
    figures = []
    if "voltage" in candidate.results:
        drawn = figures_of(get_analysis("voltage"))[0].draw([candidate])
        figures = [Markup(drawn)] if drawn else []
    head = Markup(f"{formula(candidate.formula)} {identity(candidate.candidate_id)}")
    return _framed(tag("b", head), definitions(pairs), *figures)


def campaign_html(campaign: Campaign) -> str:
    """What a campaign asks for."""
    from hebe.report.data import Page
    from hebe.report.sections.asked import SECTION

    return _framed(tag("b", campaign.name), *SECTION.render(Page(campaign, [])))


def profile_html(profile: VoltageDoc) -> str:
    """Steps of the voltage of one configuration."""
    rows = [[f"{s.x_high:.4g} to {s.x_low:.4g}", f"{s.voltage_V:.2f}"] for s in profile.voltage_profile]
    steps = table(["x", Markup("voltage<br>/ V")], rows, range(1, 2)) if rows else tag("p", "no profile", class_="note")
    mean = profile.average_voltage_V
    title = profile.label + ("" if mean is None else f": {mean:.2f} V on average")
    return _framed(tag("b", title), steps, *(tag("p", text, class_="note") for text in profile.warnings))


def structure_html(structure: Structure) -> str:
    """A structure that turns, in a frame of its own without a way to anywhere; disordered or large ones as text."""
    from hebe.report.crystal import viewer_cell
    from hebe.report.scripts import asset, data

    ordered = structure.is_ordered
    cell = (
        viewer_cell(structure, next((s for s in ("Li", "Na", "K", "Zn") if s in structure.symbol_set), None))
        if ordered
        else None
    )
    if cell is None:
        return _framed(tag("pre", str(structure)))
    start = 'hebeViewer(document.querySelector("canvas"), JSON.parse(document.getElementById("cell").textContent));'
    page = (
        "<!DOCTYPE html><style>html,body{margin:0;height:100%}canvas{width:100%;height:100%;background:#fff}</style>"
        f'<canvas tabindex="0" role="img" aria-label="structure that turns"></canvas>{data("cell", cell)}'
        f"<script>{asset('viewer.js')}\n{start}</script>"
    )
    frame = f'<iframe sandbox="allow-scripts" style="width:100%;max-width:560px;height:{_VIEWER_HEIGHT}px;border:0"'
    keys = "Drag or arrow keys turn, wheel or + and - zoom, p shows polyhedra or bonds."
    title = structure.composition.formula
    return _framed(
        tag("b", title), Markup(f'{frame} srcdoc="{escaping.escape(page)}"></iframe>'), tag("p", keys, class_="note")
    )


def _framed(*parts: Markup) -> str:
    return f'<div class="hebe">{_LOOK}{"".join(parts)}</div>'


FORMATTERS: Final[dict[tuple[str, str], Callable[[Any], str]]] = {
    ("hebe.campaigns.results", "Results"): results_html,
    ("hebe.schemas.candidate", "RankedCandidate"): candidate_html,
    ("hebe.config.campaign", "Campaign"): campaign_html,
    ("hebe.schemas.electrode", "VoltageDoc"): profile_html,
}
"""By module and name of the class."""

STRUCTURES: Final = (("pymatgen.core.structure", "Structure"),)
"""Classes of others, shown so only where somebody says ``%load_ext hebe``."""


def register(shell: Any, *, structures: bool) -> None:
    """Have the shell of a notebook show ours; those of others too with `structures`."""
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), show in FORMATTERS.items():
        formatter.for_type_by_name(module, name, show)
    for module, name in STRUCTURES if structures else ():
        formatter.for_type_by_name(module, name, structure_html)
