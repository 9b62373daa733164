"""Do intervals of a diffusion coefficient hold the true one? Hebe's beside kinisi's, on trajectories of known answer.

    python -m venv peers && peers/bin/pip install -c constraints.txt -e . kinisi
    OMP_NUM_THREADS=1 peers/bin/python benchmarks/diffusion_peers.py [--replicas 200] [--case NAME] [--jumps 10 50]

Frames are those of a run of 50 ps without its first fifth. ``walkers`` jump independently of each other on a simple
cubic lattice, D = rate a^2 / 6; ``vibrating`` ones have an Ornstein-Uhlenbeck process about their sites, as have all
that follow. ``fours`` make each jump with three others. ``vacancy`` and ``fifth`` are lattice gases, an ion jumps only
onto an empty site: one of 27, or 25 of 125; their D is that of a run so long that its error is 0.2 %.

Hebe's coefficient is the one of the analysis ``diffusion``, with its interval, where it tells one, else its upper
limit. kinisi's is the median of its posterior and the middle 95 %, with a hundred lags evenly over the run and
``start_dt`` at the first lag that Hebe uses (``--begin 0.01``: at 1 % of the run); it is judged on the runs that Hebe
tells, and on the others apart.

Covered: share of the runs whose interval holds the true D, with its standard error. Width: median of the interval's
over the true D. Bias: of the mean estimate, with its standard error. Times are CPU seconds per run. Where kinisi is not
installed its rows are left out, and said to be; ``--default-lags N`` has kinisi take all lags, as it does unless it is
told otherwise, on N runs, which takes minutes each. All of it takes an hour with kinisi, two minutes without.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.schemas.dynamics import DiffusionDoc, MotionDoc
from hebe.science.compiled import allocating
from hebe.science.transport.collective import block_estimate
from hebe.science.transport.diffusion import A2_PER_FS_IN_CM2_PER_S, LAGS, diffusion, square_displacements
from hebe.science.transport.diffusion_document import tracer_estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Array = NDArray[np.float64]

FRAMES: Final = 2000
STEP_FS: Final = 20.0
TIME_FS: Final = (FRAMES - 1) * STEP_FS
DISTANCE: Final = 3.0
"""A, between sites."""
JUMPS: Final = (0.5, 2.0, 10.0, 50.0)
"""Per ion in a run."""
_AMPLITUDE: Final = 0.25
"""A, standard deviation of a vibration along an axis."""
_MEMORY: Final = float(np.exp(-STEP_FS / 100.0))
"""Of a vibration from frame to frame, which forgets in 100 fs."""
_DIRECTIONS: Final = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], dtype=np.int64)
_LONG: Final = 500_000
"""Jumps of all ions in each run that gives the coefficient of a lattice gas."""
_LONG_RUNS: Final = 20
_PEER_LAGS: Final = 100


@dataclass(frozen=True)
class Found:
    """A coefficient and the ends of its interval (cm^2/s), and the CPU seconds that it took; a limit has no value."""

    value: float | None
    low: float
    high: float
    cpu_s: float


@dataclass(frozen=True)
class Case:
    """So many ions, in groups that make the same jumps, or on a lattice with so many sites along each edge."""

    ions: int
    together: int = 1
    edge: int = 0
    vibrate: bool = True

    def run(self, jumps: float, random: np.random.Generator) -> Array:
        """A trajectory (A) of so many jumps per ion, shape (frames, ions, 3)."""
        if self.edge:
            places = gas(self.edge, self.ions, jumps, FRAMES, random)
        else:
            places = np.repeat(walk(self.ions // self.together, jumps, random), self.together, axis=1)
        return DISTANCE * places + (vibration(self.ions, random) if self.vibrate else 0.0)

    def known(self, jumps: float) -> float:
        """The true coefficient (cm^2/s)."""
        free = jumps / TIME_FS * DISTANCE**2 / 6 * A2_PER_FS_IN_CM2_PER_S
        return free * (correlation(self.edge, self.ions) if self.edge else 1.0)


CASES: Final = {
    "walkers": Case(24, vibrate=False),
    "vibrating": Case(24),
    "hundred": Case(100),
    "fours": Case(24, together=4),
    "vacancy": Case(26, edge=3),
    "fifth": Case(100, edge=5),
}


def walk(ions: int, jumps: float, random: np.random.Generator) -> Array:
    """Independent walks, in units of the lattice, shape (frames, ions, 3)."""
    steps = np.zeros((FRAMES, ions, 3))
    number = random.poisson(jumps * ions)
    where = random.integers(1, FRAMES, number), random.integers(ions, size=number)
    np.add.at(steps, where, _DIRECTIONS[random.integers(6, size=number)])
    return np.cumsum(steps, axis=0)


def vibration(ions: int, random: np.random.Generator) -> Array:
    """Ornstein-Uhlenbeck processes (A), shape (frames, ions, 3)."""
    found = random.normal(scale=_AMPLITUDE, size=(FRAMES, ions, 3))
    for frame in range(1, FRAMES):
        found[frame] = _MEMORY * found[frame - 1] + np.sqrt(1 - _MEMORY**2) * found[frame]
    return found


def gas(edge: int, ions: int, jumps: float, frames: int, random: np.random.Generator) -> Array:
    """Ions of a periodic simple cubic lattice gas, in units of the lattice, from equilibrium, shape (frames, ions, 3).

    Attempts are of a random vacancy in a random direction; one that finds another vacancy there is in vain.
    """
    sites = edge**3
    empty = random.permutation(sites)[: sites - ions]
    in_vain = (len(empty) - 1) / (sites - 1)
    counts = random.poisson(jumps * ions / (1 - in_vain) / (frames - 1), frames - 1)
    picks = random.integers(len(empty), size=counts.sum()), random.integers(6, size=counts.sum())
    return _exchange(edge, empty.astype(np.int64), counts, *picks, _DIRECTIONS)


@allocating
def _exchange(
    edge: int,
    empty: NDArray[np.int64],
    counts: NDArray[np.int64],
    which: NDArray[np.int64],
    way: NDArray[np.int64],
    directions: NDArray[np.int64],
) -> Array:
    """Let vacancies change places with ions, so many times before each frame but the first."""
    sites = edge**3
    holds = np.zeros(sites, dtype=np.int64)
    for one in empty:
        holds[one] = -1
    ions = 0
    for site in range(sites):
        if holds[site] == 0:
            holds[site] = ions
            ions += 1
    places, now, event = np.zeros((len(counts) + 1, ions, 3)), np.zeros((ions, 3)), 0
    for frame in range(len(counts)):
        for _ in range(counts[frame]):
            hole, step = empty[which[event]], directions[way[event]]
            x, y, z = hole // edge**2, hole // edge % edge, hole % edge
            beside = ((x + step[0]) % edge * edge + (y + step[1]) % edge) * edge + (z + step[2]) % edge
            ion = holds[beside]
            if ion >= 0:
                now[ion] -= step
                holds[hole], holds[beside], empty[which[event]] = ion, -1, beside
            event += 1
        places[frame + 1] = now
    return places


_KNOWN: Final = dict[tuple[int, int], float]()


def correlation(edge: int, ions: int) -> float:
    """Tracer coefficient of a lattice gas over that of free ions with as many jumps, from a long run."""
    if (edge, ions) not in _KNOWN:
        length, random, slopes = _LONG // ions, np.random.default_rng(edge), list[float]()
        for _ in range(_LONG_RUNS):
            moved = gas(edge, ions, float(length), 2 * length + 1, random)
            short, long = square_displacements(moved, [20, 60]).mean(axis=1)  # 10 and 30 jumps per ion
            slopes.append(float(long - short) / 20)
        error = float(np.std(slopes, ddof=1) / np.sqrt(_LONG_RUNS))
        _KNOWN[edge, ions] = float(np.mean(slopes))
        print(f"{ions} ions on {edge**3} sites: correlation factor {np.mean(slopes):.4f} ± {error:.4f}")
    return _KNOWN[edge, ions]


def own(moved: Array) -> Found:
    """What the analysis says."""
    start = time.process_time()
    told = diffusion(moved, TIME_FS, range(moved.shape[1]), DISTANCE)
    blocks = block_estimate(moved, TIME_FS)
    motion = MotionDoc(tracer_block_se_cm2_per_s=None if blocks is None else blocks.error)
    document = DiffusionDoc(element="Li", jump_A=DISTANCE, **vars(told))
    tracer = tracer_estimate(document, motion)
    cpu = time.process_time() - start
    if tracer is None:
        return Found(None, 0.0, told.bound_cm2_per_s or np.inf, cpu)
    return Found(tracer.value, *tracer.interval, cpu)


def kinisi(moved: Array, lags: int = _PEER_LAGS, begin: float = LAGS[0]) -> Found:
    """What kinisi says."""
    import scipp
    from kinisi.diffusion import Diffusion
    from kinisi.displacement import calculate_msd
    from kinisi.parser import Parser

    frames, ions = moved.shape[:2]
    edge = 1e4  # so large that nothing is wrapped
    start = time.process_time()
    every = np.unique(np.round(np.linspace(1, frames - 1, lags)))
    parsed = Parser(
        scipp.array(dims=["time", "particle", "dimension"], values=moved / edge + 0.5),
        scipp.array(dims=["time", "row", "column"], values=np.tile(edge * np.eye(3), (frames, 1, 1)), unit="angstrom"),
        scipp.scalar(STEP_FS, unit="fs"),
        scipp.scalar(1.0, unit="dimensionless"),
        dt=scipp.array(dims=["time interval"], values=every * STEP_FS, unit="fs"),
        specie_indices=scipp.array(dims=["particle"], values=np.arange(ions)),
        drift_indices=scipp.array(dims=["particle"], values=np.array([], dtype=np.int64)),
    )
    fitted = Diffusion(calculate_msd(parsed, progress=False))
    fitted._diffusion(scipp.scalar(begin * TIME_FS, unit="fs"), progress=False)  # noqa: SLF001 - what its front calls
    low, value, high = np.quantile(fitted.D.values, [0.025, 0.5, 0.975])
    return Found(float(value), float(low), float(high), time.process_time() - start)


@dataclass
class Score:
    """What was found in some runs, and the coefficient that is true."""

    known: float
    found: list[Found] = field(default_factory=list)

    def row(self, name: str) -> str:
        """One line of the table."""
        n = len(self.found)
        if not n:
            return f"    {name:18s} {0:4d}"
        low, high, cpu = np.array([(one.low, one.high, one.cpu_s) for one in self.found]).T
        share = float(((low <= self.known) & (self.known <= high)).mean())
        text = f"    {name:18s} {n:4d} {100 * share:9.1f} ± {100 * np.sqrt(share * (1 - share) / n):3.1f}"
        text += f" {float(np.median((high - low) / self.known)):7.2f}"
        values = np.array([one.value for one in self.found if one.value is not None]) / self.known - 1
        error = values.std() / np.sqrt(n) if len(values) else 0.0
        text += f" {100 * values.mean():+8.1f} ± {100 * error:3.1f}" if len(values) else f" {'':14s}"
        return f"{text} {cpu.mean():8.3f}"


def compare(name: str, jumps: float, replicas: int, peer: Callable[[Array], Found] | None) -> list[str]:
    """Rows of one case with so many jumps per ion."""
    case = CASES[name]
    known = case.known(jumps)
    scores = {
        one: Score(known)
        for one in ("Hebe", "kinisi", "Hebe, limit", "kinisi, untold")
        if peer is not None or not one.startswith("kinisi")
    }
    for seed in range(replicas):
        moved = case.run(jumps, np.random.default_rng([seed, round(10 * jumps)]))
        ours = own(moved)
        told = ours.value is not None
        scores["Hebe" if told else "Hebe, limit"].found.append(ours)
        if peer is not None:
            scores["kinisi" if told else "kinisi, untold"].found.append(peer(moved))
    head = f"{name}: {case.ions} ions, {jumps:g} jumps each, D = {known:.3g} cm2/s"
    return [head, *(score.row(one) for one, score in scores.items() if score.found)]


def all_lags(runs: int) -> str:
    """Kinisi with every lag beside a hundred of them."""
    ratios, seconds = [], []
    for seed in range(runs):
        moved = CASES["vibrating"].run(10.0, np.random.default_rng(seed))
        few, every = kinisi(moved), kinisi(moved, FRAMES - 1)
        ratios.append([every.value / few.value, (every.high - every.low) / (few.high - few.low)])  # type: ignore[operator]
        seconds.append(every.cpu_s)
    value, width = np.mean(ratios, axis=0)
    return (
        f"kinisi with all lags over a hundred: coefficient {value:.3f}, width {width:.3f}, {np.mean(seconds):.0f} CPU s"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replicas", type=int, default=200)
    parser.add_argument("--case", choices=list(CASES), nargs="+", default=list(CASES))
    parser.add_argument("--jumps", type=float, nargs="+", default=list(JUMPS))
    parser.add_argument("--no-kinisi", action="store_true")
    parser.add_argument("--begin", type=float, default=LAGS[0])
    parser.add_argument("--default-lags", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    there = importlib.util.find_spec("kinisi") is not None
    peer = partial(kinisi, begin=options.begin) if there and not options.no_kinisi else None
    if peer is None:
        why = "left out" if there else "not installed"
        print(f"kinisi is {why}: the rows 'kinisi' and 'kinisi, untold' are missing")
    print(f"    {'':18s} {'runs':>4s} {'covered %':>15s} {'width':>7s} {'bias %':>14s} {'CPU s':>8s}")
    for name in options.case:
        for jumps in options.jumps:
            print("\n".join(compare(name, jumps, options.replicas, peer)), flush=True)
    if there and options.default_lags:
        print(all_lags(options.default_lags))


if __name__ == "__main__":
    main()
