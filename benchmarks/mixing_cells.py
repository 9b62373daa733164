"""Errors of potentials on mixing enthalpies: small cells with the vertices that they balance against, against GPAW.

Every member is relaxed with CHGNet 0.3.0 from several starts, the lowest counts, and from there with its r2SCAN model.
GPAW computes the first geometry; `mixing_tilt` says from its gradients where its own minimum should be, and what it
would lose at the geometry of the other model. A geometry is computed where more than `LEAST_GAIN` is to be gained, or
where the cell is cheap; the lowest GPAW energy counts. Everything is ferromagnetic, with the moments of the redox
ladder to begin with, and with CHGNet's as well where an insulator does not keep them. Results stay in a folder: run it
again to go on. With ``--ship`` they are written beside this file, from where every new folder begins.

    OMP_NUM_THREADS=1 python benchmarks/mixing_cells.py FOLDER [--hours 2] [--only NaFe1/2Mn1/2O2] [--ship]
"""

from __future__ import annotations

import argparse
import time
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.core import Structure

from hebe.config.engines.gpaw import GPAWSettings
from hebe.engines.chgnet.engine import CHGNetEngine
from hebe.engines.gpaw.engine import GPAWEngine
from hebe.engines.optimizer import relax
from hebe.engines.protocol import Evaluation
from hebe.exceptions import EngineError
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.valence import moments_off
from hebe.science.structures.configuration import build_configuration, displaced, lattice_radius
from hebe.science.structures.host import host_cell
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.topology import check_topology
from mixing_records import Record, name_of, queue, ship
from mixing_tilt import Tilt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.schemas.spec import MemberSpec

    Evaluate = Callable[[Structure], Evaluation]

SETTINGS: Final = GPAWSettings(cutoff=500, k_spacing=0.6)
FIRST: Final = "chgnet-0.3.0"
SECOND: Final = "chgnet-r2scan"
TILTED: Final = "tilted"
DISPLACED: Final = "displaced"
SMALL_GAP: Final = 0.5
"""Gap (eV) below which an open shell may be held in a wrong state by symmetry: computed again with sites displaced."""
SHIFT: Final = 0.02
"""Length (A) of these displacements."""
STARTS: Final = ((0.02, 0.0), (0.05, 0.02), (0.05, 0.04))
"""Length of displacements (A) and size of a random strain of each start."""
FMAX: Final = 0.01
STEPS: Final = 400
TILT_FMAX: Final = 0.02
TILT_STEPS: Final = 100
ANIONS: Final = ("O", "F")
LEAST_GAIN: Final = 0.001
"""Expected gain (eV/atom) from which GPAW computes another geometry."""
MOST_GAIN: Final = 0.015
"""Expected gain (eV/atom) from which the way is too long for the second order, and the geometry is not taken."""
PULAY: Final = -0.8
"""What GPAW's stress lacks at 500 eV as a derivative of the energy at that cut-off, eV per anion and ln(volume):
statics of MgO, NiO and (Mg,Ni)O at two and three volumes give -0.67 to -0.94."""
CHEAP_S: Final = 12.0
"""CPU time of the first static up to which all geometries are computed that are not expected to lie much higher."""
HIGHEST: Final = 0.02
"""Expected loss (eV/atom) beyond which no geometry is computed."""


@cache
def evaluate_first() -> Evaluate:
    """CHGNet 0.3.0 on the fast path."""
    engine = CHGNetEngine()
    return lambda structure: engine.evaluate(structure, magmoms=True)


@cache
def evaluate_second() -> Evaluate:
    """The r2SCAN model of CHGNet, by its own package."""
    from chgnet.model.model import CHGNet

    model = CHGNet.load(model_name="r2scan", use_device="cpu", verbose=False)

    def evaluate(structure: Structure) -> Evaluation:
        found: Any = model.predict_structure(structure)
        stress = np.array(found["s"], dtype=float) / 160.21766208  # GPa to eV/A^3
        forces, moments = np.array(found["f"], dtype=float), np.array(found["m"], dtype=float)
        return Evaluation(float(found["e"]) * len(structure), forces, stress, moments)

    return evaluate


MODELS: Final[Mapping[str, Callable[[], Evaluate]]] = {FIRST: evaluate_first, SECOND: evaluate_second}


