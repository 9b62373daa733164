"""One path between two cells: a nudged elastic band with its saddle."""

from __future__ import annotations

from pydantic import Field
from pymatgen.core import Structure

from hebe.schemas.base import Status
from hebe.schemas.task import TaskDoc


class PathDoc(TaskDoc):
    """Energies and geometry along a path, ends included.

    ``energies_eV`` are of the whole cell, ``lengths_A`` distances from the start along the path. ``barrier_eV`` is the
    highest point above the start, ``backward_eV`` above the end, ``bound_eV`` the height of the first images above the
    start. ``saddle`` is the number of the climbing image, None where none lies above both ends; ``resting`` those of
    images at which the path rests between two steps, each of which has as many images as a path of one.
    ``residual_eV_per_A`` is the largest force across the path, ``ends_residual_eV_per_A`` on the ends.
    ``moment_change`` (Bohr magnetons) is the largest change of the moment of a site along the path: where it is large
    an electron hops too. ``too_high``: the first images lie above the limit that was asked for and were not relaxed, so
    that there is a bound and no barrier.
    """

    key: str = ""
    engine: str = ""
    energy_scale: str = ""
    task: str = "path"
    status: Status = "converged"
    energies_eV: list[float] = Field(default_factory=list)
    lengths_A: list[float] = Field(default_factory=list)
    images: list[Structure] = Field(default_factory=list)
    barrier_eV: float | None = None
    backward_eV: float | None = None
    bound_eV: float | None = None
    saddle: int | None = None
    resting: list[int] = Field(default_factory=list)
    residual_eV_per_A: float | None = None
    ends_residual_eV_per_A: float | None = None
    moment_change: float | None = None
    too_high: bool = False

    @property
    def usable(self) -> bool:
        """Whether analyses may use the barrier."""
        return self.status == "converged" and self.barrier_eV is not None
