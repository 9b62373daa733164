"""Input folders written without running, and finished folders taken in: the same files, by hand or by a queue.

What is taken in must be the calculation that its key names: converged, of the same atoms, with the same tags, mesh and
data sets as Hebe would have written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.config.engines.vasp import vasp_tables
from hebe.engines.quiet import quiet
from hebe.engines.vasp.charges import charges_of
from hebe.engines.vasp.history import existing
from hebe.engines.vasp.inputs import IONS, RELAX, STATIC, Job, Ordered, input_set, ordered
from hebe.engines.vasp.potcars import missing
from hebe.engines.vasp.projections import projected_in
from hebe.engines.vasp.results import is_relaxed, read_folder, relaxation, titles
from hebe.exceptions import BadInputError, EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.engines.protocol import Relaxation
    from hebe.engines.vasp.engine import VaspEngine

RECORD: Final = "hebe.json"
_LAST_CHANGE: Final = 0.02
"""Change of volume in the last run up to which its plane waves count as those of the relaxed cell."""
_NUMBER_TOLERANCE: Final = 1e-6
_SAME_PLACE: Final = 2e-3
"""Distance (A) up to which places are the same; POSCAR may have been written with few digits."""
_TASKS: Final = {2: IONS, 3: RELAX}
"""Tasks by ISIF."""
_FIRST_LETTER: Final = ("LREAL", "PREC")
"""Tags of which VASP reads no more."""
_OUTPUT: Final = ("vasprun.xml", "OUTCAR", "CONTCAR")
_WORDS: Final = 200


@dataclass(frozen=True)
class Folder:
    """A folder of VASP and what it is about: ``facts`` are those that were written with the input."""

    path: Path
    job: Job
    start: Structure
    facts: dict[str, Any]


def write_folder(engine: VaspEngine, job: Job, structure: Structure, path: Path, facts: Mapping[str, Any]) -> list[str]:
    """Write INCAR, KPOINTS, POSCAR and POTCAR of a calculation, and what it is about.

    Parameters
    ----------
    facts
        More to remember: its key, its label.

    Returns
    -------
    list of str
        Symbols whose POTCAR is missing; without all of them ``POTCAR.spec`` lists the symbols instead.
    """
    cell = ordered(structure)
    made = input_set(engine.choice, job, cell)
    lacking = missing(made.potcar_symbols, str(made.user_potcar_functional))
    path.mkdir(parents=True, exist_ok=True)
    with quiet():
        made.write_input(str(path), potcar_spec=bool(lacking))
    content = {
        "facts": dict(facts),
        "task": job.task,
        "fmax": job.fmax,
        "structure": structure.as_dict(),
    }
    (path / RECORD).write_text(json.dumps(content, indent=1))
    return sorted(lacking)


def read_input(path: Path, fmax: float) -> Folder:
    """What a folder is about: by the record of `write_folder`, else by its POSCAR and INCAR.

    Parameters
    ----------
    fmax
        Largest force (eV/A) for folders without a record.

    Raises
    ------
    BadInputError
        If there is no input to read.
    """
    if (path / RECORD).is_file():
        return _recorded(path)
    with quiet():
        from pymatgen.io.vasp.inputs import Incar, Poscar

        try:
            structure = Poscar.from_file(existing(path, "POSCAR"), check_for_potcar=False).structure
            incar = Incar.from_file(existing(path, "INCAR"))
            moves, free = int(incar.get("NSW", 0)) > 0, int(incar.get("ISIF", 2))
        except Exception as err:
            raise BadInputError(f"no POSCAR and INCAR to read: {_line(err)}", file=path) from err
    if moves and free not in _TASKS:
        raise BadInputError(f"ISIF = {free} is no task of Hebe", file=path, suggestion="ISIF = 2 or 3")
    task = _TASKS[free] if moves else STATIC
    moments = incar.get("MAGMOM")
    if moments is not None and len(moments) == len(structure):
        structure.add_site_property("magmom", [float(m) for m in moments])
    return Folder(path, Job(task, fmax), structure, {})


def _recorded(path: Path) -> Folder:
    """What the record of `write_folder` says."""
    try:
        content = json.loads((path / RECORD).read_text())
        require_data(content["structure"], RECORD)
        job = Job(str(content["task"]), float(content["fmax"]))
        found = Folder(path, job, Structure.from_dict(content["structure"]), dict(content["facts"]))
    except Exception as err:
        reason = f"{RECORD} cannot be read: {_line(err)}"
        raise BadInputError(
            reason, file=path, suggestion=f"remove {RECORD}: INCAR and POSCAR are read instead"
        ) from err
    if job.task not in (STATIC, *_TASKS.values()):
        raise BadInputError(f"{RECORD} asks for {job.task!r}, which is no task", file=path)
    return found


def _line(err: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(f"{type(err).__name__}: {err}".split())[:_WORDS]


def read_result(engine: VaspEngine, folder: Folder) -> Relaxation:
    """Result of a finished folder.

    Raises
    ------
    BadInputError
        If it is not what its input says, or not finished; names what differs.
    """
    cell = ordered(folder.start)
    _check_output(folder.path)
    try:
        document = read_folder(folder.path)
        calculation = document.calcs_reversed[0]
        with quiet():
            problems = _atoms(cell, calculation.input.structure) or _places(folder, cell, calculation.input.structure)
        if not problems:
            said = charges_of(folder.path), projected_in(folder.path)
            found = relaxation(document, folder.start, cell, engine.choice, *said)
            with quiet():
                problems = [
                    *_tags(engine, folder, cell, calculation.input),
                    *_data_sets(engine, folder, cell, calculation),
                    *_end(folder, calculation, found),
                ]
    except EngineError as err:
        raise BadInputError(err.reason, file=folder.path, suggestion="has VASP come to its end?") from err
    if problems:
        raise BadInputError("; ".join(problems), file=folder.path, suggestion="run it with the input of hebe inputs")
    return found


def _check_output(path: Path) -> None:
    """See that VASP has written what is read."""
    for name in _OUTPUT:
        try:
            empty = not existing(path, name).stat().st_size
        except FileNotFoundError as err:
            raise BadInputError(f"there is no {name}", file=path, suggestion="has VASP come to its end?") from err
        if empty:
            raise BadInputError(f"{name} is empty", file=path, suggestion="has VASP come to its end?")


def _atoms(cell: Ordered, begun: Structure) -> list[str]:
    asked, found = ([site.specie.symbol for site in one] for one in (cell.structure, begun))
    if asked == found:
        return []
    if sorted(asked) == sorted(found):
        return ["its atoms are in an order that is not that of the input"]
    return [f"its atoms are {begun.composition.formula}, not {cell.structure.composition.formula}"]


def _places(folder: Folder, cell: Ordered, begun: Structure) -> list[str]:
    """Whether what may not move is where it was; a cell may have been relaxed in several runs."""
    if folder.job.task == RELAX:
        return []
    stretched = np.abs(begun.lattice.matrix - cell.structure.lattice.matrix).max()
    if stretched > _SAME_PLACE:
        return [f"it begins with another cell: vectors differ by {stretched:.3f} A"]
    if folder.job.task == IONS:
        return []
    away = begun.frac_coords - cell.structure.frac_coords
    far = np.linalg.norm((away - np.rint(away)) @ cell.structure.lattice.matrix, axis=1).max()
    return [] if far < _SAME_PLACE else [f"it begins with another structure: an atom is {far:.3f} A away"]


def _tags(engine: VaspEngine, folder: Folder, cell: Ordered, given: Any) -> list[str]:
    """Tags and mesh that differ from those of the key."""
    tables = vasp_tables()
    made = input_set(engine.choice, folder.job, cell)
    skip = {*tables.free_tags, *tables.harmless_changes, "NSW", "EDIFFG", "SYSTEM"}
    expected, actual = dict(made.incar), {**given.parameters, **given.incar}
    names = [name for name in expected if name not in skip]
    wrong = [name for name in names if not _equal(name, expected[name], actual.get(name))]
    problems = [f"{name} is {actual.get(name)}, not {expected[name]}" for name in wrong]
    more = [tag for tag in given.incar if tag not in {*expected, *skip} and not _is_default(tag, given.incar[tag])]
    problems += [f"{tag} is {given.incar[tag]}, which is not part of the settings" for tag in more]
    if folder.job.task != STATIC and not 0 < -float(actual.get("EDIFFG", 0.0)) <= folder.job.fmax + _NUMBER_TOLERANCE:
        problems.append(f"EDIFFG is {actual.get('EDIFFG')}, not -{folder.job.fmax:g} or tighter")
    if made.kpoints is not None:
        mesh, used = tuple(made.kpoints.kpts[0]), _mesh(given.kpoints)
        if used is None or any(n < m for n, m in zip(used, mesh, strict=True)):
            problems.append(f"its mesh of k points is {used}, not {mesh} or denser")
    return problems


def _mesh(kpoints: Any) -> tuple[int, ...] | None:
    found = kpoints.get("kpoints") if isinstance(kpoints, dict) else getattr(kpoints, "kpts", None)
    return tuple(int(n) for n in found[0]) if found else None


def _is_default(tag: str, value: Any) -> bool:
    """Whether a tag says what VASP does without it."""
    defaults = vasp_tables().defaults
    return tag in defaults and any(_equal(tag, default, value) for default in defaults[tag])


def _equal(tag: str, expected: Any, actual: Any) -> bool:
    """Whether a tag has the value that was asked for; VASP 5 writes some single numbers (LDAUTYPE) as arrays."""
    expected, actual = _single(expected), _single(actual)
    if isinstance(expected, list | tuple):
        same_length = isinstance(actual, list | tuple) and len(actual) == len(expected)
        return same_length and bool(np.allclose(actual, expected, atol=1e-3))
    if isinstance(actual, list | tuple):
        return False
    words = isinstance(expected, str) or isinstance(actual, str)
    if not words and (isinstance(expected, bool) or isinstance(actual, bool)):
        return bool(expected) == bool(actual)
    if not words and isinstance(expected, int | float):
        return actual is not None and abs(float(actual) - float(expected)) < _NUMBER_TOLERANCE
    first, second = (str(value).strip(". ").casefold() for value in (expected, actual))
    return first[:1] == second[:1] if tag in _FIRST_LETTER else first == second


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def _data_sets(engine: VaspEngine, folder: Folder, cell: Ordered, calculation: Any) -> list[str]:
    expected = input_set(engine.choice, folder.job, cell).potcar_symbols
    used = [title.split()[1] if len(title.split()) > 1 else title for title in titles(calculation)]
    return [] if used == expected else [f"its POTCARs are {', '.join(used)}, not {', '.join(expected)}"]


def _end(folder: Folder, calculation: Any, found: Relaxation) -> list[str]:
    """Whether it has come to its end."""
    steps = calculation.output.ionic_steps or []
    most = int(calculation.input.parameters.get("NELM", 60))
    if not steps or len(steps[-1].electronic_steps) >= most:
        return ["its last density is not self-consistent"]
    if folder.job.task == STATIC:
        return []
    if not is_relaxed(folder.path) or found.forces_max > folder.job.fmax + 1e-4:
        return [f"its forces are up to {found.forces_max:.3f} eV/A: it is not relaxed"]
    change = abs(found.structure.volume / calculation.input.structure.volume - 1)
    if folder.job.task == RELAX and change > _LAST_CHANGE:
        return [f"its volume changed by {100 * change:.0f} % in the last run: copy CONTCAR to POSCAR and run once more"]
    return []
