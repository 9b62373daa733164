"""Runs GPAW under whatever Python has it: a script of its own that needs numpy, ase and gpaw, nothing of this package.

``worker.py`` reads requests as lines of JSON on its standard input and answers each with a line that has `MARK` first.
``worker.py REQUEST ANSWER`` works off one request from a file. ``worker.py --probe`` says what is installed. It ends
with its standard input, even in the middle of a calculation, so that it never outlives who started it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import queue
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

MARK = "@answer "
_BETWEEN_CHECKPOINTS_S = 600.0
_ADJUSTABLE = ("mixer", "maxiter", "occupations", "eigensolver", "convergence")


class _CutError(Exception):
    """The time of this attempt is over; a checkpoint was written."""


class Evaluator:
    """Keeps a calculator warm between requests.

    Where only positions or what belongs to the self-consistency changed, wave functions and density go on from
    where they are; another cell is a new calculation with a basis of its own.
    """

    def __init__(self) -> None:
        self._calculator: Any = None
        self._atoms: Any = None
        self._parameters: dict[str, Any] = {}
        self._limit: dict[str, Any] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request: results, or what went wrong, as plain data."""
        started = _cpu_seconds()
        try:
            found = self._evaluate(request)
        except _CutError:
            found = {"error": "cut", "message": "the time was over; a checkpoint was written"}
        except MemoryError as err:
            self._forget()
            found = {"error": "memory", "message": f"out of memory {err}".strip()}
        except Exception as err:  # noqa: BLE001 - GPAW raises what it likes; whoever asked must hear of it
            kind = "scf" if type(err).__name__ in ("KohnShamConvergenceError", "ConvergenceError") else "other"
            if kind == "other":
                self._forget()
            found = {"error": kind, "message": f"{type(err).__name__}: {err}"}
        found["id"] = request["id"]
        mpi = sys.modules.get("gpaw.mpi")
        found["cpu_s"] = (_cpu_seconds() - started) * (mpi.world.size if mpi else 1)
        found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return found

    def _evaluate(self, request: dict[str, Any]) -> dict[str, Any]:
        atoms = _atoms(request["atoms"])
        self._limit = {"left_s": request.get("left_s"), "since": time.monotonic(), "written": time.monotonic()}
        self._prepare(atoms, request)
        try:
            return self._results(atoms)
        except (ValueError, RuntimeError, AssertionError) as err:
            # symmetry that was found at the start and is lost to rounding on the way
            if "symmetry" not in str(err).lower():
                raise
            self._new(atoms, request)
            return self._results(atoms)

    def _prepare(self, atoms: Any, request: dict[str, Any]) -> None:
        parameters = request["parameters"]
        same = self._calculator is not None and _same_crystal(self._atoms, atoms)
        changed = {key for key in {*parameters, *self._parameters} if parameters.get(key) != self._parameters.get(key)}
        if not same or not changed.issubset(_ADJUSTABLE):
            self._new(atoms, request)
        elif changed:
            try:
                self._calculator.set(**{key: parameters[key] for key in changed if key in parameters})
                self._parameters = parameters
            except Exception:  # noqa: BLE001 - versions differ in what can be changed
                self._new(atoms, request)
        self._atoms = atoms.copy()
        atoms.calc = self._calculator

    def _new(self, atoms: Any, request: dict[str, Any]) -> None:
        import gpaw

        self._forget()
        checkpoint, parameters = request.get("checkpoint"), request["parameters"]
        if checkpoint:
            self._calculator = _restored(checkpoint, atoms, request)
        if self._calculator is None:
            self._calculator = gpaw.GPAW(txt=request["log"], **parameters)
        self._parameters, self._atoms = parameters, atoms.copy()
        atoms.calc = self._calculator
        if hasattr(self._calculator, "attach"):
            self._calculator.attach(self._look, 1, self._calculator, checkpoint)

    def _look(self, calculator: Any, checkpoint: str | None) -> None:
        """Look at the clock, once an iteration."""
        limit, now = self._limit, time.monotonic()
        over = limit["left_s"] is not None and now - limit["since"] > limit["left_s"]
        if checkpoint and (over or now - limit["written"] > _BETWEEN_CHECKPOINTS_S):
            part = checkpoint + ".part.gpw"
            calculator.write(part, mode="all")
            if _is_master():
                Path(checkpoint + ".json").write_text(json.dumps(self._parameters))
                Path(part).replace(checkpoint)
            limit["written"] = time.monotonic()
        if over and not _converged(calculator):
            raise _CutError

    def _results(self, atoms: Any) -> dict[str, Any]:
        calculator = self._calculator
        energy = float(atoms.get_potential_energy())
        found = {
            "energy": energy,
            "free_energy": float(atoms.get_potential_energy(force_consistent=True)),
            "forces": atoms.get_forces().tolist(),
            "stress": atoms.get_stress(voigt=False).tolist(),
            "iterations": int(calculator.get_number_of_iterations()),
            "n_kpts": len(calculator.get_ibz_k_points()),
        }
        gap = _band_gap(calculator)
        if gap is not None:
            found["band_gap"] = gap
        if hasattr(getattr(calculator, "wfs", None), "kpt_u"):  # another version of GPAW keeps them elsewhere
            found["projected"] = _projected(calculator)
        if calculator.get_number_of_spins() == 2:
            found["moment"] = float(atoms.get_magnetic_moment())
            found["magmoms"] = [float(m) for m in atoms.get_magnetic_moments()]
        return found

    def _forget(self) -> None:
        self._calculator, self._atoms, self._parameters = None, None, {}


