"""Stability of the oxygen: vacancies, bonds between oxygen atoms, decomposition with release of oxygen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.oxygen_stability import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.voltage import ion_of
from hebe.report.svg import frame, line, marker, polyline, style_of, text
from hebe.report.values import DASH, number
from hebe.science.hulls.oxygen import gas_potential

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.oxygen_stability import OxygenDoc, VacancyState

_KELVIN: Final = (300, 600, 900, 1200, 1500)
"""Temperatures whose oxygen potential is drawn."""


def computed(candidate: RankedCandidate) -> OxygenDoc | None:
    """The configuration of lowest energy, or the first other one, that has potentials."""
    return next((doc for doc in _documents(candidate) if doc.vacancies or doc.releases), None)


def vacancies_of(candidate: RankedCandidate) -> list[VacancyState]:
    """Vacancies of the configuration of lowest energy, or of the first other one that has some: few are computed."""
    return next((doc.vacancies for doc in _documents(candidate) if doc.vacancies), [])


def _documents(candidate: RankedCandidate) -> list[OxygenDoc]:
    """Documents of the configurations, that of lowest energy first."""
    return [doc for doc in (ANALYSIS.best(candidate), *ANALYSIS.of(candidate)) if doc is not None]


def potentials_over_content(candidates: Sequence[RankedCandidate]) -> str | None:
    """Oxygen potentials (eV) below which oxygen leaves over the content: by decomposition, hollow as a vacancy."""
    drawn = [(c, style_of(i), doc) for i, c in enumerate(candidates[:MAX_CURVES]) if (doc := computed(c))]
    curves = [(c, style, _released(doc), _missing(c)) for c, style, doc in drawn]
    every = [point for _, _, released, missing in curves for point in (*released, *missing)]
    if not every:
        return None
    ion, pressure = ion_of(candidates), drawn[0][2].pressure_bar
    lines = {t: gas_potential(t, pressure) / 2 for t in _KELVIN}
    x_axis = axis(f"x ({ion} per formula unit), charge to the right", [x for x, _ in every], RIGHT, LEFT)
    y_axis = axis("oxygen potential / eV", [*(y for _, y in every), *lines.values()], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for kelvin, potential in lines.items():
        y = y_axis.pixel(potential)
        parts.append(line(LEFT, y, RIGHT, y, stroke_opacity=0.25))
        parts.append(text(LEFT + 4, y - 3, f"{kelvin} K", font_size="10"))
    for candidate, style, released, missing in curves:
        for points, filled, what in ((released, True, "decomposition"), (missing, False, "vacancy")):
            places = [(x_axis.pixel(x), y_axis.pixel(y)) for x, y in points]
            parts.append(polyline(sorted(places), style.colour, stroke_opacity=0.7 if filled else 0.3))
            for (x, y), place in zip(points, places, strict=True):
                words = f"{candidate.formula}: {what} below {y:+.2f} eV at x = {x:.4g}"
                parts.append(marker(*place, style, words, filled=filled))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Oxygen potentials of release")


def _released(document: OxygenDoc) -> list[tuple[float, float]]:
    return [(r.x, r.potential_eV) for r in document.releases if r.potential_eV is not None]


def _missing(candidate: RankedCandidate) -> list[tuple[float, float]]:
    return [(v.x, -v.lowest_eV) for v in vacancies_of(candidate)]


def card(candidate: RankedCandidate) -> Markup:
    """Vacancies, oxygen pairs and decomposition of a candidate as tables."""
    result = computed(candidate)
    if result is None:
        return Markup()
    where = f"Oxygen of {result.pressure_bar:.2g} bar at {result.temperature_K:.0f} K"
    if result.oxygen_eV is not None and result.oxygen_sd_eV is not None:
        where += f"; E(O2) {result.oxygen_eV:.2f} \u00b1 {result.oxygen_sd_eV:.2f} eV from its oxides"
    parts = [tag("p", where, class_="note"), _decompositions(result)]
    parts += [_vacancies(vacancies_of(candidate)), _pairs(result)]
    return Markup("".join(parts))


def _decompositions(result: OxygenDoc) -> Markup:
    head = ["x", "becomes", "O2 per f.u.", "heat / kJ/mol", "heat / J/g", "gives off O2 from / K"]
    rows = [
        [
            number(r.x, 3),
            " + ".join(f"{p.amount:.3g} {p.formula}" for p in r.products),
            number(r.oxygen_per_fu, 3),
            number(r.heat_kJ_per_mol, 1),
            number(r.heat_J_per_g, 0),
            number(r.release_K, 0),
        ]
        for r in result.releases
    ]
    return table(head, rows, (0, 2, 3, 4, 5)) if rows else Markup()


def _vacancies(states: Sequence[VacancyState]) -> Markup:
    head = ["x", "sites", "vacancy / eV", "mean / eV", "spread / eV", "leaves from / K", "by cations around"]
    rows = [
        [
            number(v.x, 3),
            f"{v.n} of {v.n_sites}",
            number(v.lowest_eV, 2),
            number(v.mean_eV, 2),
            number(v.sd_eV, 2),
            number(v.release_K, 0),
            ", ".join(f"{name} {energy:.2f}" for name, energy in v.by_environment.items()),
        ]
        for v in states
    ]
    return table(head, rows, (0, 2, 3, 4, 5)) if rows else Markup()


def _pairs(result: OxygenDoc) -> Markup:
    head = ["x", "shortest O-O / Å", "pairs", "topology"]
    rows = [
        [
            number(p.x, 3),
            number(p.shortest_A, 2),
            ", ".join(f"{n} {name}" for name, n in p.pairs.items() if n) or "none short",
            p.topology or DASH,
        ]
        for p in result.pairs
    ]
    return table(head, rows, (0, 1)) if rows else Markup()


FIGURES: Final = (
    Figure(
        name="oxygen_release",
        title="Release of oxygen",
        caption=(
            "Oxygen potential, from half of O2 at 0 K, below which oxygen leaves: the lowest mixture of phases gives "
            "it off (filled), or the easiest vacancy forms (hollow). Lines: potential of oxygen at the pressure"
        ),
        draw=potentials_over_content,
    ),
)
