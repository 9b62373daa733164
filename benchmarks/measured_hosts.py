"""Errors of an engine on voltages, volumes and strains: hosts with measured values, computed as in a campaign.

Every content of the working ion is built with the orderings of lowest electrostatic energy, each relaxed from several
starts whose sites are displaced by 0.02 A; the lowest energy counts. The metal is that of the same engine. Results are
kept in a file: run it again to go on.

    OMP_NUM_THREADS=1 python benchmarks/measured_hosts.py FILE.json [--engine chgnet] [--only LiCoO2 NaCrO2]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.config.engines import EngineSpec
from hebe.engines.registry import get_engine
from hebe.science.errors.measured_cells import formula_units, host_cells, metal_cell
from hebe.science.errors.measured_error import Computed, deviation, strains, voltages, volumes
from hebe.science.errors.measured_host import MeasuredHost, measured_hosts
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from hebe.engines.protocol import Engine
    from hebe.science.errors.measured_error import Comparison

DISPLACEMENT: Final = 0.02
FMAX: Final = 0.01
STEPS: Final = 1000
ORDERINGS: Final = 3
STARTS: Final = 3
UNITS: Final = {"voltage": ("V", 1.0, 2), "volume": ("%", 100.0, 1), "strain": ("%", 100.0, 1)}
"""Unit of the differences, factor, digits."""


def compute(engine: Engine, host: MeasuredHost, x: Fraction) -> Computed:
    """Lowest of all orderings and starts at one content."""
    found = []
    for number, cell in enumerate(host_cells(host, x, ORDERINGS)):
        units = formula_units(host, cell)
        for start in range(STARTS):
            seed = f"{host.formula} {x} ordering {number} start {start}"
            result = engine.relax(displaced(cell, DISPLACEMENT, seed), fmax=FMAX, steps=STEPS)
            if not result.converged:
                print(f"{seed}: {result.problem or 'not converged'}", flush=True)
                continue
            found.append(Computed(result.energy_eV / units, result.structure.volume / units))
    if not found:
        raise SystemExit(f"{host.formula}: no relaxation at x = {x} converged")
    return min(found, key=lambda one: one.energy)


def metal_energy(engine: Engine, ion: str) -> float:
    """Energy of the elemental metal, eV/atom."""
    return engine.relax(metal_cell(ion), fmax=FMAX, steps=STEPS).energy_eV


class Results:
    """Computed states by host and content, in a file."""

    def __init__(self, file: Path, engine: Engine) -> None:
        self.file, self.engine = file, engine
        self.known: dict[str, list[float]] = json.loads(file.read_text()) if file.is_file() else {}

    def metal(self, ion: str) -> float:
        """Energy of the metal, eV/atom."""
        return self._kept(ion, lambda: [metal_energy(self.engine, ion)])[0]

    def state(self, host: MeasuredHost, x: Fraction) -> Computed:
        """Energy and volume of one content."""

        def lowest() -> list[float]:
            one = compute(self.engine, host, x)
            return [one.energy, one.volume]

        return Computed(*self._kept(f"{host.formula} {x}", lowest))

    def _kept(self, label: str, make: Callable[[], list[float]]) -> list[float]:
        key = f"{self.engine.energy_scale} {label}"
        if key not in self.known:
            started = time.process_time()
            self.known[key] = make()
            self.file.write_text(json.dumps(self.known, indent=1) + "\n")
            print(f"{label}: {self.known[key]} in {time.process_time() - started:.0f} CPU s", flush=True)
        return self.known[key]


def rows_of(results: Results, hosts: Sequence[MeasuredHost]) -> list[Comparison]:
    """Everything measured beside what the engine says."""
    rows: list[Comparison] = []
    for host in hosts:
        computed = {state.x: results.state(host, state.x) for state in host.states}
        rows += voltages(host, computed, results.metal(host.working_ion))
        rows += volumes(host, computed)
        rows += strains(host, computed)
    return rows


def table(rows: Sequence[Comparison], quantity: str) -> None:
    """Print the rows of one quantity, and their deviations by working ion."""
    unit, factor, digits = UNITS[quantity]
    head = ("host", "structure", "x", f"measured {quantity}", "computed", f"difference, {unit}", "measured by")
    print(f"\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    groups: dict[str, list[float]] = defaultdict(list)
    for row in (row for row in rows if row.quantity == quantity):
        groups[row.host.working_ion].append(row.difference)
        shown = factor if quantity == "strain" else 1.0
        cells = (
            row.host.formula,
            row.host.kind,
            row.x,
            f"{shown * row.measured:.2f}",
            f"{shown * row.computed:.2f}",
            f"{factor * row.difference:+.{digits}f}",
            f"{row.record.source}{' *' if 'unverified' in (row.record.note or '') else ''}",
        )
        print(f"| {' | '.join(cells)} |")
    print(f"\n| working ion | n | mean {quantity}, {unit} | root mean square |\n|---|---|---|---|")
    for ion, differences in groups.items():
        found = deviation(differences)
        print(f"| {ion} | {found.n} | {factor * found.mean:+.{digits}f} | {factor * found.rms:.{digits}f} |")


def main() -> None:
    """Compute what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", default="chgnet", help="a name, or an engine block of a campaign as JSON")
    parser.add_argument("--only", nargs="*", help="formulas")
    options = parser.parse_args()
    block = options.engine
    engine = get_engine(EngineSpec.model_validate_json(block) if block.startswith("{") else block)
    results = Results(options.file, engine)
    chosen = [host for host in measured_hosts() if not options.only or host.formula in options.only]
    rows = rows_of(results, chosen)
    print(f"\n{engine.energy_scale}")
    for quantity in UNITS:
        table(rows, quantity)


if __name__ == "__main__":
    main()
