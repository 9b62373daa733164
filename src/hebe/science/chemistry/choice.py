"""Which of the compositions that pass are calculated: all, some at random, or some that are far from each other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.chemistry.walking import Rows

if TYPE_CHECKING:
    from hebe.config.campaign import Selection
    from hebe.science.chemistry.composition import HostComposition

Vectors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Members(Sequence[Candidate]):
    """Rows of a space as candidates, which are made when they are asked for."""

    space: CompositionSpace
    rows: Rows
    primary: str | None = None

    @overload
    def __getitem__(self, index: int) -> Candidate: ...

    @overload
    def __getitem__(self, index: slice) -> Members: ...

    def __getitem__(self, index: int | slice) -> Candidate | Members:
        if isinstance(index, slice):
            return self.at(np.arange(len(self))[index])
        found = make_candidate(self.space, self.space.composition(self.rows[index].tolist()), self.primary)
        assert found is not None  # noqa: S101 - rows without a split do not pass
        return found

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, indices: Sequence[int] | NDArray[np.intp]) -> Members:
        """Some of the members."""
        return Members(self.space, self.rows[np.asarray(indices, dtype=np.intp)], self.primary)


def choose(members: Members, selection: Selection, kept: Sequence[HostComposition] = ()) -> Members:
    """Members that a selection adds to those that are `kept`, in the order of the space; all when there are no more.

    Parameters
    ----------
    members
        What passes the filters.
    selection
        How many there are to be in all, and how they are chosen.
    kept
        Compositions that are part of the selection already.
    """
    if selection.method in ("all", "explicit") or selection.n is None:
        return members
    new = np.flatnonzero(~_among(members, kept)) if kept else np.arange(len(members))
    wanted = selection.n - len(kept)
    if wanted >= len(new):
        return members.at(new) if kept else members
    if wanted <= 0:
        return members.at([])
    if selection.method == "random":
        chosen = random.Random(selection.seed).sample(range(len(new)), wanted)
    else:
        chosen = _far_apart(members.at(new), kept, wanted, selection.seed)
    return members.at(new[sorted(chosen)])


def _among(members: Members, kept: Sequence[HostComposition]) -> NDArray[np.bool_]:
    """Which members are among some compositions."""
    found = np.zeros(len(members), dtype=bool)
    for composition in kept:
        row = members.space.row(composition)
        if row is not None:
            found |= (members.rows == np.array(row)).all(axis=1)
    return found


def _far_apart(members: Members, kept: Sequence[HostComposition], n: int, seed: int) -> list[int]:
    """Indices of members that are far from each other and from those that are kept."""
    layout = members.space.layout
    common = np.lcm.reduce([block.grid for block in layout.blocks])
    weights = np.array([common // block.grid for block in layout.block_of], dtype=np.float64)
    vectors = members.rows * weights
    start = [
        [float(c.fractions.get(column.sublattice, {}).get(column.element, 0)) * common for column in layout.columns]
        for c in kept
    ]
    return diverse(vectors, n, seed, np.array(start) if kept else None)


def diverse(vectors: Vectors, n: int, seed: int, kept: Vectors | None = None) -> list[int]:
    """Indices of `n` rows far from each other: farthest-point sampling from a random start, or from rows that are kept.

    Ties go to the lowest index; distances of whole numbers are compared exactly. Source: Gonzalez, Theor. Comput. Sci.
    38, 293 (1985).
    """
    squares = np.einsum("ij,ij->i", vectors, vectors)

    def apart(point: Vectors) -> Vectors:
        return np.asarray(squares - 2.0 * (vectors @ point) + point @ point)

    chosen, distance = list[int](), np.full(len(vectors), np.inf)
    for point in () if kept is None else kept:
        distance = np.minimum(distance, apart(point))
    if kept is None:
        chosen.append(random.Random(seed).randrange(len(vectors)))
        distance = apart(vectors[chosen[0]])
    while len(chosen) < n:
        nearest = int(np.argmax(distance))
        chosen.append(nearest)
        np.minimum(distance, apart(vectors[nearest]), out=distance)
    return chosen
