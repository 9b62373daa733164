"""What forecasts of single phases are worth: composition, the thermodynamic rule, and both, with groups left out.

By the rule forms what has a negative free energy of mixing at the temperature at which it is made; its probability is
that of a normal error of the enthalpy. Nothing is fitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.family import family_names, load_family
from hebe.science.constants import BOLTZMANN
from hebe.science.learning.forecasts import Score, area, area_within, brier, log_loss, with_interval
from hebe.science.learning.gaussian_process import Array
from hebe.science.learning.single_phase import describe_sites, left_out, left_out_share, margin
from hebe.science.literature.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_ROOT_HALF: Final = math.sqrt(0.5)


@dataclass(frozen=True)
class Computed:
    """Enthalpy of mixing (eV per site), entropy gained (k per site)."""

    enthalpy: float
    entropy: float


@dataclass(frozen=True)
class Cases:
    """Outcomes with their descriptors; those of which one is not tabulated are left out.

    Parameters
    ----------
    outcomes
        The outcomes.
    table
        Descriptors, shape ``(n, descriptors)``.
    margins, temperatures
        ``(dH - T dS) / k T``, NaN without an enthalpy or a temperature, and T (K), each shape ``(n,)``.
    error
        Standard deviation of every enthalpy (eV per site).
    """

    outcomes: tuple[Outcome, ...]
    table: Array
    margins: Array
    temperatures: Array
    error: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], error: float, computed: Mapping[str, Computed] | None = None) -> Cases:
        """Cases of outcomes; enthalpies that were computed of some by name stand where none is published."""
        kept, rows, margins, temperatures = [], [], [], []
        for one in outcomes:
            found = describe_sites(one.sites)
            if found is None:
                continue
            known = (computed or {}).get(one.name)
            if one.enthalpy is not None:
                known = Computed(one.enthalpy, float(found[-1]))
            temperature = one.temperature or _usual_temperature(one.family)
            kept.append(one)
            rows.append(found)
            temperatures.append(temperature)
            margins.append(math.nan if known is None else margin(known.enthalpy, known.entropy, temperature))
        return cls(tuple(kept), np.array(rows), np.array(margins), np.array(temperatures), error)

    def __len__(self) -> int:
        return len(self.outcomes)

    def at(self, kept: NDArray[np.bool_]) -> Cases:
        """Some of the cases, by a mask."""
        outcomes = tuple(one for one, here in zip(self.outcomes, kept.tolist(), strict=True) if here)
        return Cases(outcomes, self.table[kept], self.margins[kept], self.temperatures[kept], self.error)

    @property
    def with_enthalpy(self) -> Cases:
        """Those of which the margin is known."""
        return self.at(np.isfinite(self.margins))

    @property
    def formed(self) -> Array:
        """1 where one phase formed, else 0, shape ``(n,)``."""
        return np.array([float(one.formed) for one in self.outcomes])

    @property
    def families(self) -> list[str]:
        """Family of each."""
        return [one.family for one in self.outcomes]

    @property
    def sources(self) -> list[str]:
        """Source of each."""
        return [one.source for one in self.outcomes]

    @property
    def rule(self) -> Array:
        """Probability by the thermodynamic rule, shape ``(n,)``."""
        errors = self.error / (BOLTZMANN * self.temperatures)
        return np.array([0.5 * math.erfc(x * _ROOT_HALF) for x in (self.margins / errors).tolist()])


def _usual_temperature(family: str) -> float:
    """Firing temperature of a family (K), NaN where none is known."""
    synthesis = load_family(family).synthesis if family in family_names() else None
    return math.nan if synthesis is None else synthesis.temperature


@dataclass(frozen=True)
class Worth:
    """Scores of one forecast.

    Parameters
    ----------
    forecast
        What forecasts: ``share``, ``composition``, ``rule``, ``rule, fitted`` or ``both``.
    by
        What is left out: ``family`` or ``source``.
    probabilities
        Of each case, shape ``(n,)``.
    area
        Area under the curve within what is left out together.
    brier, loss
        Brier score, and logarithmic score (nats).
    gain
        Brier score of the share that formed among the others, less this one: above zero where the forecast is better.
    """

    forecast: str
    by: str
    probabilities: Array
    area: Score
    brier: Score
    loss: Score
    gain: Score


def worth_of(cases: Cases) -> list[Worth]:
    """Scores of all forecasts that cases allow: those by margins only where all have one."""
    found = []
    for by, groups in (("family", cases.families), ("source", cases.sources)):
        formed, table = cases.formed, cases.table
        forecasts = {"share": left_out_share(formed, groups), "composition": left_out(table, formed, groups)}
        if np.isfinite(cases.margins).all():
            margins = cases.margins[:, None]
            both = np.concatenate([table, margins], axis=1)
            forecasts["rule"] = cases.rule
            forecasts["rule, fitted"] = left_out(margins, formed, groups)
            forecasts["both"] = left_out(both, formed, groups)
        found += [_worth(name, by, p, forecasts["share"], cases, groups) for name, p in forecasts.items()]
    return found


def _worth(forecast: str, by: str, p: Array, share: Array, cases: Cases, groups: Sequence[str]) -> Worth:
    formed = cases.formed
    squares, theirs = (p - formed) ** 2, (share - formed) ** 2

    def within(rows: Sequence[int]) -> float | None:
        some = list(rows)
        return area_within(p[some], formed[some], [groups[row] for row in some])

    return Worth(
        forecast,
        by,
        p,
        with_interval(within, groups),
        with_interval(lambda rows: brier(p[list(rows)], formed[list(rows)]), groups),
        with_interval(lambda rows: log_loss(p[list(rows)], formed[list(rows)]), groups),
        with_interval(lambda rows: float(np.mean((theirs - squares)[list(rows)])), groups),
    )


def area_of_family(cases: Cases, family: str, values: Array) -> float | None:
    """Area under the curve of some values within one family, higher ones for what forms."""
    inside = np.array([one == family for one in cases.families])
    return area(values[inside], cases.formed[inside])
