"""A stand-in for the program VASP in tests. It is NOT VASP and computes nothing of physical meaning.

It reads INCAR, POSCAR, KPOINTS and POTCAR of the working folder, relaxes the crystal with springs by a real optimizer
under NSW, IBRION, ISIF and EDIFFG, and writes OSZICAR, OUTCAR, CONTCAR and vasprun.xml in the formats that pymatgen,
custodian and atomate2 read. The file named by ``VASP_STAND_IN_FAULTS`` holds a list of faults; every run takes the
first: ``{"fault": "zbrent", "step": 2}``, or null for none. Steps are ionic and count from 1; 0 is before the first.
Faults end the process that had the program watched, or the one whose number is in ``VASP_STAND_IN_VICTIM``. Under
mpirun the first process does all this, and the others wait for it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.mpi import Processes
from support.spring_crystal import SpringCrystal
from support.vasp_densities import write_densities
from support.vasp_stand_in_files import (
    NOTICE,
    Run,
    contcar,
    outcar_end,
    outcar_start,
    outcar_step,
    smearing,
    xml_start,
    xml_step,
)
from support.waiting import LIMIT_S, until

MESSAGES = {
    "zbrent": "ZBRENT: fatal error in bracketing",
    "edddav": "Error EDDDAV: Call to ZHEGV failed. Returncode =  7 3   8",
    "brmix": "BRMIX: very serious problems the old and the new charge density differ",
    "tet": "Tetrahedron method fails for NKPT<4. NKPT =  1",
}


class Stopped(Exception):  # noqa: N818 - an end, not an error
    """The run ends here."""


class Program:
    """One run in the working folder."""

    def __init__(self, processes: int) -> None:
        self.run, self.processes = Run.read(), processes
        self.fault = _next_fault()
        self.step, self.previous, self.converged = 0, 0.0, False
        crystal = self.run.crystal
        self.atoms = Atoms(crystal.symbols, scaled_positions=crystal.coords, cell=crystal.lattice, pbc=True)
        self.atoms.calc = SpringCrystal(2.0, 2.25)
        self.xml = xml_start(self.run)
        for name in ("OSZICAR", "OUTCAR"):
            Path(name).write_text("")
        Path("OUTCAR").write_text(outcar_start(self.run, self.processes))

    def main(self) -> int:
        """Relax or evaluate; the exit code of the program."""
        sys.stdout.write(f" {NOTICE}\n running on {self.processes} total cores\n")
        incar = self.run.incar
        try:
            self._break()
            if int(incar.get("IBRION", -1)) < 0 or int(incar.get("NSW", 0)) == 0:
                self.write_step()
                self.converged = True
            else:
                self.relax()
        except Stopped as end:
            if end.args:
                sys.stdout.write(f" {end.args[0]}\n")
                return 1
        self.finish()
        return 0

    def relax(self) -> None:
        """Steps until the forces are small, NSW is reached, or STOPCAR says so."""
        incar = self.run.incar
        cell = int(incar.get("ISIF", 2)) == 3
        target: Any = FrechetCellFilter(self.atoms) if cell else self.atoms
        limit = abs(float(incar.get("EDIFFG", -0.05)))
        search = BFGS(target, logfile=None, maxstep=0.1 if int(incar["IBRION"]) == 1 else 0.2)
        for _ in range(int(incar["NSW"])):
            forces = np.linalg.norm(target.get_forces(), axis=1).max()
            done = float(forces) < limit
            self.write_step()
            if done:
                self.converged = True
                return
            if Path("STOPCAR").exists():
                raise Stopped
            search.step()

    def write_step(self) -> None:
        """Energy, forces and stress of an ionic step into all files, then the fault of this step if there is one."""
        self.step += 1
        crystal = self.run.crystal.at(self.atoms.cell.array, self.atoms.get_scaled_positions(wrap=False))
        energy = float(self.atoms.get_potential_energy())
        free = energy - smearing(crystal)
        forces, stress = self.atoms.get_forces(), self.atoms.get_stress(voigt=False)
        fast = str(self.run.incar.get("ALGO", "Normal")).lower() in ("fast", "veryfast")
        difficult = self._is("never-converges") or (self._is("unconverged") and fast)
        n_scf = int(self.run.incar.get("NELM", 60)) if difficult else 12
        with Path("OSZICAR").open("a") as file:
            for n in range(1, n_scf + 1):
                change = 1e-2 if difficult else 10.0 ** (-n / 2)
                file.write(
                    f"DAV: {n:3d}    {energy + change:19.12E}   {-change:12.5E}   {-change:12.5E}  1024   0.1E-01\n"
                )
            file.write(
                f"{self.step:4d} F= {free:.8E} E0= {energy:.8E}  d E ={energy - self.previous:.6E}  mag=     0.0\n"
            )
        sys.stdout.write(f"{self.step:4d} F= {free:.8E} E0= {energy:.8E}\n")
        sys.stdout.flush()
        self.previous = energy
        before, self.last = self.xml, (crystal, energy, forces, stress, n_scf)
        self.xml += xml_step(self.run, *self.last)
        with Path("OUTCAR").open("a") as file:
            slow = 1e5 if self._is("wait-for-stop") else 0.1
            file.write(outcar_step(self.run, crystal, energy, forces, stress, self.step, n_scf, slow))
        Path("CONTCAR").write_text(contcar(crystal))
        Path("vasprun.xml").write_text(self.xml)
        self.before = before
        self._break()

    def finish(self) -> None:
        """Close the files."""
        words = " reached required accuracy - stopping structural energy minimisation\n"
        relaxed = int(self.run.incar.get("NSW", 0)) > 0
        with Path("OUTCAR").open("a") as file:
            file.write((words if self.converged and relaxed else "") + outcar_end(self.run))
        last = xml_step(self.run, *self.last, electrons=True)
        Path("vasprun.xml").write_text(self.before + last + self.run.xml_end(self.last[0]))
        for name in ("CHGCAR", "WAVECAR"):
            if self.run.incar.get("LCHARG" if name == "CHGCAR" else "LWAVE", True) is True:
                Path(name).write_text(f"{NOTICE}\n")
        if self.run.incar.get("LAECHG") is True:
            write_densities(self.run, self.last[0])

    def _is(self, name: str) -> bool:
        return self.fault is not None and self.fault["fault"] == name

    def _break(self) -> None:
        if self.fault is None or self.step != self.fault.get("step", 1):
            return
        name = self.fault["fault"]
        if name in MESSAGES:
            raise Stopped(MESSAGES[name])
        if name == "wait-for-stop":
            until(Path("STOPCAR").exists, "somebody asks for an end")
        if name in ("orphan", "unwatched"):
            _kill_victim(children=name == "unwatched")
            signal.alarm(int(LIMIT_S))
            signal.pause()  # somebody has to end it
        if name in ("kill", "kill-all"):
            for path in (Path("CONTCAR"), Path("vasprun.xml")):
                text = path.read_text()
                path.write_text(text[: int(len(text) * 0.97) - 10])
            if name == "kill-all":
                _kill_victim(children=False)
            os.kill(os.getpid(), signal.SIGKILL)


def _kill_victim(*, children: bool) -> None:
    """Kill the process that started this one, and before it those that it started itself."""
    watcher = Path(f"/proc/{os.getppid()}/stat").read_text()
    victim = int(os.environ.get("VASP_STAND_IN_VICTIM") or watcher.rpartition(")")[2].split()[1])
    found = Path(f"/proc/{victim}/task/{victim}/children").read_text().split() if children else []
    for number in [*map(int, found), victim]:
        os.kill(number, signal.SIGKILL)


def _next_fault() -> dict[str, Any] | None:
    name = os.environ.get("VASP_STAND_IN_FAULTS")
    if name is None or not Path(name).exists():
        return None
    faults: list[dict[str, Any] | None] = json.loads(Path(name).read_text())
    if not faults:
        return None
    Path(name).write_text(json.dumps(faults[1:]))
    return faults[0]


def main() -> int:
    """Work as the first process, wait as any other."""
    processes = Processes()
    code = Program(processes.size).main() if processes.rank == 0 else 0
    if not code:
        processes.meet()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
