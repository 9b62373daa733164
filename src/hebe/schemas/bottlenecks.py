"""Bottlenecks between the sites of the working ion."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class GatesDoc(Document):
    """Bottlenecks of the hops with the same cations beside their way: how many, means and spreads over them.

    Radii (A) of the largest spheres that pass, areas (A^2) of the triangles of anions that hold them.
    """

    environment: str
    n: int
    radius_A: float
    radius_sd_A: float | None = None
    area_A2: float
    area_sd_A2: float | None = None


class WayDoc(Document):
    """Radius (A) of the largest sphere that runs through the crystal in so many directions.

    ``first`` and ``second`` are the sites of the hop that holds it, ``environment`` the cations beside that.
    """

    directions: int
    radius_A: float
    area_A2: float
    first: int
    second: int
    environment: str


class BottlenecksDoc(ResultDoc):
    """Bottlenecks of one configuration, as it is relaxed.

    ``ways`` are the widest ones through the crystal. ``radius_A`` and ``area_A2`` are means over the ``n_connecting``
    hops that are as wide as the widest way in most directions. ``anion_radii_A`` are the radii that were taken.
    """

    n_hops: int = 0
    n_connecting: int = 0
    anion_radii_A: dict[str, float] = Field(default_factory=dict)
    ways: list[WayDoc] = Field(default_factory=list)
    gates: list[GatesDoc] = Field(default_factory=list)
    radius_A: float | None = None
    area_A2: float | None = None
    area_sd_A2: float | None = None
