"""One run of molecular dynamics: its temperature and energy, and how far ions moved."""

from __future__ import annotations

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


class DynamicsDoc(TaskDoc):
    """A run of molecular dynamics.

    ``temperature_K``, ``temperature_sd_K``, ``potential_eV`` and ``diffusion`` are of the frames after the first fifth;
    of a canonical run the square of the second is ``2 T^2 / degrees``. ``drift_meV_per_atom_per_ps`` is the slope of
    the total energy, which only a run without thermostat conserves. Frames are in ``frames.jsonl`` of ``run_dir``:
    step, potential and kinetic energy (eV), positions (A).
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
