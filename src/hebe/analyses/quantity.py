"""A quantity: something that a candidate can have, said once for ranking, selection, tables, report and documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from hebe.schemas.draws import Draws

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.result import Value

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How tables print a quantity.

    Parameters
    ----------
    unit, scale
        Unit there, and the factor from the stored one.
    digits
        Decimals without an error.
    sign
        With its sign, also where it is positive.
    total
        The error beside a value is that of the engine too; else it is that of the mean, and the engine's is said once.
    column
        A column of its own wherever its analysis was asked for, not only where it is ranked by.
    least
        What stands for lower values, which mean no more than it does.
    share
        Whether it is a probability, in percent: below 1 and above 99 no digits are known.
    """

    unit: str = ""
    scale: float = 1.0
    digits: int = 2
    sign: bool = False
    total: bool = False
    column: bool = False
    least: float | None = None
    share: bool = False


@dataclass(frozen=True, kw_only=True)
class Derived(Generic[ResultT]):
    """Standard error that follows from that of another quantity: divided by a number of the result."""

    of: str
    divisor: Callable[[ResultT], float | None]


@dataclass(frozen=True, kw_only=True)
class Quantity(Generic[ResultT]):
    """One quantity of an analysis.

    Parameters
    ----------
    name
        Name in campaigns, expressions and documents: letters, digits and underscores.
    title
        What tables, figures and the report call it.
    read
        Its value in a result of the analysis, None where there is none.
    unit
        Unit of the value, such as ``V`` or ``eV/site``; empty without one.
    symbol
        Symbol in formulas.
    better
        What is good, if that is clear.
    shown
        How tables print it.
    sd_starts
        Standard deviation over the starts of the cells behind a result.
    sd, n
        Standard deviation over configurations, and their number, where one result speaks for the whole candidate.
    why_null
        Why a result has no value; its last warning without one.
    error
        Documented error of the engine on the value of a result: from the result, the energy scale and the working ion.
    draws
        Sample of the value of a result under errors that candidates share.
    condition
        Under which condition the value of a result holds, for the head of a column: ``at 900 degC``.
    note
        What a reader of a table has to know of it, one sentence or more.
    derived
        Where its standard error comes from, if not from its own spread.
    compared
        Whether two stages are compared by it.
    signed
        Value with its sign, where tables print that instead.
    lower_bound
        Whether a result only says that the value is not lower.
    of_working_ion
        Whether hosts without a working ion cannot have it.
    path
        Where documents hold it beside ``key``.
    """

    name: str
    title: str
    read: Callable[[ResultT], float | None]
    unit: str = ""
    symbol: str = ""
    better: Literal["high", "low"] | None = None
    shown: Shown = Shown()
    sd_starts: Callable[[ResultT], float | None] | None = None
    sd: Callable[[ResultT], float | None] | None = None
    n: Callable[[ResultT], int] | None = None
    why_null: Callable[[ResultT], str | None] | None = None
    error: Callable[[ResultT, str, str | None], float | None] | None = None
    draws: Callable[[ResultT], Draws | None] | None = None
    condition: Callable[[ResultT], str | None] | None = None
    note: str = ""
    derived: Derived[ResultT] | None = None
    compared: bool = True
    signed: Callable[[ResultT], float | None] | None = None
    lower_bound: Callable[[ResultT], bool] | None = None
    of_working_ion: bool = False
    path: str = ""

    @cached_property
    def key(self) -> str:
        """Key of the value in documents: its name with the unit, ``average_voltage_V``, ``width_eV_per_atom``."""
        unit = re.sub(r"[^0-9A-Za-z]+", "_", self.unit.replace("/g", " g").replace("/", " per "))
        return f"{self.name}_{unit}" if unit else self.name

    def of(self, candidate: CandidateDoc) -> Value | None:
        """Value of a candidate, None where its analysis was not asked for."""
        return candidate.values.get(self.name)
