"""The ranking as a table of the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hebe.cli.output import new_table, terminal_width, write_line, write_table
from hebe.report.values import (
    COMPLETE_GRADES,
    DASH,
    engine_error,
    measured,
    mixing_temperature,
    signed,
    signed_strain,
)
from hebe.science.analysis.marks import MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDE: Final = 160
_HEADERS: Final = ("V", "strain\n%", "T_mix\ncompeting\nK", "T_mix\nsame host\nK")
_NARROW: Final = 92
_LISTED: Final = 10
_OTHERS: Final = (66, 52)


def write_ranking(candidates: Sequence[Mapping[str, Any]]) -> None:
    """Print the ranking; a narrow terminal has id and status below the formula, a very narrow one no spreads."""
    width = terminal_width()
    wide, spread = width >= _WIDE, width >= _NARROW
    columns = [*_with_errors(candidates), "marks"]
    head = ["rank", "id", "formula", *columns, "status"] if wide else ["rank", "candidate", *columns]
    first = 3 if wide else 2
    table = new_table(head, right=(0, *range(first, first + len(_HEADERS))))
    for candidate in candidates:
        rank = DASH if candidate["rank"] is None else str(candidate["rank"])
        values = [*_values(candidate, spread=spread), _letters(candidate)]
        if wide:
            table.add_row(rank, candidate["candidate_id"], candidate["formula"], *values, candidate["status"])
        else:
            table.add_row(rank, _name(candidate, max(21, width - _OTHERS[not spread])), *values)
    write_table(table)
    for line in _notes(candidates, spread=spread):
        write_line(line)


def _with_errors(candidates: Sequence[Mapping[str, Any]]) -> list[str]:
    """Heads of the columns of numbers, with the documented error of the engine where all values have the same."""
    heads = list(_HEADERS)
    for position, (name, scale) in enumerate((("average_voltage_V", 1.0), ("max_volume_strain", 100.0))):
        error = engine_error(candidates, name, scale)
        heads[position] += "" if error is None else f"\n{error}"
    return heads


def _letters(candidate: Mapping[str, Any]) -> str:
    return "".join(MARKS[name][0] for name in candidate.get("marks", []) if name in MARKS)


def _name(candidate: Mapping[str, Any], room: int) -> str:
    status = [] if candidate["status"] == "complete" else [candidate["status"]]
    return "\n".join([*broken_formula(candidate["formula"], room), candidate["candidate_id"], *status])


def broken_formula(formula: str, room: int) -> list[str]:
    """Formula in lines of at most `room` columns, broken between elements."""
    lines = [""]
    for part in re.split(r"(?=[A-Z(\[])", formula):
        if len(lines[-1]) + len(part) > room and lines[-1]:
            lines.append("")
        lines[-1] += part
    return lines


def _values(candidate: Mapping[str, Any], *, spread: bool) -> list[str]:
    voltage = measured(candidate["average_voltage_V"], candidate.get("average_voltage_V_se"))
    strain = measured(signed_strain(candidate), candidate.get("max_volume_strain_se"), 2, 100)
    return [
        voltage if spread else voltage.partition(" ±")[0],
        signed(strain if spread else strain.partition(" ±")[0]),
        mixing_temperature(candidate, "competing", spread=spread),
        mixing_temperature(candidate, "same_host", spread=spread),
    ]


def write_agreement(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print how far each stage agrees with the one before, a line for each quantity."""
    for document in documents:
        if not document["quantities"]:
            continue
        number = document["stage"]
        write_line(f"Stage {number + 1} ({document['after']}) minus stage {number} ({document['before']}):")
        table = new_table(["quantity", "n", "mean", "mean absolute", "Spearman", "Kendall"], right=(1, 2, 3, 4, 5))
        for parity in document["quantities"]:
            unit = "" if parity["unit"] == "1" else f" {parity['unit']}"
            means = [f"{parity[name]:+.4g}{unit}" for name in ("mean_difference",)]
            means += [f"{parity['mean_absolute_difference']:.4g}{unit}"]
            rhos = [DASH if parity[name] is None else f"{parity[name]:.2f}" for name in ("spearman", "kendall")]
            table.add_row(parity["quantity"].replace("_", " "), str(len(parity["pairs"])), *means, *rhos)
        write_table(table)


def _notes(candidates: Sequence[Mapping[str, Any]], *, spread: bool) -> list[str]:
    notes = []
    stages = sorted({(candidate["stage"], candidate["engine"]) for candidate in candidates}, reverse=True)
    if len(stages) > 1:
        listed = ", then ".join(f"stage {number + 1} ({engine})" for number, engine in stages)
        notes.append(f"Ranked stage by stage: {listed}; numbers of two stages are not comparable.")
    if spread and any("±" in text for candidate in candidates for text in _values(candidate, spread=True)):
        notes.append("±: standard error over configurations; of T_mix with that of the engine.")
    if any("±" in head for head in _with_errors(candidates)):
        notes.append("± in the head: error of the engine on hosts with measured values.")
    if any(_is_bound(candidate) for candidate in candidates):
        notes.append(">=: lower bound, the hull lacks known phases (coverage below grade B).")
    found = {name for candidate in candidates for name in candidate.get("marks", [])}
    notes += [f"{letter}: {meaning}." for name, (letter, meaning) in MARKS.items() if name in found]
    left = [(c["candidate_id"], text) for c in candidates for text in c.get("states_left", [])]
    return notes + [f"{name} left the host, {text}." for name, text in left[:_LISTED]]


def _is_bound(candidate: Mapping[str, Any]) -> bool:
    return candidate["mixing"]["competing"]["T_mix_K"] is not None and candidate["hull_grade"] not in COMPLETE_GRADES
