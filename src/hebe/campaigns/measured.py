"""Measured values of candidates from a table in text: every line is read, or refused with its number.

The first line names the columns: ``formula`` or ``candidate_id``, and quantities with their unit behind them, such as
``average_voltage (mV)``; ``average_voltage sd (mV)`` holds the standard deviations of single measurements. Empty fields
are missing values; lines of one candidate are repeated measurements. A column ``note`` is passed over.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hebe.analyses.constraint import factor_to
from hebe.analyses.registry import all_quantities
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.errors.spread import mean_and_sd, pooled_sd, standard_error
from hebe.science.learning.study import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hebe.config.campaign import Campaign

_HEAD: Final = re.compile(r"(?P<name>[A-Za-z]\w*?)(?P<sd> sd)?\s*(?:[(\[]\s*(?P<unit>[^()\[\]]*?)\s*[)\]])?")
_MISSING: Final = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "–"})
_MOST_BYTES: Final = 10_000_000
_NAMES: Final = ("formula", "candidate_id")
_LONGEST: Final = 40


@dataclass(frozen=True)
class _Column:
    """A column of values, or of their standard deviations, with the factor and offset to the unit of the quantity."""

    at: int
    head: str
    name: str
    is_sd: bool
    factor: float
    offset: float


@dataclass(frozen=True)
class _Line:
    """What a line says of a candidate: value and standard deviation of each quantity."""

    candidate: Candidate
    values: Mapping[str, tuple[float, float | None]]


class _Selected:
    """Candidates that the selection of a campaign has, looked up when a first one is called by its id."""

    def __init__(self, campaign: Campaign, start: Path | None) -> None:
        self.campaign, self._start = campaign, start

    @cached_property
    def known(self) -> dict[str, Candidate]:
        """By id."""
        from hebe.campaigns.place import start_of
        from hebe.campaigns.selection import selected_candidates

        start = start_of(self.campaign, self._start)
        return {one.candidate_id: one for one in selected_candidates(self.campaign, start)}


def read_measured(campaign: Campaign, path: Path, start: Path | None = None) -> dict[str, list[Seen]]:
    """Measured values by quantity, one for each candidate: the mean of its lines, with the standard error of that.

    Where the lines say nothing of the scatter of single measurements, it is that of the candidates which were measured
    several times.

    Parameters
    ----------
    campaign
        What they belong to.
    path
        Table of them.
    start
        Folder from which the project is searched, for ids of candidates; that of the campaign's file by default.

    Raises
    ------
    BadInputError
        Names file, line and column of what cannot be read.
    """
    text, selected = _text(path), _Selected(campaign, start)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    space, found, columns, named = CompositionSpace.from_campaign(campaign), list[_Line](), None, (0, "")
    decimal = "," if _delimiter(text) != "," else "."
    try:
        for fields in table:
            if not any(field.strip() for field in fields) or fields[0].lstrip().startswith("#"):
                continue
            if columns is None:
                named, columns = _heads(fields, path, table.line_num)
            else:
                found.append(_line(fields, columns, named, space, selected, path, table.line_num, decimal))
    except csv.Error as err:
        raise BadInputError(f"no table: {err}", file=path, line=table.line_num) from err
    if not found:
        raise BadInputError("no line with measured values", file=path, suggestion="formula, average_voltage (V)")
    return _by_quantity(found)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadInputError(f"more than {_MOST_BYTES // 1_000_000} MB", file=path)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as err:
        raise BadInputError(f"cannot be read: {err.strerror}", file=path) from err
    except UnicodeDecodeError as err:
        line = path.read_bytes()[: err.start].count(b"\n") + 1
        raise BadInputError("no text in UTF-8", file=path, line=line, suggestion="save it as CSV UTF-8") from err


def _delimiter(text: str) -> str:
    """What stands between columns: a comma, or a semicolon or tab where the first line has those."""
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return next((mark for mark in (";", "\t") if mark in first), ",")


def _heads(fields: Sequence[str], path: Path, line: int) -> tuple[tuple[int, str], list[_Column]]:
    """Where the name of a candidate stands and what it is, and the columns of values."""
    heads = [" ".join(field.split()) for field in fields]
    named = [(at, head.lower()) for at, head in enumerate(heads) if head.lower() in _NAMES]
    if len(named) != 1:
        hint = "the first line names the columns: formula, average_voltage (V)"
        raise BadInputError("expected one column formula or candidate_id", file=path, line=line, suggestion=hint)
    columns = [
        _column(at, head, path, line)
        for at, head in enumerate(heads)
        if at != named[0][0] and head.lower() not in ("note", "comment", "")
    ]
    values = [(column.name, column.is_sd) for column in columns]
    twice = next((column for column in columns if values.count((column.name, column.is_sd)) > 1), None)
    if twice is not None:
        raise BadInputError(f"the column {twice.name} is there twice", file=path, line=line, key=twice.head)
    alone = next((c for c in columns if c.is_sd and (c.name, False) not in values), None)
    if alone is not None:
        raise BadInputError(f"no column holds {alone.name} itself", file=path, line=line, key=alone.head)
    if not columns:
        raise BadInputError("no column of a quantity", file=path, line=line, suggestion="average_voltage (V)")
    return named[0], columns


def _column(at: int, head: str, path: Path, line: int) -> _Column:
    match, known = _HEAD.fullmatch(head) if len(head) < 2 * _LONGEST else None, all_quantities()
    by_key = {quantity.key: name for name, quantity in known.items()}
    name = by_key.get(match["name"], match["name"]) if match else ""
    if match is None or name not in known:
        hint = suggest(name or head, known)
        raise BadInputError(f"no quantity is called {shown(head)}", file=path, line=line, key=head, suggestion=hint)
    try:
        factor, offset = factor_to(name, match["unit"] or "")
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, line=line, key=head, suggestion=err.suggestion) from err
    return _Column(at, head, name, match["sd"] is not None, factor, 0.0 if match["sd"] else offset)


def _line(
    fields: Sequence[str],
    columns: Sequence[_Column],
    named: tuple[int, str],
    space: CompositionSpace,
    selected: _Selected,
    path: Path,
    line: int,
    decimal: str,
) -> _Line:
    most = 1 + max(named[0], *(column.at for column in columns))
    if len(fields) < most:
        raise BadInputError(f"{len(fields)} fields, expected at least {most}", file=path, line=line)
    numbers = {
        (c.name, c.is_sd): value
        for c in columns
        if (value := _number(fields[c.at], c, path, line, decimal)) is not None
    }
    values = {name: (value, numbers.get((name, True))) for (name, is_sd), value in numbers.items() if not is_sd}
    if not values:
        raise BadInputError("no value", file=path, line=line, suggestion="take the line out")
    return _Line(_candidate(fields[named[0]].strip(), named[1], space, selected, path, line), values)


def _number(field: str, column: _Column, path: Path, line: int, decimal: str) -> float | None:
    """Number in the unit of the quantity; None where it is missing."""
    text = field.strip()
    if text.lower() in _MISSING:
        return None
    written = text.replace(decimal, ".") if decimal == "," and "." not in text else text
    try:
        value = float(written) if len(text) <= _LONGEST and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        hint = "units stand in the first line; leave missing values empty"
        raise BadInputError(
            f"expected a number, got {shown(text)}", file=path, line=line, key=column.head, suggestion=hint
        )
    if column.is_sd and value < 0:
        reason = f"a standard deviation is not below 0, got {shown(text)}"
        raise BadInputError(reason, file=path, line=line, key=column.head)
    return value * column.factor + column.offset


def _candidate(text: str, kind: str, space: CompositionSpace, selected: _Selected, path: Path, line: int) -> Candidate:
    """Candidate of a formula, or of an id that the selection of the campaign has."""
    called = _called(text, selected, path, line) if kind == "candidate_id" else None
    try:
        composition = parse_host_formula(text, space) if called is None else called.composition
        space.check_content(composition, text)
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, line=line, key=kind, suggestion=err.suggestion) from err
    found = called or make_candidate(space, composition, selected.campaign.host.primary)
    if found is None:
        reason = f"{shown(text)} cannot be charge-neutral with the oxidation states listed"
        raise BadInputError(reason, file=path, line=line, key=kind)
    return found


def _called(text: str, selected: _Selected, path: Path, line: int) -> Candidate:
    found = selected.known.get(text)
    if found is None:
        reason, hint = f"no candidate is called {shown(text)}", suggest(text, selected.known)
        raise BadInputError(reason, file=path, line=line, key="candidate_id", suggestion=hint)
    return found


def _by_quantity(lines: Sequence[_Line]) -> dict[str, list[Seen]]:
    """Means over the lines of each candidate, in the order of the file."""
    candidates = {line.candidate.candidate_id: line.candidate for line in lines}
    found: dict[str, list[Seen]] = {}
    for name in dict.fromkeys(name for line in lines for name in line.values):
        values: dict[str, list[tuple[float, float | None]]] = {}
        for line in lines:
            if name in line.values:
                values.setdefault(line.candidate.candidate_id, []).append(line.values[name])
        spreads = {key: mean_and_sd(value for value, _ in part)[1] for key, part in values.items()}
        pooled = pooled_sd((spreads[key], len(part)) for key, part in values.items())
        found[name] = [
            Seen(key, candidates[key].species, *_mean(part, spreads[key], pooled)) for key, part in values.items()
        ]
    return found


def _mean(part: Sequence[tuple[float, float | None]], sd: float | None, pooled: float | None) -> tuple[float, float]:
    """Mean of repeated measurements and its standard error: from what the lines say, else from the scatter of lines."""
    n, given = len(part), [one for _, one in part if one is not None]
    mean = math.fsum(value for value, _ in part) / n
    if len(given) == n:
        return mean, math.sqrt(math.fsum(one**2 for one in given)) / n
    return mean, standard_error(sd, n, pooled) or 0.0
