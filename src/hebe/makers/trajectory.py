"""What the document of a run of molecular dynamics says of its trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.engines.dynamics import Dynamics
from hebe.makers.reference import Reference
from hebe.schemas.dynamics import (
    DiffusionDoc,
    DistancesDoc,
    DynamicsDoc,
    FrameworkDoc,
    MotionDoc,
    ResidenceDoc,
    TrajectoryDoc,
)
from hebe.science.constants import BOLTZMANN
from hebe.science.transport.collective import block_estimate, curve_lags, together
from hebe.science.transport.diffusion import FEWEST_FRAMES, against_frame, diffusion, square_displacements
from hebe.science.transport.framework import watch_framework
from hebe.science.transport.residence import Sites, residence
from hebe.science.transport.run_faults import run_faults
from hebe.science.transport.van_hove import self_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hebe.engines.dynamics import Trajectory

    Array = NDArray[np.float64]

_SETTLED: Final = 0.2
_DISTANCES: Final = (0.05, 0.2)
"""Lags of distances, as shares of the run without its beginning."""
_KEPT_FRAMES: Final = 1000
_KEPT_POSITIONS: Final = 100_000
"""Of all atoms and frames: what is longer is no document for every store."""


@dataclass(frozen=True)
class Watched:
    """What is watched in a run.

    Parameters
    ----------
    task
        The run as it was asked for.
    reference
        Cell in which it began, against which its topology is judged.
    ions, element, jump
        Ions that diffuse, their element and the length (A) of their jumps; none where there are none.
    sites
        Sites that they can take.
    keep
        Whether the trajectory is kept.
    """

    task: Dynamics
    reference: Reference
    ions: Sequence[int]
    element: str
    jump: float
    sites: Sites | None = None
    keep: bool = False


def trajectory_payload(watched: Watched, found: Trajectory) -> Mapping[str, Any]:
    """Fields of the document that a trajectory fills; the first fifth of it, in which it settles, is left out."""
    settled = slice(int(_SETTLED * len(found.times)), None)
    fields: dict[str, Any] = {
        "time_fs": float(found.times[-1]),
        "n_frames": len(found.times),
        "degrees": found.degrees,
        "potential_eV": float(found.potential[settled].mean()),
        "volume_A3": float(found.start.volume),
    }
    if found.volumes is not None:
        volumes = found.volumes[settled]
        fields["volume_A3"], fields["volume_sd_A3"] = float(volumes.mean()), float(volumes.std())
    if found.degrees and len(found.times) > 1:
        temperatures = 2 * found.kinetic[settled] / (found.degrees * BOLTZMANN)
        fields["temperature_K"], fields["temperature_sd_K"] = float(temperatures.mean()), float(temperatures.std())
        slope = np.polyfit(found.times / 1000, found.total, 1)[0]
        fields["drift_meV_per_atom_per_ps"] = float(1000 * slope / len(found.start))
    times, positions = found.times[settled], found.positions[settled]
    if len(times) >= FEWEST_FRAMES:
        fields |= _framework(watched, found, positions)
        if watched.ions:
            fields |= _motion(watched, found, positions, float(times[-1] - times[0]))
    if watched.keep:
        fields["trajectory"] = _kept(found)
    fields["warnings"] = run_faults(DynamicsDoc(settings=dict(watched.task.identity()), **fields))
    return fields


def _framework(watched: Watched, found: Trajectory, positions: Array) -> dict[str, Any]:
    """What became of the atoms that do not diffuse, and the verdict on their mean places at the end."""
    frame = watch_framework(found.start, positions, watched.ions)
    if frame is None:
        return {}
    document = FrameworkDoc(
        n_atoms=frame.n_atoms,
        neighbour_A=frame.neighbour,
        lindemann=frame.lindemann,
        growth=frame.growth,
        n_away=frame.n_away,
        melted=frame.melted,
    )
    return {"framework": document, "topology": watched.reference.verdict(frame.late)}


def _motion(watched: Watched, found: Trajectory, positions: Array, time_fs: float) -> dict[str, Any]:
    """How the ions moved."""
    ions, frames = watched.ions, len(positions)
    moved = against_frame(positions, ions)
    step_ps = time_fs / (frames - 1) / 1000
    lags, whole = curve_lags(frames), together(moved)
    tracer, collective = block_estimate(moved, time_fs), block_estimate(whole, time_fs)
    motion = MotionDoc(
        lags_ps=[lag * step_ps for lag in lags],
        msd_A2=square_displacements(moved, lags).mean(axis=1).tolist(),
        collective_msd_A2=square_displacements(whole, lags).mean(axis=1).tolist(),
        tracer_block_se_cm2_per_s=None if tracer is None else tracer.error,
        collective_cm2_per_s=None if collective is None else collective.value,
        collective_se_cm2_per_s=None if collective is None else collective.error,
        van_hove=[_distances(moved, max(1, round(share * (frames - 1))), step_ps) for share in _DISTANCES],
        **_residence(watched, found, moved),
    )
    told = diffusion(positions, time_fs, ions, watched.jump, None if watched.sites is None else watched.sites.farthest)
    return {"motion": motion, "diffusion": DiffusionDoc(element=watched.element, jump_A=watched.jump, **asdict(told))}


def _distances(moved: Array, lag: int, step_ps: float) -> DistancesDoc:
    found = self_part(moved, lag)
    return DistancesDoc(
        lag_ps=lag * step_ps, distances_A=found.distances.tolist(), density_per_A=found.density.tolist()
    )


def _residence(watched: Watched, found: Trajectory, moved: Array) -> dict[str, Any]:
    """Occupancies of the sites, which move with the framework."""
    if watched.sites is None:
        return {}
    others = np.setdiff1d(np.arange(len(found.start)), watched.ions)
    origin = np.asarray(found.start.cart_coords)[others].mean(axis=0) if len(others) else np.zeros(3)
    one = residence(moved + origin, watched.sites, found.start.lattice)
    sites = [
        ResidenceDoc(kind=kind, n_sites=one.n_sites[kind], occupancy=value) for kind, value in one.occupancies.items()
    ]
    return {"sites": sites, "between": one.between}


def _kept(found: Trajectory) -> TrajectoryDoc:
    """Thinned trajectory, to 0.001 A."""
    most = max(1, min(_KEPT_FRAMES, _KEPT_POSITIONS // len(found.start)))
    thinned = slice(None, None, max(1, -(-len(found.times) // most)))
    return TrajectoryDoc(
        times_fs=found.times[thinned].tolist(), positions_A=np.round(found.positions[thinned], 3).tolist()
    )
