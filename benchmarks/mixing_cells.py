"""Errors of potentials on mixing enthalpies: small cells with the vertices that they balance against, against GPAW.

Every cell is relaxed with CHGNet 0.3.0 and with its r2SCAN model from several starts, the lowest counts. GPAW computes
the first geometry, and from the difference of its forces and stress to those of CHGNet follows where its own minimum
should be: CHGNet's energy surface, tilted by that difference, is relaxed again. What GPAW would gain there, or at the
geometry of another model, is known to second order from the same difference; a geometry is computed where that gain is
more than `LEAST_GAIN`, or where the cell is cheap, and the lowest GPAW energy counts. Results stay in a folder: run it
again to go on.

    OMP_NUM_THREADS=1 python benchmarks/mixing_cells.py FOLDER [--hours 2] [--only NaFe1/2Mn1/2O2]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import yaml
from pymatgen.core import Structure

from hebe.config.campaign import SublatticeSpec
from hebe.config.engines.gpaw import GPAWSettings
from hebe.config.family import load_family
from hebe.engines.chgnet.engine import CHGNetEngine
from hebe.engines.gpaw.engine import GPAWEngine
from hebe.engines.optimizer import relax
from hebe.engines.protocol import Evaluation
from hebe.exceptions import EngineError
from hebe.flows.members import host_vertices
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import composition_of, member_spec, split_of
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.chemistry.valence import assign_valences
from hebe.science.structures.configuration import build_configuration, displaced, mean_radius
from hebe.science.structures.host import host_cell
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.topology import check_topology

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.schemas.spec import MemberSpec

    Evaluate = Callable[[Structure], Evaluation]

QUEUE: Final = Path(__file__).with_name("mixing_queue.yaml")
SETTINGS: Final = GPAWSettings(cutoff=500, k_spacing=0.6)
FIRST: Final = "chgnet-0.3.0"
SECOND: Final = "chgnet-r2scan"
TILTED: Final = "tilted"
STARTS: Final = ((0.02, 0.0), (0.05, 0.02), (0.05, 0.04))
"""Length of displacements (A) and size of a random strain of each start."""
FMAX: Final = 0.01
STEPS: Final = 400
LEAST_GAIN: Final = 0.001
"""Expected gain (eV/atom) from which GPAW computes another geometry."""
CHEAP_S: Final = 60.0
"""CPU time of the first static up to which all geometries are computed that are not expected to lie much higher."""
CLOSED: Final = 0.35
"""Moment (Bohr magnetons) below which a site counts as closed-shell."""
HIGHEST: Final = 0.02
"""Expected loss (eV/atom) beyond which no geometry is computed."""


@dataclass
class Record:
    """What is known of one cell, in a file."""

    file: Path
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, file: Path) -> Record:
        """Record of a file, empty where there is none."""
        return cls(file, json.loads(file.read_text()) if file.is_file() else {})

    def save(self) -> None:
        """Write it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.data, indent=1) + "\n")
        part.replace(self.file)

    def part(self, name: str) -> dict[str, Any]:
        """A dictionary in it, made where it is missing."""
        found: dict[str, Any] = self.data.setdefault(name, {})
        return found

    def geometry(self, name: str) -> Structure:
        """A geometry that it holds."""
        return Structure.from_dict(self.data["geometries"][name])


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


def space_of(host: Mapping[str, Any]) -> CompositionSpace:
    """Compositions of a host of the queue."""
    specs = {name: SublatticeSpec.model_validate({"species": given}) for name, given in host["sublattices"].items()}
    x_made = load_family(host["family"]).x_made
    return CompositionSpace(host["family"], host.get("working_ion"), x_made, specs)


def specs_of(entry: Mapping[str, str], hosts: Mapping[str, Any]) -> list[MemberSpec]:
    """The cell of an entry of the queue, then the vertices that it balances against.

    Raises
    ------
    ValueError
        If the formula cannot be neutral.
    """
    space = space_of(hosts[entry["host"]])
    composition = parse_host_formula(entry["formula"], space)
    own = space.with_content(composition.x_own)
    split = own.split(composition)
    if split is None:
        raise ValueError(f"{entry['formula']} cannot be neutral")
    primary = primary_sublattice(composition.fractions)
    cell = member_spec(composition, split, primary, space.valences)
    vertices = [
        member_spec(made, part, primary_sublattice(made.fractions, primary), space.valences)
        for made, part in host_vertices(cell)
    ]
    return [cell, *vertices]


