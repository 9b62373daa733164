"""How well single cations mix into hosts of low and of high entropy: members of a map, spreads, ranks.

After the compatibility analysis of Lun et al., Nat. Mater. 20, 214 (2021).
"""

from __future__ import annotations

import itertools
import statistics
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hebe.config.mixing_map import MapHost, MixingMap

_LARGEST_CHANGE = 3


@dataclass(frozen=True)
class Probe:
    """One cation in one host: the whole numbers of ions on each sublattice."""

    host: str
    cation: Ion
    ions: dict[str, dict[Ion, int]]

    def composition(self, family: str) -> HostComposition:
        """Composition of the cell."""
        fractions: dict[str, dict[str, Fraction]] = {}
        for name, held in self.ions.items():
            total = sum(held.values())
            fractions[name] = {}
            for ion, n in held.items():
                share = fractions[name].get(ion.element, Fraction(0))
                fractions[name][ion.element] = share + Fraction(n, total)
        return HostComposition(family, None, Fraction(0), fractions)


def probe_member(host: MapHost, cation: Ion, n: int) -> Probe:
    """Put `n` ions of a cation into a host; the cations of the host make room so that the cell stays neutral.

    Of all neutral choices the one is taken that changes the proportions of the host least (sum of squares), the first
    in the order of the ions where several do.

    Raises
    ------
    BadInputError
        If no choice is neutral.
    """
    ions = {name: {Ion.parse(i): count for i, count in held.items()} for name, held in host.ions.items()}
    mixed = next(iter(ions))
    base = ions[mixed]
    sites, charge = sum(base.values()), sum(ion.charge * count for ion, count in base.items())
    ideal = {ion: count * (sites - n) / sites for ion, count in base.items()}
    best: tuple[float, dict[Ion, int]] | None = None
    for counts in _choices(base, sites - n, charge - n * cation.charge):
        cost = sum((counts[ion] - ideal[ion]) ** 2 for ion in base)
        if best is None or cost < best[0] - 1e-9:
            best = (cost, counts)
    if best is None:
        raise BadInputError(f"{cation} finds no neutral place in the host {host.name}")
    held = {ion: count for ion, count in best[1].items() if count}
    held[cation] = held.get(cation, 0) + n
    return Probe(host.name, cation, {**ions, mixed: held})


def _choices(base: Mapping[Ion, int], sites: int, charge: int) -> Iterator[dict[Ion, int]]:
    """Counts near those of the host with that sum and charge; the last ion follows from the others."""
    *free, last = base
    ranges = [range(max(0, base[ion] - _LARGEST_CHANGE), base[ion] + _LARGEST_CHANGE + 1) for ion in free]
    for chosen in itertools.product(*ranges):
        left = sites - sum(chosen)
        held = sum(ion.charge * count for ion, count in zip(free, chosen, strict=True))
        if left >= 0 and held + last.charge * left == charge:
            yield {**dict(zip(free, chosen, strict=True)), last: left}


def map_members(definition: MixingMap, cations: Sequence[Ion]) -> list[Probe]:
    """All members of a map, host by host.

    Raises
    ------
    BadInputError
        If a cation finds no neutral place in a host.
    """
    return [probe_member(host, cation, definition.probe) for host in definition.hosts for cation in cations]


def normalised(values: Sequence[float | None]) -> list[float | None]:
    """Values over their mean, so that hosts can be compared; all None where the mean is zero or nothing is known."""
    known = [value for value in values if value is not None]
    mean = statistics.fmean(known) if known else 0.0
    return [None if value is None or mean == 0 else value / mean for value in values]


@dataclass(frozen=True)
class RankComparison:
    """Mann-Whitney test of two groups: ``effect`` is the chance that a random member of the first has more."""

    first: int
    second: int
    effect: float
    p_value: float


def compare_groups(first: Sequence[float], second: Sequence[float]) -> RankComparison | None:
    """Whether values of the first group rank above those of the second; None where one is empty.

    ``effect = U / (n m)`` and the exact one-sided p-value: Mann and Whitney, Ann. Math. Stat. 18, 50 (1947). Equal
    values count one half.
    """
    from scipy.stats import mannwhitneyu

    if not first or not second:
        return None
    found = mannwhitneyu(first, second, alternative="greater")
    return RankComparison(
        len(first), len(second), float(found.statistic) / (len(first) * len(second)), float(found.pvalue)
    )