def probe() -> dict[str, Any]:
    """What is installed: versions and the folder and fingerprint of the PAW data sets."""
    import ase
    import gpaw

    folders = [str(path) for path in gpaw.setup_paths if Path(str(path)).is_dir()]
    digest, names = hashlib.sha256(), set()
    for folder in folders:
        for file in sorted(Path(folder).glob("*.PBE*")):
            symbol = file.name.split(".")[0]
            if file.name.removesuffix(".gz") == symbol + ".PBE" and symbol not in names:
                names.add(symbol)
                content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
                digest.update((symbol + ".PBE").encode() + hashlib.sha256(content).digest())
    return {
        "gpaw": gpaw.__version__,
        "ase": ase.__version__,
        "python": sys.version.split()[0],
        "folders": folders,
        "elements": sorted(names),
        "fingerprint": digest.hexdigest()[:16],
    }


def serve() -> NoReturn:
    """Answer requests until the standard input ends."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    if _is_master():
        threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    evaluator = Evaluator()
    while True:
        request = _shared(lines.get() if _is_master() else None)
        answer = evaluator.answer(json.loads(request))
        if _is_master():
            print(MARK + json.dumps(answer), flush=True)  # noqa: T201 - this is the protocol


def once(request_file: str, answer_file: str) -> int:
    """Work off the request of a file; names of files in it count from the working folder.

    Parameters that stand in it as ``first`` lead to the density from which the calculation starts.
    """
    evaluator, request = Evaluator(), json.loads(Path(request_file).read_text())
    answer = {}
    if "first" in request:
        answer = evaluator.answer({**request, "parameters": request["first"]})
    if "error" not in answer:
        answer = evaluator.answer(request)
    if _is_master():
        part = Path(str(answer_file) + ".part")
        part.write_text(json.dumps(answer))
        part.replace(answer_file)
    return 1 if "error" in answer else 0


def _listen(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _world() -> Any:
    from gpaw.mpi import world

    return world


def _is_master() -> bool:
    return bool(_world().rank == 0)


def _shared(text: str | None) -> str:
    world = _world()
    if world.size == 1:
        return str(text)
    from gpaw.mpi import broadcast

    return str(broadcast(text, 0, world))


def _atoms(given: dict[str, Any]) -> Any:
    from ase import Atoms

    atoms = Atoms(numbers=given["numbers"], positions=given["positions"], cell=given["cell"], pbc=True)
    if given.get("magmoms") is not None:
        atoms.set_initial_magnetic_moments(given["magmoms"])
    return atoms


def _same_crystal(one: Any, other: Any) -> bool:
    return bool(
        len(one) == len(other)
        and (one.numbers == other.numbers).all()
        and (abs(one.cell.array - other.cell.array) < 1e-12).all()
        and (one.get_initial_magnetic_moments() == other.get_initial_magnetic_moments()).all()
    )


def _restored(checkpoint: str, atoms: Any, request: dict[str, Any]) -> Any:
    """Calculator of a checkpoint, if it is of this crystal with these settings; None otherwise."""
    import gpaw

    described = Path(checkpoint + ".json")
    if not (Path(checkpoint).is_file() and described.is_file()):
        return None
    found, wanted = json.loads(described.read_text()), request["parameters"]
    if any(found.get(key) != wanted.get(key) for key in {*found, *wanted} - set(_ADJUSTABLE)):
        return None
    try:
        calculator = gpaw.GPAW(checkpoint, txt=request["log"])
        if not _same_crystal(calculator.get_atoms(), atoms):
            return None
        calculator.set(**{key: wanted[key] for key in _ADJUSTABLE if wanted.get(key) != found.get(key)})
    except Exception:  # noqa: BLE001 - a file that was cut off, or of another version: start afresh
        return None
    return calculator


def _band_gap(calculator: Any) -> float | None:
    """Gap (eV) on the mesh of k points, 0 for metals; None where all bands are filled, which tells nothing."""
    from ase.dft.bandgap import bandgap

    try:
        return float(bandgap(calculator, output=None)[0])
    except ValueError:
        return None


def _projected(calculator: Any) -> dict[str, Any]:
    """States and what the augmentation spheres hold of them by element and angular momentum; energies in eV."""
    import numpy as np
    from ase.units import Hartree

    wfs = calculator.wfs
    shape = (wfs.kd.nspins, wfs.kd.nibzkpts, wfs.bd.nbands)
    norms = {setup.symbol: _norms(setup) for setup in wfs.setups}
    energies, occupied = np.zeros(shape), np.zeros(shape)
    weights = {symbol: {momentum: np.zeros(shape) for momentum in found} for symbol, found in norms.items()}
    for state in wfs.kpt_u:
        here = (state.s, state.k, wfs.bd.get_slice())
        if wfs.gd.comm.rank == 0:  # atoms are divided among these processes, states are not
            energies[here], occupied[here] = state.eps_n * Hartree, state.f_n
        for atom, projections in state.projections.items():
            symbol = wfs.setups[atom].symbol
            for momentum, (own, norm, _) in norms[symbol].items():
                part = projections[:, own]
                weights[symbol][momentum][here] += np.einsum("ni,ij,nj->n", part.conj(), norm, part).real
    for array in (energies, occupied, *(part for parts in weights.values() for part in parts.values())):
        wfs.world.sum(array)
    return {
        "energies": energies.tolist(),
        "occupied": occupied.tolist(),
        "weights": {symbol: {m: part.tolist() for m, part in parts.items()} for symbol, parts in weights.items()},
        "orbitals": {s: {m: bound for m, (_, _, bound) in f.items() if bound is not None} for s, f in norms.items()},
        "fermi": float(calculator.get_fermi_level()),
    }


def _norms(setup: Any) -> dict[int, tuple[list[int], Any, float | None]]:
    """Angular momentum -> its projectors, overlaps of their partial waves in the sphere, share of the bound orbital."""
    import numpy as np

    momenta = [momentum for momentum in setup.l_j for _ in range(2 * momentum + 1)]
    bound = [n > 0 for n, momentum in zip(setup.n_j, setup.l_j, strict=True) for _ in range(2 * momentum + 1)]
    full = np.zeros((len(momenta), len(momenta)))
    full[np.triu_indices(len(momenta))] = setup.N0_p
    full = full + full.T - np.diag(full.diagonal())
    found = {}
    for momentum in sorted(set(momenta)):
        own = [i for i, other in enumerate(momenta) if other == momentum]
        last = [i for i in own if bound[i]]
        found[momentum] = (own, full[np.ix_(own, own)], float(full[last[-1], last[-1]]) if last else None)
    return found


def _converged(calculator: Any) -> bool:
    return bool(getattr(getattr(calculator, "scf", None), "converged", False))


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main(arguments: list[str]) -> int:
    """Start what the command line asks for."""
    if arguments == ["--probe"]:
        print(MARK + json.dumps(probe()))  # noqa: T201 - this is the protocol
        return 0
    if arguments:
        return once(*arguments)
    return serve()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
