"""Tables of the page: the ranking, and what is known about each candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hebe.report.figures import MAX_CURVES
from hebe.report.markup import Markup, details, html, table, tag, unordered
from hebe.report.svg import marker, style_of
from hebe.report.values import COMPLETE_GRADES, DASH, engine_error, measured, number, signed_strain, temperature_parts
from hebe.science.analysis.marks import MARKS

Candidate = Mapping[str, Any]

_ENGINE_ERROR: Final = "error of the engine on hosts with measured values"
_HEAD: Final = (
    ("rank", ""),
    ("candidate", ""),
    ("entropy", "R"),
    ("voltage", "V"),
    ("volume strain", "%"),
    ("T_mix competing", "K"),
    ("T_mix same host", "K"),
    ("above hull", "meV per atom"),
    ("redox capacity", "mAh g⁻¹"),
    ("marks", ""),
    ("status", ""),
)


def ranking_table(candidates: Sequence[Candidate]) -> Markup:
    """Ranking with uncertainties; warnings unfold below the formula."""
    rows = [_ranking_row(position, candidate) for position, candidate in enumerate(candidates)]
    errors = {
        "voltage": engine_error(candidates, "average_voltage_V"),
        "volume strain": engine_error(candidates, "max_volume_strain", 100),
    }
    head = [_titled(name, unit, errors.get(name)) for name, unit in _HEAD]
    return tag("div", table(head, rows, range(2, 9), class_="ranking"), class_="scroll")


def _titled(name: str, unit: str, error: str | None = None) -> Markup:
    """Head of a column; `error` is the documented one of the engine."""
    words = html(name).replace("T_mix", "T<sub>mix</sub>")
    below = "" if error is None else f"<br>{tag('span', error, class_='sd', title=_ENGINE_ERROR)}"
    return Markup(words + f"<br>/ {html(unit)}" * bool(unit) + below)


def _ranking_row(position: int, candidate: Candidate) -> list[object]:
    status = candidate["status"]
    return [
        _rank(position, candidate),
        _name(candidate),
        number(candidate["entropy_R"].get("mixed-site"), 3),
        _spread(candidate["average_voltage_V"], candidate.get("average_voltage_V_se"), 2),
        _spread(signed_strain(candidate), candidate.get("max_volume_strain_se"), 2, 100),
        temperature_cell(candidate, "competing"),
        temperature_cell(candidate, "same_host"),
        _spread(candidate["energy_above_hull_eV_per_atom"], candidate["mixing"].get("energy_above_hull_sd"), 1, 1000),
        number(candidate["capacity_redox_mAh_g"], 0),
        _marks(candidate),
        status if status == "complete" else tag("span", status, class_=status),
    ]


def _marks(candidate: Candidate) -> Markup:
    found = [(name, *MARKS[name]) for name in candidate.get("marks", []) if name in MARKS]
    return Markup("".join(tag("abbr", letter, title=f"{name}: {meaning}") for name, letter, meaning in found))


def _rank(position: int, candidate: Candidate) -> Markup:
    rank = DASH if candidate["rank"] is None else candidate["rank"]
    if position >= MAX_CURVES:
        return html(rank)
    mark = marker(7.0, 7.0, style_of(position)).replace('class="mark"', 'class="key"')
    return Markup(f'<svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{mark}</svg> {html(rank)}')


def _name(candidate: Candidate) -> Markup:
    warnings = candidate["warnings"]
    count = f"{len(warnings)} warning{'s' if len(warnings) != 1 else ''}"
    folded = details(count, unordered(warnings), class_="warnings") if warnings else Markup()
    name = tag("span", formula(candidate["formula"]), class_="formula")
    return Markup(f"{name}<br>{tag('code', candidate['candidate_id'])}{folded}")


def formula(text: str) -> Markup:
    """Chemical formula with its amounts as subscripts."""
    parts: list[str] = []
    amount = ""
    for letter in text + " ":
        if letter.isdigit() or letter == ".":
            amount += letter
            continue
        if amount:
            parts.append(tag("sub", amount))
            amount = ""
        parts.append("<wbr>" * letter.isupper() + html(letter))
    return Markup("".join(parts).strip())


def _spread(value: float | None, sd: float | None, digits: int, scale: float = 1.0) -> Markup:
    text, sign, error = measured(value, sd, digits, scale).partition(" ± ")
    return Markup(f"{html(text)} {tag('span', '± ' + error, class_='sd')}") if sign else html(text)


def temperature_cell(candidate: Candidate, name: str) -> Markup:
    """Mixing temperature with both standard deviations, ``≥`` where it is a lower bound."""
    result = candidate["mixing"][name]
    if result["T_mix_K"] is None:
        return tag(
            "span", "never" if result.get("reason") == "never" else DASH, title=result.get("reason") or "no value"
        )
    bound = "≥ " if name == "competing" and candidate["hull_grade"] not in COMPLETE_GRADES else ""
    parts = zip(temperature_parts(candidate["mixing"], name), ("conf.", "model"), strict=True)
    spreads = [tag("span", f"± {number(sd, 0)} {of}", class_="sd") for sd, of in parts if sd is not None]
    return Markup("<br>".join([html(bound + number(result["T_mix_K"], 0)), *spreads]))


def candidate_card(candidate: Candidate) -> Markup:
    """States, decompositions and calculations of one candidate, folded."""
    return details(
        Markup(f"{html(_place(candidate))}{formula(candidate['formula'])} {tag('code', candidate['candidate_id'])}"),
        _composition(candidate),
        _states(candidate),
        *(_decomposition(candidate, name) for name in ("competing", "same_host")),
        details(
            f"{len(candidate['calculations'])} calculations (content keys)",
            table(["label", "key"], [[label, tag("code", key)] for label, key in candidate["calculations"].items()]),
        ),
        class_="card",
    )


def _place(candidate: Candidate) -> str:
    return "not ranked: " if candidate["rank"] is None else f"{candidate['rank']}. "


def _composition(candidate: Candidate) -> Markup:
    parts = [
        f"{sub}: " + ", ".join(f"{ion} {amount:.4g}" for ion, amount in amounts.items())
        for sub, amounts in candidate["composition"].items()
    ]
    capacities = [
        f"{name} {number(candidate[f'capacity_{name}_mAh_g'], 1)}" for name in ("theoretical", "redox", "window")
    ]
    return tag("p", "; ".join(parts), " (per formula unit). Capacities in mAh g⁻¹: ", ", ".join(capacities), ".")


def _states(candidate: Candidate) -> Markup:
    if not candidate["x_states"]:
        return tag("p", "No states over the working-ion content.", class_="note")
    head = ["x", "volume / Å³ per f.u.", "volume change / %", "on hull", "topology"]
    rows = [
        [
            number(state["x"], 3),
            number(state["volume_A3_per_fu"], 2),
            number(state.get("volume_strain"), 2, 100),
            "yes" if state["on_hull"] else "no",
            state["topology"] or DASH,
        ]
        for state in candidate["x_states"]
    ]
    return table(head, rows, range(3))


def _decomposition(candidate: Candidate, name: str) -> Markup:
    result = candidate["mixing"][name]
    enthalpy = number(result["dH_eV_per_site"], 1, 1000)
    words = "Against competing phases" if name == "competing" else "Against the same host"
    if result["dH_eV_per_site"] is None:
        return tag("p", f"{words}: {DASH} ({result.get('reason') or 'no value'})", class_="note")
    text = f"{words}: dH {enthalpy} meV per mixed site from {_phases(result['decomposition'])}"
    binding = result.get("decomposition_at_T_mix") or result["decomposition"]
    if result["T_mix_K"] and binding != result["decomposition"]:
        text += f"; at the mixing temperature it competes with {_phases(binding)}"
    return tag("p", text + ".")


def _phases(decomposition: Sequence[Mapping[str, Any]]) -> str:
    return " + ".join(f"{part['amount']:.3g} {part['formula']}" for part in decomposition)
