"""What VASP needs for a stage of a campaign: POTCARs of all its elements, and memory for its largest cell."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Final

from hebe.config.engines.vasp import vasp_tables
from hebe.engines.examination import Finding
from hebe.engines.vasp.inputs import cutoff_eV, definition
from hebe.engines.vasp.potcars import ADVICE, data_set
from hebe.exceptions import EngineError, HebeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.config.engines.vasp import VaspChoice
    from hebe.engines.examination import Need

_ATOM_VOLUME_A3: Final = 11.0
"""Volume (A^3) of an atom in an oxide of transition metals."""
_ELECTRONS_PER_ATOM: Final = 8.0
_RYDBERG_A2: Final = 3.80998
"""hbar^2 / 2m in eV A^2."""
_COEFFICIENT_BYTES: Final = 16
_SPINS: Final = 2
_ATOMS_PER_CATION: Final = 4


def examine(choice: VaspChoice, need: Need) -> Iterator[Finding]:
    """POTCARs and memory of a stage, and the program that partitions charges where it is asked for."""
    yield _potcars(choice, need)
    yield _memory(choice, need)
    if choice.settings.bader:
        yield _bader(need.stage)


def _potcars(choice: VaspChoice, need: Need) -> Finding:
    name = f"POTCARs of stage {need.stage}"
    try:
        asked = definition(choice)
    except HebeError as err:
        return Finding(name, "absent", str(err))
    functional = asked["potcar_functional"]
    sets, lacking, unknown = [], {}, []
    for symbol in sorted(asked["potcars"].get(element, element) for element in need.elements):
        try:
            found = data_set(symbol, functional)
        except EngineError as err:
            lacking[symbol] = err.reason.removesuffix(f"; {ADVICE}")
        else:
            sets.append(found)
            unknown += [] if found.known else [symbol]
    if lacking:
        detail = f"{', '.join(lacking)} of {functional} cannot be used: {next(iter(lacking.values()))}"
        return Finding(name, "failed", detail, ADVICE)
    hint = f"; not those that pymatgen knows: {', '.join(unknown)}" if unknown else ""
    return Finding(name, "ok", f"{functional}: {', '.join(one.symbol for one in sets)}{hint}")


def _bader(number: int) -> Finding:
    found = shutil.which("bader")
    if found is None:
        advice = "get bader from https://theory.cm.utexas.edu/henkelman/code/bader/ and put it on the path"
        return Finding(f"charges of stage {number}", "absent", "there is no program bader", advice, needed=False)
    return Finding(f"charges of stage {number}", "ok", found, needed=False)


def memory_gb(n_atoms: int, cutoff_eV: float, k_points: int) -> float:
    """Memory (10^9 bytes) of one calculation, all its processes together; good to a factor of two.

    Plane waves of a sphere with the radius of the cut-off, ``V k^3 / 6 pi^2``, for bands that hold the electrons and a
    fifth more, at all k points and both spins, three times over for work arrays.
    """
    waves = n_atoms * _ATOM_VOLUME_A3 * (cutoff_eV / _RYDBERG_A2) ** 1.5 / (6 * math.pi**2)
    bands = 1.2 * n_atoms * _ELECTRONS_PER_ATOM / 2
    coefficients = waves * bands * k_points * _SPINS
    return float(vasp_tables().memory.factor * coefficients * _COEFFICIENT_BYTES / 1e9)


def _memory(choice: VaspChoice, need: Need) -> Finding:
    """Estimate beside what the queue gives."""
    name = f"memory of stage {need.stage}"
    atoms = _ATOMS_PER_CATION * need.cations
    points = max(1, round(64 * (2 * math.pi) ** 3 / (_ATOM_VOLUME_A3 * atoms)))
    try:
        estimate = memory_gb(atoms, cutoff_eV(choice), points)
    except HebeError as err:
        return Finding(name, "absent", str(err))
    detail = f"about {estimate:.1f} GB for {atoms} atoms at {points} k points"
    if need.memory_MB is None:
        return Finding(name, "ok", detail, needed=False)
    given = need.memory_MB / 1e3
    detail += f", {given:.1f} GB asked for"
    if given < estimate:
        advice = "ask for more memory in cluster.resources, or set incar: {KPAR: 1, NCORE: ...}"
        return Finding(name, "failed", detail, advice, needed=False)
    return Finding(name, "ok", detail, needed=False)
