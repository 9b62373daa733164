"""One run of molecular dynamics: its temperature and energy, and how far ions moved."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document, Status
from hebe.schemas.task import TaskDoc


class DiffusionDoc(Document):
    """Tracer diffusion of the ions of an element; see `hebe.science.transport.diffusion.Diffusion`."""

    element: str
    jump_A: float
    n_ions: int
    n_jumps: int
    msd_A2: float
    d_cm2_per_s: float | None = None
    se_cm2_per_s: float | None = None
    bound_cm2_per_s: float | None = None


class DistancesDoc(Document):
    """Self part of the van Hove function at a lag: ``4 pi r^2 G_s`` (1/A) at distances (A), whose integral is one."""

    lag_ps: float
    distances_A: list[float]
    density_per_A: list[float]


class ResidenceDoc(Document):
    """Sites of one sublattice and environment (``kind``, as ``A: 6 Co``): their number and the mean ions on one."""

    kind: str
    n_sites: int
    occupancy: float


class MotionDoc(Document):
    """How ions moved in a run, against the framework.

    ``msd_A2`` and ``collective_msd_A2`` (A^2, that of all ions together over their number) belong to ``lags_ps``.
    ``tracer_block_se_cm2_per_s`` is the standard error of the mean slope of single ions over ten blocks of the run,
    ``collective_cm2_per_s`` the coefficient of all ions together with its own, None where there are no blocks.
    ``between`` is the share of time that ions are on no site.
    """

    lags_ps: list[float] = Field(default_factory=list)
    msd_A2: list[float] = Field(default_factory=list)
    collective_msd_A2: list[float] = Field(default_factory=list)
    tracer_block_se_cm2_per_s: float | None = None
    collective_cm2_per_s: float | None = None
    collective_se_cm2_per_s: float | None = None
    van_hove: list[DistancesDoc] = Field(default_factory=list)
    sites: list[ResidenceDoc] = Field(default_factory=list)
    between: float | None = None


class FrameworkDoc(Document):
    """What does not diffuse; see `hebe.science.transport.framework.Framework`."""

    n_atoms: int
    neighbour_A: float
    lindemann: float
    growth: float
    n_away: int
    melted: bool


class TrajectoryDoc(Document):
    """Positions (A, not wrapped, to 0.001 A) of all atoms at some times (fs), shape (frames, n, 3)."""

    times_fs: list[float]
    positions_A: list[list[list[float]]]


class DynamicsDoc(TaskDoc):
    """A run of molecular dynamics.

    ``temperature_K``, ``temperature_sd_K``, ``potential_eV`` and ``diffusion`` are of the frames after the first fifth;
    of a canonical run the square of the second is ``2 T^2 / degrees``. ``drift_meV_per_atom_per_ps`` is the slope of
    the total energy, which only a run without thermostat conserves. Frames are in ``frames.jsonl`` of ``run_dir``:
    step, potential and kinetic energy (eV), positions (A), and the scale of all lengths in a run at a pressure, whose
    positions are in the lattice of the start. ``volume_A3`` is the mean of such a run, ``volume_sd_A3`` its deviation.

    ``taken_out`` ions were taken out of each of the ``repeats`` of the cell before; ``topology`` is the verdict on the
    mean structure of the last fifth, ``warnings`` say why the run is none of the crystal at its temperature.
    """

    key: str = ""
    engine: str = ""
    energy_scale: str = ""
    task: str = "dynamics"
    status: Status = "converged"
    time_fs: float = 0.0
    n_frames: int = 0
    degrees: int = 0
    temperature_K: float | None = None
    temperature_sd_K: float | None = None
    potential_eV: float | None = None
    drift_meV_per_atom_per_ps: float | None = None
    diffusion: DiffusionDoc | None = None
    volume_A3: float | None = None
    volume_sd_A3: float | None = None
    taken_out: int = 0
    repeats: tuple[int, int, int] = (1, 1, 1)
    motion: MotionDoc | None = None
    framework: FrameworkDoc | None = None
    topology: str | None = None
    trajectory: TrajectoryDoc | None = None
    warnings: list[str] = Field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether it came to its end and says how ions moved."""
        return self.status == "converged" and self.diffusion is not None
