"""What a composition is described by: the share of each ion on its sublattice, and sizes and electronegativities there.

Descriptors of one candidate and of a block of a composition space are computed by the same products of matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion, electronegativity, shannon_radius
from hebe.science.chemistry.metals import metallic_radius
from hebe.science.chemistry.walking import Floats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.config.family import Family
    from hebe.science.chemistry.row_plan import Place


@dataclass(frozen=True)
class _Moment:
    """A property of the ions of one sublattice: its mean over occupied sites, and its deviation from that."""

    name: str
    middle: float
    off: Floats
    occupied: Floats


class Descriptors:
    """Descriptors of the members of a host that have ions at some places.

    Parameters
    ----------
    host
        The family.
    places
        Sublattice and ion; empty sites are a species of their own.
    """

    def __init__(self, host: Family, places: Sequence[Place]) -> None:
        self.host, self.places = host, tuple(places)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns: ``TM Ni2+``, ``TM radius``, ``TM radius deviation``."""
        shares = [f"{name} {ion}" for name, ion in self.places]
        return (*shares, *(f"{one.name}{end}" for one in self._moments for end in ("", " deviation")))

    @cached_property
    def _moments(self) -> tuple[_Moment, ...]:
        """Properties that every ion of a sublattice has."""
        found = []
        for name in dict.fromkeys(sub for sub, _ in self.places):
            for title, values in self._properties(name).items():
                inside = np.array([sub == name and ion.element != VACANCY for sub, ion in self.places], dtype=float)
                known = [v for v, here in zip(values, inside, strict=True) if here]
                if len(known) < 2 or any(math.isnan(v) for v in known):
                    continue
                middle = math.fsum(known) / len(known)
                off = np.where(inside > 0, np.nan_to_num(np.array(values)) - middle, 0.0)
                found.append(_Moment(f"{name} {title}", middle, off, inside))
        return tuple(found)

    def _properties(self, name: str) -> dict[str, list[float]]:
        """Radius (A) and electronegativity (Pauling) of the ion at each place, NaN where there is none."""
        sub = self.host.sublattices[name]
        radii, negativities = list[float | None](), list[float | None]()
        for _, ion in self.places:
            if ion.element == VACANCY:
                size, scale = None, None
            else:
                size = (
                    shannon_radius(ion, sub.coordination, spin_of(ion, sub))
                    if self.host.charged
                    else metallic_radius(ion.element)
                )
                scale = electronegativity(ion.element)
            radii.append(size)
            negativities.append(scale)
        tables = {"radius": radii, "electronegativity": negativities}
        return {title: [math.nan if v is None else v for v in values] for title, values in tables.items()}

    def table(self, amounts: Floats) -> Floats:
        """Descriptors of members, shape ``(n, descriptors)``.

        Parameters
        ----------
        amounts
            Amount of the ion at each place per formula unit, shape ``(places, n)``.
        """
        sites = np.array([float(self.host.sublattices[name].multiplicity) for name, _ in self.places])
        shares = amounts / sites[:, None]
        found = np.empty((amounts.shape[1], len(self.names)))
        found[:, : len(self.places)] = shares.T
        at = len(self.places)
        for one in self._moments:
            weights = np.stack([one.occupied, one.off, one.off**2])
            occupied, first, second = weights @ shares
            share = 1.0 / np.where(occupied > 0, occupied, 1.0)
            mean = first * share
            found[:, at] = one.middle + mean
            found[:, at + 1] = np.sqrt(np.maximum(second * share - mean * mean, 0.0))
            at += 2
        return found

    def of_members(self, members: Sequence[Mapping[str, Mapping[str, float]]]) -> Floats:
        """Descriptors of members given as documents have them: sublattice -> species -> amount per formula unit."""
        at = {place: number for number, place in enumerate(self.places)}
        amounts = np.zeros((len(self.places), len(members)))
        for column, member in enumerate(members):
            for name, ions in member.items():
                for text, amount in ions.items():
                    number = at.get((name, Ion.parse(text)))
                    if number is not None:
                        amounts[number, column] += float(amount)
        return self.table(amounts)


def places_of(members: Iterable[Mapping[str, Mapping[str, float]]], mixed: Iterable[str]) -> list[Place]:
    """Places at which any of some members has an ion, on mixed sublattices, in a fixed order."""
    wanted = set(mixed)
    found = {
        (name, Ion.parse(text))
        for member in members
        for name, ions in member.items()
        if name in wanted
        for text in ions
    }
    return sorted(found)
