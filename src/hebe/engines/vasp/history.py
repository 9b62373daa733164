"""What earlier attempts at a calculation left in its folder: how they ended, and the last good structure."""

from __future__ import annotations

import contextlib
import itertools
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.engines.vasp.inputs import restored
from hebe.schemas.calculation import Correction
from hebe.science.keys import content_hash, structure_hash
from hebe.science.structures.topology import sanity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.engines.vasp.inputs import Ordered

_RECORD: Final = "calculation.json"
_ATTEMPT: Final = "attempt.json"
_VERSION: Final = 1

Outcome = Literal["running", "converged", "changed", "cut", "died", "failed"]
"""How an attempt ended: ``changed`` has converged with settings that custodian changed, ``running`` was killed."""


@dataclass
class Attempt:
    """One run of the program in a folder of its own."""

    path: Path
    outcome: Outcome = "running"
    n_steps: int = 0
    energy_eV: float | None = None
    corrections: list[Correction] = field(default_factory=list)

    def write(self) -> None:
        """Remember how it stands."""
        content = {
            "outcome": self.outcome,
            "n_steps": self.n_steps,
            "energy_eV": self.energy_eV,
            "corrections": [c.model_dump(mode="json") for c in self.corrections],
        }
        _write(self.path / _ATTEMPT, content)

    @classmethod
    def read(cls, path: Path) -> Attempt:
        """Attempt of a folder; one without a record was killed before it began."""
        try:
            content = json.loads((path / _ATTEMPT).read_text())
        except (OSError, ValueError):
            return cls(path)
        corrections = [Correction.model_validate(item) for item in content["corrections"]]
        return cls(path, content["outcome"], content["n_steps"], content["energy_eV"], corrections)


class History:
    """Attempts at one calculation, in a folder that belongs to it.

    Parameters
    ----------
    folder
        Folder of the calculation.
    structure
        Where it starts, or where an earlier attempt has come to.
    task
        Kind of job.
    settings
        What else identifies it.

    Notes
    -----
    After an attempt that failed everything begins anew; what it left stays in its folder.
    """

    def __init__(self, folder: Path, structure: Structure, task: str, settings: Any) -> None:
        digest = structure_hash(structure)
        self.folder, self.start = _folder(folder.absolute(), task, digest, content_hash(settings)), structure
        self._digests, self._reported = [digest], 0
        with contextlib.suppress(OSError, ValueError):
            known = json.loads((self.folder / _RECORD).read_text())
            require_data(known["start"], str(self.folder / _RECORD))
            self._digests, self.start = known["of"], Structure.from_dict(known["start"])
            self._reported = known.get("reported", 0)
        self.folder.mkdir(parents=True, exist_ok=True)
        found = [Attempt.read(path) for path in self._paths()]
        self.attempts = [] if found and found[-1].outcome == "failed" else found
        self._write()

    def begin(self, corrections: Sequence[Correction] = ()) -> Attempt:
        """Start a new attempt; `corrections` are what led to it."""
        number = 1 + max((int(path.name) for path in self._paths()), default=0)
        attempt = Attempt(self.folder / f"{number:02d}", corrections=list(corrections))
        attempt.path.mkdir()
        attempt.write()
        self.attempts.append(attempt)
        return attempt

    def reached(self, structure: Structure) -> None:
        """Remember a structure from which others may ask to continue."""
        self._digests.append(structure_hash(structure))
        self._write()

    def report(self) -> None:
        """Remember that somebody was told about all attempts."""
        self._reported = len(self._paths())
        self._write()

    @property
    def unreported(self) -> list[Attempt]:
        """Attempts that nobody was told about: a worker died in one of them, or after it."""
        return [attempt for attempt in self.attempts if int(attempt.path.name) > self._reported]

    @property
    def passes(self) -> int:
        """Attempts that converged with the settings asked for."""
        return sum(attempt.outcome == "converged" for attempt in self.attempts)

    @property
    def repeats(self) -> int:
        """Latest attempts in a row that only led to a start for the settings asked for."""
        row = itertools.takewhile(lambda attempt: attempt.outcome == "changed", reversed(self.attempts))
        return sum(1 for _ in row)

    def last_structure(self, cell: Ordered) -> Structure:
        """Last good structure that any attempt left, newest first; the start if there is none.

        CONTCAR counts if it is whole: finite, of the same atoms, no two of them in one place, a volume that is not half
        or twice what it was; else the last whole step in vasprun.xml, else where that attempt began.
        """
        for attempt in reversed(self.attempts):
            for found in _structures(attempt.path):
                if _is_good(cell.structure, found):
                    return restored(self.start, found, cell.order)
        return self.start

    def _paths(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("[0-9][0-9]*") if path.is_dir())

    def _write(self) -> None:
        content = {
            "version": _VERSION,
            "of": self._digests,
            "start": self.start.as_dict(),
            "reported": self._reported,
        }
        _write(self.folder / _RECORD, content)


def _folder(folder: Path, task: str, digest: str, settings: str) -> Path:
    """Folder in `folder` whose attempts began at a structure or had come to it; a new one if there is none."""
    prefix = f"{task}-{settings[:8]}-"
    for record in sorted(folder.glob(f"{prefix}*/{_RECORD}")):
        with contextlib.suppress(OSError, ValueError):
            if digest in json.loads(record.read_text())["of"]:
                return record.parent
    return folder / f"{prefix}{digest[:8]}"


def _structures(path: Path) -> Sequence[Structure]:
    """Structures that a folder holds, the latest first."""
    found: list[Structure] = []
    for name in ("CONTCAR", "vasprun.xml", "POSCAR"):
        with contextlib.suppress(Exception), warnings.catch_warnings():  # whatever half a file makes a parser raise
            warnings.simplefilter("ignore")
            found.append(_last_step(path) if name == "vasprun.xml" else _poscar(path, name))
    return found


def _poscar(path: Path, name: str) -> Structure:
    from pymatgen.io.vasp.inputs import Poscar

    found: Structure = Poscar.from_file(existing(path, name), check_for_potcar=False, read_velocities=False).structure
    return found


def _last_step(path: Path) -> Structure:
    from pymatgen.io.vasp.outputs import Vasprun

    found = Vasprun(
        existing(path, "vasprun.xml"),
        exception_on_bad_xml=False,
        parse_dos=False,
        parse_eigen=False,
        parse_potcar_file=False,
    )
    step: Structure = found.ionic_steps[-1]["structure"]
    return step


def existing(path: Path, name: str) -> Path:
    """File of a folder, compressed or not.

    Raises
    ------
    FileNotFoundError
        If there is neither.
    """
    for candidate in (path / name, path / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(path / name)


def _is_good(asked: Structure, found: Structure) -> bool:
    same = [site.specie.symbol for site in asked] == [site.specie.symbol for site in found]
    return same and sanity(asked, found) == "host"


def _write(path: Path, content: Any) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content))
    part.replace(path)
