"""What is known of the ions of a space: properties, published vectors, components of these.

For `benchmarks/learning_embedding.py`. Published vectors are files of the package ``elementembeddings`` (MIT), whose
documentation names the source of each.
"""

from __future__ import annotations

import csv
import json
import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import d_electrons, electronegativity, shannon_radius

if TYPE_CHECKING:
    from hebe.science.chemistry.ions import Ion
    from hebe.science.learning.gaussian_process import Array
    from learning_space import Truth

PUBLISHED: Final = {
    "mat2vec": "element_representations/mat2vec.csv",
    "matscholar": "element_representations/matscholar-embedding.json",
    "skipatom": "element_representations/skipatom_20201009_induced.csv",
    "skipspecies": "species_representations/skipspecies_2022_10_28_induced_dim200.csv",
    "megnet16": "element_representations/megnet16.json",
    "magpie": "element_representations/magpie_sc.json",
    "chgnet": "element_representations/chgnet.csv",
}


def ions_of(truth: Truth) -> list[Ion]:
    """Ions of the one sublattice of a space, in the order of the first descriptors."""
    return [ion for _, ion in truth.described.descriptors.places]


def properties_of(truth: Truth) -> Array:
    """Radius, electronegativity, charge, d electrons and row, of mean 0 and variance 1, shape ``(ions, 5)``."""
    from pymatgen.core import Element

    places, host = truth.described.descriptors.places, truth.described.space.host
    rows = [
        (
            shannon_radius(ion, host.sublattices[name].coordination, spin_of(ion, host.sublattices[name])) or math.nan,
            electronegativity(ion.element) or math.nan,
            ion.charge,
            d_electrons(ion) or 0,
            Element(ion.element).row,
        )
        for name, ion in places
    ]
    return standard(np.array(rows, dtype=np.float64))


def open_shells(truth: Truth) -> Array:
    """1 for ions with a d shell that is neither empty nor full, else 0, shape ``(ions, 1)``."""
    return np.array([[float((d_electrons(ion) or 0) not in (0, 10))] for ion in ions_of(truth)])


def standard(table: Array) -> Array:
    """Columns of mean 0 and variance 1; those that never vary are 0."""
    width = table.std(axis=0)
    return np.asarray((table - table.mean(axis=0)) / np.where(width > 0, width, 1.0))


def components_of(vectors: Array, number: int) -> Array:
    """First principal components, shape ``(ions, number)``, the sign of each fixed by its largest entry."""
    u, s, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    found = (u * s)[:, :number]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    return np.asarray(found * signs)


@cache
def published(name: str) -> dict[str, list[float]]:
    """Vectors of elements or ions by symbol."""
    spec = find_spec("elementembeddings")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} needs the package elementembeddings")
    path = Path(spec.submodule_search_locations[0]) / "data" / PUBLISHED[name]
    with path.open(encoding="utf-8") as lines:
        if path.suffix == ".json":
            found: dict[str, list[float]] = json.load(lines)
            return found
        return {one[0]: [float(text) for text in one[1:]] for one in list(csv.reader(lines))[1:]}


def vectors_of(name: str, truth: Truth) -> Array:
    """Vectors of the ions of a space, shape ``(ions, dimensions)``; those of an element where ions have none."""
    if name == "random":
        elements = sorted({ion.element for ion in ions_of(truth)})
        drawn = np.random.default_rng(0).normal(size=(len(elements), 200))
        return np.stack([drawn[elements.index(ion.element)] for ion in ions_of(truth)])
    known = published(name)
    return np.array([known[str(ion) if str(ion) in known else ion.element] for ion in ions_of(truth)])


def widths_of(truth: Truth) -> Array:
    """Widths of shares in units of their root mean square, 0 for descriptors that are no share."""
    number, widths = len(ions_of(truth)), truth.described.scale.width.copy()
    widths[number:] = 0.0
    return np.asarray(widths / np.sqrt(np.mean(widths[:number] ** 2)))
