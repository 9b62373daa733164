"""Several graphs as one whose parts do not touch: a batch, which gives a device with many lanes enough to do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hebe.engines.chgnet.graph import Graph, IntArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Batch:
    """A disjoint union of graphs; part k has the atoms and bonds between bounds k and k + 1."""

    graph: Graph
    atom_bounds: IntArray
    bond_bounds: IntArray

    def parts(self) -> Iterator[tuple[slice, slice]]:
        """Atoms and bonds of each part."""
        for atoms, bonds in zip(pairwise(self.atom_bounds), pairwise(self.bond_bounds), strict=True):
            yield slice(*atoms), slice(*bonds)


def join(graphs: Sequence[Graph]) -> Batch:
    """Disjoint union of at least one graph, in order."""
    atoms = _bounds([len(graph.numbers) for graph in graphs])
    bonds = _bounds([len(graph.first) for graph in graphs])
    if len(graphs) == 1:
        return Batch(graphs[0], atoms, bonds)
    shorts = _bounds([len(graph.short) for graph in graphs])
    union = Graph(
        numbers=np.concatenate([graph.numbers for graph in graphs]),
        first=_shifted([graph.first for graph in graphs], atoms),
        second=_shifted([graph.second for graph in graphs], atoms),
        vectors=np.concatenate([graph.vectors for graph in graphs]),
        short=_shifted([graph.short for graph in graphs], bonds),
        left=_shifted([graph.left for graph in graphs], shorts),
        right=_shifted([graph.right for graph in graphs], shorts),
        centre=_shifted([graph.centre for graph in graphs], atoms),
        sign=np.concatenate([graph.sign for graph in graphs]),
    )
    return Batch(union, atoms, bonds)


def _bounds(sizes: Sequence[int]) -> IntArray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _shifted(indices: Sequence[IntArray], bounds: IntArray) -> IntArray:
    return np.concatenate([index + start for index, start in zip(indices, bounds[:-1], strict=True)])
