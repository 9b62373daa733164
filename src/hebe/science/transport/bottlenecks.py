"""Bottlenecks of hops: the largest sphere that passes between the anions, and the triangle that it passes.

The sphere goes along the way of the hop and may leave it sideways, as an ion does; where it has least room three anions
hold it. With radii of Shannon for the anions its own radius compares with that of the ion: Kummer, Prog. Solid State
Chem. 7, 141 (1972); bottleneck triangles of NASICON: Losilla et al., Chem. Mater. 12, 2134 (2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Structure

from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.crystals.crystal import ANIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.hops import HopDoc

Array = NDArray[np.float64]

_POINTS: Final = 25
"""Places on each straight part of a way."""
_REACH: Final = 4.5  # A
_COORDINATION: Final = 6
ASIDE: Final = 1.2
"""How far (A) the sphere may leave the way of the hop."""
_RINGS: Final = 10
_ANGLES: Final = 24


@dataclass(frozen=True)
class Bottleneck:
    """Radius (A) of the largest sphere that passes, area (A^2) of the triangle of the three anions that hold it."""

    radius: float
    area: float


def anion_radii(structure: Structure) -> dict[str, float]:
    """Radius (A) of each anion of a cell in six-fold coordination; those that Shannon does not list are left out."""
    found = {}
    for symbol in {site.specie.symbol for site in structure} & ANIONS:
        radius = shannon_radius(Ion(symbol, int(min(Element(symbol).common_oxidation_states))), _COORDINATION)
        if radius is not None:
            found[symbol] = radius
    return found


def relaxed_frame(ideal: Structure, made: Structure) -> Structure:
    """The ideal cell with all working sites, its atoms where they stand in the relaxed one; empty sites move along.

    Parameters
    ----------
    ideal
        Cell as built.
    made
        Relaxed cell, whose site property ``configuration_site`` says which sites of the ideal one it holds.
    """
    sites = [int(site) for site in made.site_properties["configuration_site"]]
    moved = made.frac_coords - ideal.frac_coords[sites]
    moved -= np.rint(moved)
    places = ideal.frac_coords + moved.mean(axis=0)
    places[sites] = ideal.frac_coords[sites] + moved
    return Structure(made.lattice, ideal.species, places)


def bottleneck(frame: Structure, hop: HopDoc, radii: Mapping[str, float], aside: float = ASIDE) -> Bottleneck | None:
    """Narrowest place of a hop; None where fewer than three anions are around.

    Parameters
    ----------
    frame
        Cell with all working sites.
    hop
        The hop.
    radii
        Of the anions (A), by element.
    aside
        How far (A) the sphere may leave the way.
    """
    lattice = frame.lattice
    line = [frame.frac_coords[hop.first], frame.frac_coords[hop.second] + np.array(hop.image)]
    if hop.via is not None:
        line.insert(1, np.array(hop.via))
    places = [lattice.get_cartesian_coords(place) for place in line]
    middle, reach = np.mean(places, axis=0), max(float(np.linalg.norm(p - places[0])) for p in places) + _REACH
    anions, sizes = _around(frame, middle, reach, radii)
    if len(anions) < 3:
        return None
    narrowest: Bottleneck | None = None
    for a, b in pairwise(places):
        for t in np.linspace(0, 1, _POINTS):
            room = _widest(a + t * (b - a), _disc(b - a, aside), anions, sizes)
            radius = float(room.min())
            if narrowest is None or radius < narrowest.radius:
                p, q, r = anions[np.argsort(room)[:3]]
                narrowest = Bottleneck(radius, float(np.linalg.norm(np.cross(q - p, r - p))) / 2)
    return narrowest


def _widest(place: Array, disc: Array, anions: Array, sizes: Array) -> Array:
    """Room (A) to each anion where a sphere is largest, among displacements from a place and then finer ones."""
    best, aside, vectors = np.zeros(3), float((disc**2).sum(axis=1).max()), anions - place
    squares = (vectors**2).sum(axis=1)
    for scale in (1.0, 1 / (_RINGS - 1)):
        tried = best + scale * disc
        lengths = (tried**2).sum(axis=1)
        tried, lengths = tried[lengths <= aside + 1e-9], lengths[lengths <= aside + 1e-9]
        distances = np.sqrt(np.maximum(lengths[:, None] + squares - 2 * tried @ vectors.T, 0.0))
        best = tried[int(np.argmax((distances - sizes).min(axis=1)))]
    return np.asarray(np.linalg.norm(best - vectors, axis=1) - sizes, dtype=float)


def _around(frame: Structure, place: Array, reach: float, radii: Mapping[str, float]) -> tuple[Array, Array]:
    """Places (cartesian) and radii of all anions within reach of a place."""
    sites = [i for i, site in enumerate(frame) if site.specie.symbol in radii]
    if not sites:
        return np.empty((0, 3)), np.empty(0)
    points: Any = frame.frac_coords[sites]
    found: Any = frame.lattice.get_points_in_sphere(points, place, reach)
    coordinates = frame.lattice.get_cartesian_coords(np.array([row[0] for row in found]).reshape(-1, 3))
    return coordinates, np.array([radii[frame[sites[int(row[2])]].specie.symbol] for row in found])


def _disc(direction: Array, aside: float) -> Array:
    """Displacements across a direction up to a distance, the first of them none; shape (n, 3)."""
    along = direction / np.linalg.norm(direction)
    across = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
    across /= np.linalg.norm(across)
    other = np.cross(along, across)
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    ring = np.outer(np.cos(angles), across) + np.outer(np.sin(angles), other)
    lengths = np.linspace(0, aside, _RINGS)[1:]
    return np.concatenate([np.zeros((1, 3)), *(length * ring for length in lengths)])
