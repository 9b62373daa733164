"""Shapes of polyhedra, layers and local strain of one configuration over x."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class SpeciesShape(Document):
    """Polyhedra of one element of a mixed sublattice: lengths in A, angle variance in degrees^2; means over its sites.

    Octahedra alone have an angle variance, an elongation and an axis ratio (longest axis by the mean of the others).
    """

    element: str
    sublattice: str
    n: int
    length_A: float
    length_sd_A: float
    distortion: float
    angle_variance_deg2: float | None = None
    elongation: float | None = None
    axis_ratio: float | None = None


class LocalState(Document):
    """One x: polyhedra by element, spread of all bonds (A), and strain of the surroundings of the cations.

    ``bond_spread_A`` is the standard deviation of all bonds of the mixed sublattices. ``strain_rms`` and ``strain_max``
    are of the local strain (von Mises) relative to the as-made cell, ``volume_strain_sd`` the standard deviation over
    the sites of the relative change of volume. ``slab_A`` and ``gap_A`` are those of layered hosts.
    """

    x: float
    species: list[SpeciesShape] = Field(default_factory=list)
    bond_spread_A: float | None = None
    angle_variance_deg2: float | None = None
    strain_rms: float | None = None
    strain_max: float | None = None
    volume_strain_sd: float | None = None
    slab_A: float | None = None
    gap_A: float | None = None
    calculation: str | None = None


class LocalStructureDoc(ResultDoc):
    """Local structure of one configuration: states of the host, highest x first; what is ranked of the as-made one.

    ``local_strain`` is the largest root mean square of the states of the window, ``slab_A`` and ``gap_A`` are of the
    as-made cell, ``gap_change`` is the largest relative change of the gap between slabs, with its sign.
    """

    states: list[LocalState] = Field(default_factory=list)
    bond_spread_A: float | None = None
    angle_variance_deg2: float | None = None
    local_strain: float | None = None
    slab_A: float | None = None
    gap_A: float | None = None
    gap_change: float | None = None
