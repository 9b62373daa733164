"""What tests of the engine vasp share: POTCARs of their own making (NOT VASP's), a stand-in for the program, cells."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.engines.registry import get_engine
from hebe.science.structures.configuration import displaced
from support import mpi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.engines.protocol import Relaxation
    from hebe.engines.vasp import VaspEngine

STAND_IN = Path(__file__).with_name("vasp_stand_in.py")
FOLDERS = {"PBE": "POT_GGA_PAW_PBE", "PBE_54": "POT_GGA_PAW_PBE_54", "PBE_64": "POT_PAW_PBE_64"}
SYMBOLS = {
    "PBE": "Li_sv Na_pv K_sv Mg_pv Al Ti_pv V_pv Cr_pv Mn_pv Fe_pv Co Ni_pv Cu_pv Zn Zr_sv Nb_pv O F P",
    "PBE_64": "Li_sv Na_pv K_sv Mg_pv Al Ti_pv V_pv Cr_pv Mn_pv Fe_pv Co Ni_pv Cu_pv Zn Zr_sv Nb_pv O F P",
}

WORKER = """
import os, sys
from pathlib import Path
from pymatgen.core import Structure
from support.vasp import engine
os.environ["VASP_STAND_IN_VICTIM"] = str(os.getpid())
engine().relax(Structure.from_file(sys.argv[1]), folder=Path(sys.argv[2]))
"""

POTCAR = """\
  PAW_PBE {symbol} 01Jan2000
   8.0000000000000000
 parameters from PSCTR are:
   VRHFIN ={element}: made for tests, this is NOT a POTCAR of VASP
   LEXCH  = PE
   EATOM  =   100.0000 eV,    7.0000 Ry

   TITEL  = PAW_PBE {symbol} 01Jan2000
   LULTRA =        F    use ultrasoft PP ?
   IUNSCR =        1    unscreen: 0-lin 1-nonlin 2-no
   RPACOR =    1.500    partial core radius
   POMASS =   10.000; ZVAL   =    8.000    mass and valenz
   RCORE  =    2.000    outmost cutoff radius
   RWIGS  =    2.000; RWIGS  =    1.000    wigner-seitz radius (au A)
   ENMAX  =  400.000; ENMIN  =  300.000 eV
   LCOR   =        T    correct aug charges
   LPAW   =        T    paw PP
   EAUG   =  500.000
   RMAX   =    2.000    core radius for proj-oper
   RAUG   =    1.300    factor for augmentation sphere
   RDEP   =    2.000    radius for radial grids
   RDEPT  =    2.000    core radius for aug-charge
 END of PSCTR-controll parameters
 local part
 0.0
 End of Dataset
"""


def write_potcars(folder: Path, symbols: dict[str, str] | None = None) -> Path:
    """Library of data sets in pymatgen's layout, with headers only."""
    for functional, names in (symbols or SYMBOLS).items():
        place = folder / FOLDERS[functional]
        place.mkdir(parents=True, exist_ok=True)
        for symbol in names.split():
            text = POTCAR.format(symbol=symbol, element=symbol.partition("_")[0])
            (place / f"POTCAR.{symbol}").write_text(text)
    return folder


def use_stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the engine run the stand-in with POTCARs below `folder`; the file of faults, which is empty.

    Skipped where atomate2 or custodian are not installed.
    """
    pytest.importorskip("atomate2", reason="needs the package atomate2")
    pytest.importorskip("custodian", reason="needs the package custodian")
    from pymatgen.core import SETTINGS

    library = write_potcars(folder / "potcars")
    monkeypatch.setitem(SETTINGS, "PMG_VASP_PSP_DIR", str(library))
    monkeypatch.setenv("PMG_VASP_PSP_DIR", str(library))
    monkeypatch.setenv("HEBE_VASP_COMMAND", shlex.join([sys.executable, str(STAND_IN)]))
    monkeypatch.setenv("HEBE_VASP_POLL_S", "0.05")
    faults_file = folder / "faults.json"
    monkeypatch.setenv("VASP_STAND_IN_FAULTS", str(faults_file))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return faults_file


def use_mpirun(folder: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str] = mpi.WORDS) -> None:
    """Have mpirun start two processes of the stand-in, as a program called ``vasp_std`` below `folder`.

    Skipped where Open MPI is not installed.
    """
    if not mpi.is_installed():
        pytest.skip("needs the package openmpi-bin")
    program = folder / "bin" / "vasp_std"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, str(STAND_IN)])}\n")
    program.chmod(0o755)
    monkeypatch.setenv("HEBE_VASP_COMMAND", " ".join([*words, shlex.quote(str(program))]))
    for name in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"):
        monkeypatch.setenv(name, "1")


def use_bader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called ``bader`` onto the path, which is not the one of that name."""
    program = folder / "programs" / "bader"
    program.parent.mkdir()
    script = STAND_IN.with_name("bader_stand_in.py")
    program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(script)])} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))


def set_faults(file: Path, *faults: str | dict[str, Any] | None) -> None:
    """What happens to the next runs, one after the other; a name alone strikes at the second step."""
    file.write_text(json.dumps([{"fault": f, "step": 2} if isinstance(f, str) else f for f in faults]))


def engine(preset: str = "mp-gga", **settings: Any) -> VaspEngine:
    """Engine of a preset with some settings."""
    from hebe.engines.vasp import VaspEngine

    made = get_engine(EngineSpec.model_validate({"name": "vasp", "preset": preset, "settings": settings or None}))
    assert isinstance(made, VaspEngine)
    return made


def run_folders(folder: Path) -> None:
    """Run the stand-in in every folder with an INCAR, as a user would run VASP."""
    for incar in sorted(folder.rglob("INCAR")):
        done = subprocess.run(
            [sys.executable, str(STAND_IN)], cwd=incar.parent, capture_output=True, text=True, check=False
        )
        (incar.parent / "vasp.out").write_text(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr


def distorted() -> Structure:
    """Distorted rock salt of two formula units and three elements."""
    lattice = Lattice.tetragonal(2.97, 4.2)
    sites = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 0.5]]
    return displaced(Structure(lattice, ["Ni", "Mg", "O", "O"], sites), 0.1, "vasp")


def same(first: Relaxation, second: Relaxation) -> bool:
    """Whether energies agree within 1 meV/atom."""
    return abs(first.energy_eV - second.energy_eV) < 1e-3 * len(first.structure)


def outcomes(folder: Path) -> list[str]:
    """How the attempts in a folder ended."""
    return [json.loads(path.read_text())["outcome"] for path in sorted(folder.rglob("attempt.json"))]


def relax_in_a_process(structure: Structure, folder: Path) -> tuple[int, str]:
    """Relax in a process of its own, which faults of the stand-in may end; its exit code, and its complaints."""
    start, errors = folder.with_suffix(".json"), folder.with_suffix(".err")
    start.write_text(structure.to_json())
    with errors.open("wb") as file:  # a pipe would be held open by what is left behind
        done = subprocess.run(
            [sys.executable, "-c", WORKER, str(start), str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stderr=file,
            check=False,
        )
    return done.returncode, errors.read_text()
