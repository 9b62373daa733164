"""Bonds between oxygen atoms in a relaxed cell: dimers of oxide ions that gave electrons, and molecules.

Cut-offs and their sources stand in ``oxygen_bonds.yaml``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

_FILE: Final = "oxygen_bonds.yaml"
_REACH: Final = 3.6
"""A; the anions of one polyhedron, of which some pair is always nearer, are no farther apart."""


class BondedOxygen(ConfigModel):
    """A species of two oxygen atoms, and the distance (A) up to which a pair is one."""

    name: str
    up_to: float = Field(gt=0)
    source: str


class ShortPairs(ConfigModel):
    """Distance (A) below which a pair counts as short without being bonded."""

    below: float = Field(gt=0)
    source: str


class OxygenBonds(ConfigModel):
    """Species by rising distance, and where pairs count as short."""

    species: tuple[BondedOxygen, ...] = Field(min_length=1)
    short: ShortPairs
    sources: dict[str, str]

    @model_validator(mode="after")
    def _ordered(self) -> OxygenBonds:
        ends = [one.up_to for one in self.species] + [self.short.below]
        if ends != sorted(set(ends)):
            raise ValueError("species of oxygen are in the order of their distances")
        nameless = {one.source for one in self.species} | {self.short.source}
        if nameless - set(self.sources):
            raise ValueError(f"no source is called {', '.join(sorted(nameless - set(self.sources)))}")
        return self


@cache
def oxygen_bonds() -> OxygenBonds:
    """The data file.

    Raises
    ------
    BadInputError
        If it does not fit the model.
    """
    return packaged(OxygenBonds, "hebe.science.structures", _FILE)


def oxygen_pairs(structure: Structure, sites: Sequence[int]) -> tuple[float | None, dict[str, int]]:
    """Shortest distance between oxygen atoms of a cell, and how many pairs are of each species.

    Parameters
    ----------
    structure
        The cell.
    sites
        Its oxygen atoms.

    Returns
    -------
    tuple
        The distance (A), None where no two are within 3.6 A; the number of pairs by species, ``short`` ones included.
    """
    data, wanted = oxygen_bonds(), np.zeros(len(structure), dtype=bool)
    wanted[list(sites)] = True
    first, second, _, distances = structure.get_neighbor_list(_REACH)
    lengths = distances[wanted[first] & wanted[second]]
    counts, low = dict[str, int](), 0.0
    for name, high in [*((one.name, one.up_to) for one in data.species), ("short", data.short.below)]:
        counts[name] = int(((lengths > low) & (lengths <= high)).sum()) // 2
        low = high
    return (float(lengths.min()) if len(lengths) else None), counts