def name_of(spec: MemberSpec) -> str:
    """Name of a member: host, formula and ions of the mixed sublattices."""
    ions = "_".join(sorted({str(ion) for part in (split_of(spec) or {}).values() for ion in part}))
    return f"{spec.family}_{spec.formula}_{ions}"


class Cell:
    """One member of a host: built, relaxed with the potentials, computed with GPAW."""

    def __init__(self, spec: MemberSpec, folder: Path) -> None:
        self.spec, self.folder = spec, folder
        self.record = Record.open(folder / "cells" / f"{name_of(spec)}.json")

    @cached_property
    def start(self) -> Structure:
        """The ideal cell."""
        composition, split = composition_of(self.spec), split_of(self.spec) or {}
        made = build_configuration(
            composition,
            self.spec.primary,
            n_sites=composition.denominator,
            radius=mean_radius(composition, split, self.spec.primary),
        )
        if made.structure is None or made.deviation > 1e-9:
            raise SystemExit(f"{self.spec.formula} was not built")
        amounts = {str(ion): float(x) for part in split.values() for ion, x in part.items()}
        self.record.data |= {
            "formula": self.spec.formula,
            "family": self.spec.family,
            "working_ion": self.spec.working_ion,
            "primary": self.spec.primary,
            "sites": composition.host.sublattices[self.spec.primary].multiplicity,
            "ions": amounts,
            "n_fu": made.n_fu,
            "atoms": len(made.structure),
        }
        return made.structure

    @property
    def atoms(self) -> int:
        """Atoms of the cell."""
        return len(self.start)

    def relaxed(self) -> None:
        """Relax with both potentials, from all starts."""
        for name, model in MODELS.items():
            if name in self.record.part("geometries"):
                continue
            found = [one for one in (self._one(name, model(), *kind) for kind in STARTS) if one is not None]
            if not found:
                raise SystemExit(f"{self.spec.formula}: no relaxation with {name} is the host")
            energies = sorted(energy for energy, _, _ in found)
            _, structure, moments = min(found, key=lambda one: one[0])
            self.record.part("geometries")[name] = structure.as_dict()
            self.record.part("moments")[name] = [round(float(m), 3) for m in moments]
            self.record.part("starts")[name] = [round(e - energies[0], 5) for e in energies]
        self.record.save()
        self.energies()

    def _one(self, name: str, evaluate: Evaluate, length: float, strain: float) -> tuple[float, Structure, Any] | None:
        seed = f"{name_of(self.spec)} {strain}"
        start = displaced(strained(self.start, strain, seed), length, seed)
        result = relax(start, evaluate, fmax=FMAX, steps=STEPS)
        verdict = self._verdict(result.structure)
        if verdict != "host" or result.problem:
            self.record.part("left").setdefault(name, []).append(result.problem or verdict)
            return None
        return result.energy_eV, result.structure, result.magmoms

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
        self.record.save()

    def static(self, geometry: str) -> None:
        """GPAW at a geometry: moments of the ladder, and of CHGNet where the ladder's are not kept."""
        if geometry in self.record.part("gpaw"):
            return
        structure = with_ions(self.spec, self.start)
        structure = self.record.geometry(geometry).copy(site_properties=structure.site_properties)
        found = [self._gpaw(structure, geometry, "ladder")]
        if found[0]["off"]:
            again = structure.copy()
            again.add_site_property("magmom", self.record.part("moments").get(geometry) or self.record.part("moments")[FIRST])
            found.append(self._gpaw(again, geometry, "chgnet"))
        lowest = min(found, key=lambda one: one["energy"])
        lowest["cpu_s"] = sum(one["cpu_s"] for one in found)
        lowest["starts"] = {one["start"]: one["energy"] for one in found}
        self.record.part("gpaw")[geometry] = lowest
        self.record.save()

    def _gpaw(self, structure: Structure, geometry: str, start: str) -> dict[str, Any]:
        engine = GPAWEngine("screen", SETTINGS)
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
            "energy_scale": engine.energy_scale,
        }

    def expected(self, geometry: str) -> float:
        """Energy (eV) of GPAW at a geometry less that at the first: of CHGNet, and the difference of the gradients."""
        energies = self.record.part("energies")[FIRST]
        return float(energies[geometry] - energies[FIRST] + self._linear(self.record.geometry(geometry)))

    @cached_property
    def _difference(self) -> tuple[Any, Any]:
        """Forces and stress of GPAW less those of CHGNet at the first geometry."""
        own = evaluate_first()(self.record.geometry(FIRST))
        found = self.record.part("gpaw")[FIRST]
        return np.array(found["forces"]) - own.forces, np.array(found["stress"]) - own.stress

    def _linear(self, structure: Structure) -> float:
        """Difference of the gradients times the way from the first geometry, eV."""
        origin = self.record.geometry(FIRST)
        forces, stress = self._difference
        strain, moved = way(origin, structure)
        return float(-(forces * moved).sum() + origin.volume * (stress * strain).sum())

    def tilt(self) -> None:
        """Relax CHGNet's surface, tilted by the difference of GPAW's gradients from its own."""
        forces, stress = self._difference
        model, origin = evaluate_first(), self.record.geometry(FIRST)

        def evaluate(structure: Structure) -> Evaluation:
            own = model(structure)
            return Evaluation(own.energy_eV + self._linear(structure), own.forces + forces, own.stress + stress, own.magmoms)

        try:
            result = relax(origin, evaluate, fmax=0.02, steps=100)
        except EngineError as err:
            print(f"  {self.record.file.stem}: {err}", flush=True)
            return
        verdict = self._verdict(result.structure)
        self.record.data["tilt"] = {"steps": result.n_steps, "converged": result.converged, "verdict": verdict}
        kept = result.structure if verdict == "host" and not result.problem else origin
        self.record.part("geometries")[TILTED] = kept.as_dict()
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