class Cell:
    """One member of a host: built, relaxed with the potentials, computed with GPAW."""

    def __init__(self, spec: MemberSpec, folder: Path) -> None:
        self.spec, self.folder = spec, folder
        self.record = Record.open(folder, name_of(spec))

    @cached_property
    def start(self) -> Structure:
        """The ideal cell."""
        composition, split = composition_of(self.spec), split_of(self.spec) or {}
        made = build_configuration(
            composition,
            self.spec.primary,
            n_sites=composition.denominator,
            radius=lattice_radius(composition, split, self.spec.primary),
        )
        if made.structure is None or made.deviation > 1e-9:
            raise SystemExit(f"{self.spec.formula} was not built")
        names = sorted(split, key=lambda name: (name != self.spec.primary, name))
        self.record.data |= {
            "family": self.spec.family,
            "working_ion": self.spec.working_ion,
            "sites": {name: composition.host.sublattices[name].multiplicity for name in names},
            "ions": {name: {str(ion): str(x) for ion, x in split[name].items()} for name in names},
            "n_fu": made.n_fu,
            "atoms": len(made.structure),
        }
        return made.structure

    @property
    def atoms(self) -> int:
        """Atoms of the cell."""
        return len(self.start)

    def relaxed(self) -> None:
        """Relax with CHGNet from all starts, then with its r2SCAN model from where that came to."""
        if FIRST not in self.record.part("geometries"):
            starts = []
            for length, strain in STARTS:
                seed = f"{name_of(self.spec)} {strain}"
                starts.append(displaced(strained(self.start, strain, seed), length, seed))
            self._lowest_of(FIRST, starts)
        if SECOND not in self.record.part("geometries"):
            self._lowest_of(SECOND, [self.record.geometry(FIRST)])
        self.record.save()
        self.energies()

    def _lowest_of(self, name: str, starts: Sequence[Structure]) -> None:
        """Keep the lowest minimum of a potential that is still the host."""
        found = []
        for start in starts:
            result = relax(start, MODELS[name](), fmax=FMAX, steps=STEPS)
            verdict = self._verdict(result.structure)
            if verdict == "host" and not result.problem:
                found.append(result)
            else:
                self.record.part("left").setdefault(name, []).append(result.problem or verdict)
        if not found:
            raise EngineError(name, f"{self.spec.formula}: no relaxation is still the host")
        lowest = min(found, key=lambda one: one.energy_eV)
        self.record.keep(name, lowest.structure)
        moments = [] if lowest.magmoms is None else lowest.magmoms.round(3).tolist()
        self.record.part("moments")[name] = moments
        self.record.part("starts")[name] = [round(one.energy_eV - lowest.energy_eV, 5) for one in found]

    def _verdict(self, final: Structure) -> str:
        host = composition_of(self.spec).host
        normal = host_cell(host, self.spec.working_ion).layer_normal
        working = host.working_of(self.spec.working_ion)
        return check_topology(self.start, final, host.topology, normal, working, ion=self.spec.working_ion)

    def energies(self) -> None:
        """Energies of the potentials at all geometries, eV per cell."""
        table = self.record.part("energies")
        for name, model in MODELS.items():
            row = table.setdefault(name, {})
            for geometry in self.record.part("geometries"):
                if geometry not in row:
                    row[geometry] = model()(self.record.geometry(geometry)).energy_eV
        self.record.save()

    def computed(self) -> None:
        """GPAW at the first geometry and at those that may be lower."""
        self.static(FIRST)
        if TILTED not in self.record.part("geometries"):
            self.tilt()
        first = self.record.part("gpaw")[FIRST]
        cheap = first["cpu_s"] < CHEAP_S
        for name in (TILTED, SECOND):
            expected = self.expected(name)
            self.record.part("expected")[name] = expected
            tilted_gain = name == TILTED and -expected > LEAST_GAIN * self.atoms
            lower = expected < min(0.0, self.record.part("expected")[TILTED]) - LEAST_GAIN * self.atoms
            if tilted_gain or lower or (cheap and expected < HIGHEST * self.atoms):
                self.static(name)
        if 0 < (first["gap"] or 0) < SMALL_GAP:
            if DISPLACED not in self.record.part("geometries"):
                self.record.keep(DISPLACED, displaced(self.record.geometry(FIRST), SHIFT, name_of(self.spec)))
                self.energies()
            self.static(DISPLACED)
        self.record.save()

    def lowest(self) -> Structure:
        """Geometry of the lowest GPAW energy, with the ions and moments of the ladder."""
        computed = self.record.part("gpaw")
        return self._with_ions(min(computed, key=lambda name: float(computed[name]["energy"])))

    def lowest_energy(self) -> float:
        """Lowest GPAW energy, eV per formula unit."""
        lowest = min(float(found["energy"]) for found in self.record.part("gpaw").values())
        return lowest / int(self.record.data["n_fu"])

    def _with_ions(self, geometry: str) -> Structure:
        properties = with_ions(self.spec, self.start).site_properties
        return self.record.geometry(geometry).copy(site_properties=properties)

    def static(self, geometry: str) -> None:
        """GPAW at a geometry: moments of the ladder, and of CHGNet where an insulator does not keep the ladder's."""
        if geometry in self.record.part("gpaw"):
            return
        structure = self._with_ions(geometry)
        found = [self._gpaw(structure, geometry, "ladder")]
        if found[0]["off"] and found[0]["gap"]:
            again, moments = structure.copy(), self.record.part("moments")
            again.add_site_property("magmom", moments.get(geometry) or moments[FIRST])
            found.append(self._gpaw(again, geometry, "chgnet"))
        lowest = min(found, key=lambda one: one["energy"])
        lowest["cpu_s"] = sum(one["cpu_s"] for one in found)
        lowest["starts"] = {one["start"]: one["energy"] for one in found}
        self.record.part("gpaw")[geometry] = lowest
        self.record.save()

    def _gpaw(self, structure: Structure, geometry: str, start: str) -> dict[str, Any]:
        engine = GPAWEngine("screen", self._settings(structure))
        folder = self.folder / "gpaw" / self.record.file.stem / f"{geometry}-{start}"
        run = engine.open_run(structure, folder)
        began = time.monotonic()
        try:
            found = run.evaluate(structure)
            gap = run.electronic(structure)
            run.finish()
        finally:
            run.close()
        moments = [0.0] * len(structure) if found.magmoms is None else [round(float(m), 3) for m in found.magmoms]
        print(f"  {self.record.file.stem} {geometry} {start}: {run.cpu_s:.0f} CPU s", flush=True)
        return {
            "energy": found.energy_eV,
            "forces": found.forces.tolist(),
            "stress": found.stress.tolist(),
            "moments": moments,
            "off": moments_off(structure, moments),
            "start": start,
            "gap": None if gap is None else gap.band_gap_eV,
            "cpu_s": round(run.cpu_s, 1),
            "wall_s": round(time.monotonic() - began, 1),
            "corrections": [one.action for one in run.corrections],
            "mesh": list(run.model.parameters["kpts"]["size"]),
            "energy_scale": engine.energy_scale,
        }

    def _settings(self, structure: Structure) -> GPAWSettings:
        """Settings with the mesh of k points that the first geometry has: a spacing may round to another one."""
        first = self.record.part("gpaw").get(FIRST)
        if first is None:
            return SETTINGS
        return SETTINGS.model_copy(update={"kpts": {structure.composition.reduced_formula: tuple(first["mesh"])}})

    def expected(self, geometry: str) -> float:
        """Energy (eV) of GPAW at a geometry less that at the first, to second order."""
        energies = self.record.part("energies")[FIRST]
        return float(energies[geometry] - energies[FIRST] + self._tilt.gain(self.record.geometry(geometry)))

    @cached_property
    def _tilt(self) -> Tilt:
        """Forces and stress of GPAW less those of CHGNet at the first geometry; stress as `PULAY` says."""
        origin, found = self.record.geometry(FIRST), self.record.part("gpaw")[FIRST]
        anions = sum(site.specie.symbol in ANIONS for site in origin)
        stress = np.array(found["stress"]) + PULAY * anions / origin.volume * np.eye(3)
        return Tilt.of(evaluate_first(), origin, np.array(found["forces"]), stress)

    def tilt(self) -> None:
        """Relax on CHGNet's surface, tilted by GPAW's gradients; what is no longer the host, or far, is not taken."""
        origin = self.record.geometry(FIRST)
        result = relax(origin, self._tilt.evaluate, fmax=TILT_FMAX, steps=TILT_STEPS)
        verdict, gain = self._verdict(result.structure), self.record.part("energies")[FIRST][FIRST] - result.energy_eV
        taken = verdict == "host" and not result.problem and gain < MOST_GAIN * len(origin)
        self.record.data["tilt"] = {"verdict": verdict, "gain": gain, "taken": taken}
        self.record.keep(TILTED, result.structure if taken else origin)
        self.energies()


def strained(structure: Structure, size: float, seed: str) -> Structure:
    """Copy with a random symmetric strain without change of volume to first order."""
    if not size:
        return structure
    rng = np.random.default_rng(list(seed.encode()))
    strain = rng.normal(size=(3, 3))
    strain = (strain + strain.T) / 2
    strain -= np.eye(3) * np.trace(strain) / 3
    strain *= size / np.linalg.norm(strain)
    lattice = structure.lattice.matrix @ (np.eye(3) + strain)
    return Structure(lattice, structure.species, structure.frac_coords, site_properties=structure.site_properties)


def main() -> None:
    """Go through the queue until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=1e9)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--ship", action="store_true")
    options = parser.parse_args()
    if options.ship:
        ship(options.folder)
        return
    end = time.monotonic() + 3600 * options.hours
    for formula, specs in queue():
        if options.only is not None and formula not in options.only:
            continue
        print(f"{formula} {time.strftime('%H:%M:%S')}", flush=True)
        for spec in specs:
            if time.monotonic() > end:
                return
            try:
                cell = Cell(spec, options.folder)
                cell.relaxed()
                cell.computed()
            except EngineError as err:
                print(f"  {name_of(spec)}: {err}", flush=True)


if __name__ == "__main__":
    main()
