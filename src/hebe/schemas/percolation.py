"""Channels of a rock salt through which the working ion passes, and the share of it on a connected net of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class ChannelNetDoc(Document):
    """Nets of the tetrahedra with at most ``blocking`` cations that do not move in the gate of a hop.

    ``tetrahedra`` is the share of all tetrahedra that have exactly ``blocking`` cations that do not move at their
    corners. ``share`` is that of the working ion's sites on a net that wraps around the periodic cell, with its
    standard deviation over cells; ``directions`` is in how many directions the net wraps in every cell.
    ``threshold_x`` is the content (ions per formula unit) at which it first wraps in one direction, with its standard
    deviation.
    """

    blocking: int
    tetrahedra: float
    share: float
    share_sd: float | None = None
    directions: int
    threshold_x: float | None = None
    threshold_x_sd: float | None = None


class CellChannelsDoc(Document):
    """The same for one configuration, repeated periodically as it is."""

    label: str
    n_sites: int
    channels: list[ChannelNetDoc] = Field(default_factory=list)


class PercolationDoc(ResultDoc):
    """Percolation of one composition: ``channels`` of cells drawn at random, ``cells`` of its configurations.

    ``x`` counts sites (per formula unit) that hold the working ion, or nothing.
    """

    order: Literal["random"] = "random"
    criterion: Literal["wrapping"] = "wrapping"
    x: float | None = None
    n_sites: int = 0
    n_cells: int = 0
    channels: list[ChannelNetDoc] = Field(default_factory=list)
    cells: list[CellChannelsDoc] = Field(default_factory=list)

    def channel(self, blocking: int) -> ChannelNetDoc | None:
        """Nets with at most so many cations in the gates."""
        return next((one for one in self.channels if one.blocking == blocking), None)