def way(origin: Structure, final: Structure) -> tuple[Any, Any]:
    """Symmetric strain and displacements (A, without that of the whole) from one geometry to another."""
    gradient = np.linalg.solve(origin.lattice.matrix, final.lattice.matrix)
    left, sizes, _ = np.linalg.svd(gradient)
    stretch = left @ np.diag(sizes) @ left.T
    moved = (final.frac_coords - origin.frac_coords) @ origin.lattice.matrix
    return stretch - np.eye(3), moved - moved.mean(axis=0)


def moments_off(structure: Structure, moments: Sequence[float]) -> list[str]:
    """Sites whose moment is not that of the ion that the ladder gives them, as ``Fe3+ 2.10``."""
    found = []
    properties = structure.site_properties
    valences = assign_valences(structure, moments)
    for label, begun, moment, valence in zip(properties["ion"], properties["magmom"], moments, valences, strict=True):
        closed = valence.charge is None and not begun and abs(moment) < CLOSED
        if not closed and valence.charge != Ion.parse(label.removesuffix("ls")).charge:
            found.append(f"{label} {moment:.2f}")
    return found


def main() -> None:
    """Go through the queue until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=1e9)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--relax-only", action="store_true")
    options = parser.parse_args()
    given, end = yaml.safe_load(QUEUE.read_text()), time.monotonic() + 3600 * options.hours
    for entry in given["queue"]:
        if options.only is not None and entry["formula"] not in options.only:
            continue
        print(f"{entry['formula']} {time.strftime('%H:%M:%S')}", flush=True)
        for spec in specs_of(entry, given["hosts"]):
            if time.monotonic() > end or (options.folder / "stop").exists():
                return
            try:
                cell = Cell(spec, options.folder)
                cell.relaxed()
                if not options.relax_only:
                    cell.computed()
            except (EngineError, ValueError) as err:
                print(f"  {name_of(spec)}: {err}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
