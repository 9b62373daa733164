"""The compiled graph beside the package's converter."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.chgnet.graph import Graph, build_graph
from hebe.engines.chgnet.pretrained import load_model
from hebe.exceptions import EngineError
from support.crystals import frames, sodium

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAMES = frames()


def rounded(*columns: NDArray[np.float64] | NDArray[np.int64]) -> Counter[tuple[float, ...]]:
    """Rows as a multiset; numbers to 1e-3, moved off the ties that ideal sites have."""
    table = np.column_stack([np.asarray(c, dtype=np.float64) for c in columns])
    return Counter(tuple(row) for row in (np.round(table + 3.21e-4, 3)).tolist())


def directed(graph: Graph) -> Counter[tuple[float, ...]]:
    lengths = np.linalg.norm(graph.vectors, axis=1)
    return rounded(
        np.concatenate([graph.first, graph.second]),
        np.concatenate([graph.second, graph.first]),
        np.concatenate([lengths, lengths]),
    )


@pytest.mark.parametrize("name", FRAMES)
def test_bonds_and_angles_are_those_of_the_package(name: str) -> None:
    structure = FRAMES[name]
    own, plain = build_graph(structure), load_model().graph_converter(structure)
    lattice = structure.lattice.matrix
    ends, images = plain.atom_graph.numpy(), plain.neighbor_image.numpy().astype(np.float64)
    coords = structure.frac_coords
    vectors = (coords[ends[:, 0]] - coords[ends[:, 1]] - images) @ lattice
    lengths = np.linalg.norm(vectors, axis=1)
    assert directed(own) == rounded(ends[:, 0], ends[:, 1], lengths)

    unit = own.vectors / np.linalg.norm(own.vectors, axis=1)[:, None]
    left, right = own.short[own.left], own.short[own.right]
    cosines = np.einsum("ij,ij->i", unit[left], unit[right]) * own.sign
    own_lengths = np.linalg.norm(own.vectors, axis=1)
    angles = plain.bond_graph.numpy().reshape(-1, 5)
    first, second = angles[:, 2], angles[:, 4]
    expected = np.einsum("ij,ij->i", vectors[first], vectors[second]) / (lengths[first] * lengths[second])
    assert rounded(own.centre, own_lengths[left], own_lengths[right], cosines) == rounded(
        angles[:, 0], lengths[first], lengths[second], expected
    )


def test_a_one_atom_cell_has_the_shells_of_its_lattice() -> None:
    graph = build_graph(sodium(4.2))
    lengths = np.sort(np.linalg.norm(graph.vectors, axis=1)) / 4.2
    shells = [3**0.5 / 2] * 4 + [1] * 3 + [2**0.5] * 6
    assert lengths == pytest.approx(shells)
    assert not len(graph.short)
    assert not len(graph.centre)


def test_isolated_atoms_are_counted_in_the_error() -> None:
    lonely = Structure(Lattice.cubic(30), ["Mg", "O", "Na"], np.array([[0, 0, 0], [0.05, 0, 0], [0.5, 0.5, 0.5]]))
    with pytest.raises(EngineError, match="1 isolated atom") as caught:
        build_graph(lonely)
    assert caught.value.deterministic
