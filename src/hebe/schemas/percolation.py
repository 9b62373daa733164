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


class PairFitDoc(Document):
    """Energies of pairs of effective charges, fitted to ``n_cells`` configurations of the composition.

    A pair costs ``strengths_eV`` of its shell times both charges (e); ``strengths_se_eV`` are the standard errors of
    these. ``error_eV`` (eV per cation site) is the root mean square by which a configuration is missed that is
    predicted from the others, ``spread_eV`` that of their mean.
    """

    n_cells: int
    strengths_eV: dict[str, float] = Field(default_factory=dict)
    strengths_se_eV: dict[str, float] = Field(default_factory=dict)
    error_eV: float
    spread_eV: float


class PairOrderDoc(Document):
    """Order of one pair of species in a shell: ``alpha`` is 1 less its pairs over those of random order.

    Warren and Cowley's parameter: 0 in random order, negative where there are more such pairs. ``energy_eV`` is that of
    the pair as it was given or fitted.
    """

    pair: str
    shell: str
    energy_eV: float
    alpha: float


class OrderDoc(Document):
    """Cells with short-range order: Monte Carlo at ``temperature_K`` with energies of pairs of neighbours.

    ``source`` says where these come from, ``fit`` how well they were fitted. ``energy_eV`` (per cation site) is that of
    the order against random order; ``drift_eV`` by how much its mean over the second half of the ``sweeps`` at the
    temperature differs from that over the first. ``channels`` are means over ``n_cells`` cells of ``n_sites`` cation
    sites. Where energies are fitted each cell has others, drawn from what the fit leaves open: the standard deviations
    of ``channels`` are then errors of the means, which more cells do not make smaller.
    """

    temperature_K: float
    source: Literal["given", "fitted"]
    fit: PairFitDoc | None = None
    n_sites: int
    n_cells: int
    sweeps: int
    energy_eV: float
    drift_eV: float
    pairs: list[PairOrderDoc] = Field(default_factory=list)
    channels: list[ChannelNetDoc] = Field(default_factory=list)

    @property
    def n_means(self) -> int:
        """Number by which a mean over the cells is better than one of them: 1 where each has energies of its own."""
        return self.n_cells if self.source == "given" else 1

    def channel(self, blocking: int) -> ChannelNetDoc | None:
        """Nets with at most so many cations in the gates."""
        return next((one for one in self.channels if one.blocking == blocking), None)


class PercolationDoc(ResultDoc):
    """Percolation of one composition: ``channels`` of cells drawn at random, ``cells`` of its configurations.

    ``x`` counts sites (per formula unit) that hold the working ion, or nothing. ``short_range`` has the nets of cells
    with short-range order where these were asked for.
    """

    order: Literal["random"] = "random"
    criterion: Literal["wrapping"] = "wrapping"
    x: float | None = None
    n_sites: int = 0
    n_cells: int = 0
    channels: list[ChannelNetDoc] = Field(default_factory=list)
    cells: list[CellChannelsDoc] = Field(default_factory=list)
    short_range: OrderDoc | None = None

    def channel(self, blocking: int) -> ChannelNetDoc | None:
        """Nets with at most so many cations in the gates."""
        return next((one for one in self.channels if one.blocking == blocking), None)
