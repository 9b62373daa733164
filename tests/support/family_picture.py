"""Small pictures of host families: the sites of a cell, one colour per sublattice, as SVG."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.report.markup import escape
from hebe.report.svg import COLOURS
from hebe.science.structures.host import estimate_lattice, host_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.config.family import Family

SIZE: Final = 120.0
_EDGE: Final = 6.0
_MOST: Final = 110
"""Sites of a conventional cell that are drawn; larger ones are drawn as their primitive cell."""

_RADII: Final = {"anion": 0.035, "group": 0.028}
_EDGES: Final = [(i, j) for i in range(8) for j in range(i) if (i ^ j).bit_count() == 1]
"""Corners of a cell, numbered by the bits of their coordinates, that an edge joins."""

_TURN: Final = (0.30, 0.16)
"""Angles (rad) by which a cell is turned about the vertical axis, and tilted towards the reader."""


def picture(family: Family) -> str:
    """SVG of the sites of a family: cations large, anions and atoms of groups small; the third axis points upwards."""
    cell, vectors = _cell(family)
    turned = _view(vectors)
    points, labels = cell
    places = (points @ vectors) @ turned.T
    corners = np.array(list(product((0, 1), repeat=3)), dtype=float) @ vectors @ turned.T
    low, high = (f(np.vstack([places[:, :2], corners[:, :2]]), axis=0) for f in (np.min, np.max))
    scale = (SIZE - 2 * _EDGE) / float(max(high - low))
    shift = (SIZE - scale * (high + low)) / 2

    def at(point: NDArray[np.float64]) -> tuple[str, str]:
        return f"{point[0] * scale + shift[0]:.1f}", f"{SIZE - (point[1] * scale + shift[1]):.1f}"

    names = list(family.sublattices)
    parts = [_style(family)]
    for one, other in _EDGES:
        (x1, y1), (x2, y2) = at(corners[one]), at(corners[other])
        parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    for i in np.lexsort((np.round(places[:, 0], 3), np.round(places[:, 1], 3), np.round(places[:, 2], 2))).tolist():
        x, y = at(places[i])
        parts.append(f'<use href="#s{names.index(labels[i])}" x="{x}" y="{y}"/>')
    size = f'viewBox="0 0 {SIZE:g} {SIZE:g}" width="{SIZE:g}" height="{SIZE:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return head + f"<title>{escape(family.title)}</title>" + "".join(parts) + "</svg>\n"


def _style(family: Family) -> str:
    """A circle per sublattice, and the look of the edges."""
    circles = []
    for i, (name, sub) in enumerate(family.sublattices.items()):
        radius = SIZE * _RADII.get("anion" if name in family.anions else sub.role, 0.05)
        circles.append(f'<circle id="s{i}" r="{radius:.1f}" fill="{COLOURS[i % len(COLOURS)]}"/>')
    return (
        "<style>line{stroke:#888;stroke-width:.6}circle{stroke:#fff;stroke-width:.5}</style>"
        f"<defs>{''.join(circles)}</defs>"
    )


def _view(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation to the axes of the page: right, up, towards the reader; the third vector of the cell points up."""
    up = vectors[2] / np.linalg.norm(vectors[2])
    right = vectors[0] - (vectors[0] @ up) * up
    right /= np.linalg.norm(right)
    axes = np.array([right, up, np.cross(right, up)])
    (a, b), about = _TURN, np.eye(3)
    about[[0, 0, 2, 2], [0, 2, 0, 2]] = np.cos(a), np.sin(a), -np.sin(a), np.cos(a)
    tilt = np.eye(3)
    tilt[[1, 1, 2, 2], [1, 2, 1, 2]] = np.cos(b), -np.sin(b), np.sin(b), np.cos(b)
    return np.asarray(tilt @ about @ axes)


def _cell(family: Family) -> tuple[tuple[NDArray[np.float64], list[str]], NDArray[np.float64]]:
    """Fractional points, their sublattices, and the vectors of the cell that is drawn; corners are repeated."""
    ion = next(iter(family.working_ions), None)
    ion = None if family.ion_optional else ion
    structure = host_cell(family, ion).structure
    lattice = estimate_lattice(family.lattice_of(ion), None, family.space_group)
    if len(structure) * lattice.volume / structure.volume > _MOST:
        return _repeated(structure.frac_coords, structure), np.array(structure.lattice.matrix)
    steps = np.array(list(product(range(-3, 4), repeat=3)))
    every = (structure.frac_coords[None] + steps[:, None]).reshape(-1, 3) @ structure.lattice.matrix
    points = lattice.get_fractional_coords(every)
    owners = np.tile(np.arange(len(structure)), len(steps))
    inside = ((points > -1e-6) & (points < 1 + 1e-6)).all(axis=1)
    labels = structure.site_properties["sublattice"]
    return (points[inside], [labels[i] for i in owners[inside]]), np.array(lattice.matrix)


def _repeated(points: NDArray[np.float64], structure: Structure) -> tuple[NDArray[np.float64], list[str]]:
    """Points of a cell, those on its faces on the opposite ones too."""
    labels = structure.site_properties["sublattice"]
    wrapped = points % 1
    steps = np.array(list(product((0, 1), repeat=3)))
    every = (wrapped[None] + steps[:, None]).reshape(-1, 3)
    inside = (every < 1 + 1e-6).all(axis=1)
    return every[inside], [labels[i % len(labels)] for i in np.flatnonzero(inside).tolist()]
