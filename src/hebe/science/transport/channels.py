"""Nets of 0-TM, 1-TM and 2-TM channels in large cells whose cations are drawn at random, and in given cells.

A site belongs to the working ion if it holds one, or none; what else stands there blocks. The threshold of 0-TM
channels of a random rock salt is 1.09 ions per two sites, and 58, 72 and 84 % of them are on the net at 1.14, 1.2 and
1.3 (Urban, Lee, Ceder, Adv. Energy Mater. 4, 1400478 (2014)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.schemas.percolation import ChannelNetDoc
from hebe.science.errors.spread import mean_and_sd
from hebe.science.transport.tetrahedra import Tetrahedra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Numbers = NDArray[np.float64]

BLOCKING: Final = (0, 1, 2)
"""Cations that do not move in the gate of a hop."""


@dataclass(frozen=True)
class Drawn:
    """When each site of a cell comes to hold the working ion, in units of the content of the composition.

    ``joined`` has shape (n_sites,): at most 1 for sites that hold it, 0 where they always do, infinite where never.
    """

    tetrahedra: Tetrahedra
    joined: Numbers

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Sites that hold it, shape (n_sites,)."""
        return self.joined <= 1

    def channels(self, *, thresholds: bool) -> list[ChannelNetDoc]:
        """Nets by the number of blocking cations; ``threshold_x`` is in units of the content of the composition."""
        closed = self.tetrahedra.closed(self.is_open)
        return [self._net(blocking, float((closed == blocking).mean()), thresholds=thresholds) for blocking in BLOCKING]

    def _net(self, blocking: int, tetrahedra: float, *, thresholds: bool) -> ChannelNetDoc:
        found = self.tetrahedra.net(self.joined, blocking)
        parts = found.net.among(found.values <= 1).parts()
        crossings = found.net.crossings(found.values) if thresholds else []
        number = int(self.is_open.sum())
        return ChannelNetDoc(
            blocking=blocking,
            tetrahedra=tetrahedra,
            share=float((parts.rank[self.is_open] > 0).sum()) / number if number else 0.0,
            directions=parts.directions,
            threshold_x=crossings[0].value if crossings else None,
        )


def draw(tetrahedra: Tetrahedra, sublattice: Sequence[str], share: Mapping[str, float], seed: int) -> Drawn:
    """A cell whose working ions are drawn at random on each sublattice.

    Parameters
    ----------
    tetrahedra
        Of the cell.
    sublattice
        Of its sites; those of one sublattice exchange what they hold.
    share
        Share of the sites of each sublattice that belongs to the working ion; the nearest whole number is drawn.
    seed
        Of the permutations.
    """
    labels, random = np.array(sublattice), np.random.default_rng(seed)
    joined = np.full(tetrahedra.n_sites, np.inf)
    for name, part in sorted(share.items()):
        sites = np.flatnonzero(labels == name)
        held = round(part * len(sites))
        if held == len(sites):
            joined[sites] = 0.0
        elif held:
            joined[random.permutation(sites)] = np.arange(1, len(sites) + 1) / held
    return Drawn(tetrahedra, joined)


def given_cell(tetrahedra: Tetrahedra, is_open: NDArray[np.bool_]) -> Drawn:
    """A cell as it is; ``is_open`` are the sites of the working ion, shape (n_sites,)."""
    return Drawn(tetrahedra, np.where(is_open, 0.0, np.inf))


def content(value: float, x_fixed: float, shared: Sequence[tuple[float, float]]) -> float:
    """Content (ions per formula unit) at so many times that of the composition; a sublattice that is full stays full.

    Parameters
    ----------
    value
        In units of the content of the composition.
    x_fixed
        Content on sublattices that are full of the working ion.
    shared
        Sites per formula unit of each other sublattice, and the share of them that is the working ion's.
    """
    return x_fixed + sum(multiplicity * min(value * share, 1.0) for multiplicity, share in shared)


def mean_channels(
    cells: Sequence[Sequence[ChannelNetDoc]], x_fixed: float, shared: Sequence[tuple[float, float]]
) -> list[ChannelNetDoc]:
    """Means over cells, with standard deviations where there are two and more.

    Parameters
    ----------
    cells
        Nets of each cell, in the same order.
    x_fixed, shared
        As of `content`.
    """
    found = []
    for nets in zip(*cells, strict=True):
        shares = [net.share for net in nets]
        thresholds = [content(net.threshold_x, x_fixed, shared) for net in nets if net.threshold_x is not None]
        all_cross = bool(shared) and len(thresholds) == len(nets)
        found.append(
            ChannelNetDoc(
                blocking=nets[0].blocking,
                tetrahedra=float(np.mean([net.tetrahedra for net in nets])),
                share=float(np.mean(shares)),
                share_sd=mean_and_sd(shares)[1],
                directions=min(net.directions for net in nets),
                threshold_x=float(np.mean(thresholds)) if all_cross else None,
                threshold_x_sd=mean_and_sd(thresholds)[1] if all_cross else None,
            )
        )
    return found
