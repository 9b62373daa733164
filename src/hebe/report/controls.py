"""Low-entropy controls as tables: what they are, and how far the candidate differs from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import title_of
from hebe.analyses.printing import DASH, difference_text, factor, measured, number, signed
from hebe.analyses.registry import all_quantities, analysis_names, get_analysis

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hebe.schemas.controls import ControlDoc, ControlsDoc

HEAD: Final = ("without", "control", "balanced", "S / R", "status")

NOTE: Final = (
    "Candidate less control, ± the standard error of the difference over configurations; of the volume strain "
    "the sizes are compared, whatever its sign"
)


@dataclass(frozen=True)
class ControlTables:
    """The controls of one candidate: a row for each, and one for each quantity with a difference to each.

    ``over_content`` has a row for each quantity and content x.
    """

    of: str
    formula: str
    controls: Sequence[Sequence[str]]
    head: Sequence[str]
    differences: Sequence[Sequence[str]]
    over_content: Sequence[Sequence[str]] = ()


def control_tables(document: ControlsDoc, only: Collection[str] | None = None) -> list[ControlTables]:
    """Tables of each candidate that has controls.

    Parameters
    ----------
    only
        Names of the quantities that are shown; all without any.
    """
    by_candidate: dict[str, list[ControlDoc]] = {}
    for control in document.controls:
        by_candidate.setdefault(control.of, []).append(control)
    return [_tables(controls, only) for controls in by_candidate.values()]


def _tables(controls: Sequence[ControlDoc], only: Collection[str] | None) -> ControlTables:
    having = [control for control in controls if control.differences]
    known = all_quantities()
    named = dict.fromkeys(d.quantity for control in having for d in control.differences)
    shown = [name for name in named if name in known and (only is None or name in only)]
    head = ["quantity", "candidate", *(f"without {control.element}" for control in having)]
    return ControlTables(
        controls[0].of,
        controls[0].of_formula,
        [_control(control) for control in controls],
        head,
        [_quantity(name, having) for name in shown],
        _over_content(having),
    )


def _over_content(controls: Sequence[ControlDoc]) -> list[list[str]]:
    """Rows of what is known over x: title with unit, x, value of the candidate, and differences."""
    known = {curve.name: curve for name in analysis_names() for curve in get_analysis(name).curves}
    keys = dict.fromkeys((d.quantity, d.x) for control in controls for d in control.curves if d.quantity in known)
    rows = []
    for name, x in keys:
        shown = known[name].shown
        found = [next((d for d in c.curves if (d.quantity, d.x) == (name, x)), None) for c in controls]
        own = next(d.candidate for d in found if d is not None)
        texts = [DASH if d is None else signed(measured(d.difference, d.se, shown.digits, shown.scale)) for d in found]
        title = f"{known[name].title} ({shown.unit})" if shown.unit else known[name].title
        rows.append([title, number(x, 3), number(own, shown.digits, shown.scale), *texts])
    return rows


def _control(control: ControlDoc) -> list[str]:
    gains = [
        f"{ion} {'' if share.startswith('-') else '+'}{share}"
        for part in control.moved.values()
        for ion, share in part.items()
    ]
    balanced = f"{control.rule}: {', '.join(gains)}" if control.rule else DASH
    said = "; ".join([*filter(None, [control.reason]), *control.warnings])
    status = f"{control.status}: {said}" if said else control.status
    return [control.element, control.formula or DASH, balanced, number(control.entropy_R, 2), status]


def _quantity(name: str, controls: Sequence[ControlDoc]) -> list[str]:
    quantity = all_quantities()[name]
    found = [next((d for d in control.differences if d.quantity == name), None) for control in controls]
    own = next(d.candidate for d in found if d is not None)
    digits = 0 if quantity.shown.share else quantity.shown.digits
    texts = [DASH if d is None else difference_text(quantity, d.difference, d.se) for d in found]
    return [title_of(quantity), number(own, digits, factor(quantity)), *texts]


def headline(document: Mapping[str, Any]) -> str:
    """One line on the controls of a stage."""
    rows = document["controls"]
    candidates, computed = len({row["of"] for row in rows}), sum(bool(row["differences"]) for row in rows)
    more = f" {'; '.join(document['warnings'])}." if document["warnings"] else ""
    several = "candidate" if candidates == 1 else "candidates"
    return (
        f"Stage {document['stage'] + 1}: {len(rows)} controls of {candidates} {several} with one element less, "
        f"{computed} compared.{more}"
    )
