"""What small cells against GPAW say of potentials: the shipped data, tables, and blocks of ``model_errors.yaml``.

``write`` evaluates SevenNet at the geometries in the folder of `mixing_cells.py`, as statics, and writes
``mixing_cells.yaml``; ``earlier`` prints the enthalpies of potentials in ``mixing_checks.yaml``; ``table`` prints what
follows from the shipped data, ``missing`` what the queue still holds.

    OMP_NUM_THREADS=1 python benchmarks/mixing_errors.py write FOLDER
    OMP_NUM_THREADS=1 python benchmarks/mixing_errors.py earlier FOLDER
    python benchmarks/mixing_errors.py table|missing
"""

from __future__ import annotations

import argparse
import math
import statistics
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import yaml
from scipy.stats import spearmanr

from hebe.science.chemistry.member import composition_of
from hebe.science.errors import mixing_cells
from hebe.science.errors.mixing_cells import MixingFile, difference, differences, enthalpy, mixing_file
from hebe.science.errors.mixing_checks import checks_file, earlier_differences
from hebe.science.errors.pair_fit import Difference, fit_pairs, leave_one_out, standardised_spread
from mixing_cells import FIRST, SECOND, SETTINGS, Cell
from mixing_records import Record, hosts, name_of, queue, shipped, specs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pymatgen.core import Structure


FILE: Final = Path(mixing_cells.__file__).with_name("mixing_cells.yaml")
SCALES: Final = {
    FIRST: "chgnet-0.3.0/MP2020",
    SECOND: "chgnet-r2scan/r2SCAN",
    "7net-0": "sevennet-0/MP-uncorrected",
    "7net-l3i5": "sevennet-l3i5/MP-uncorrected",
}
"""Potential -> energy scale."""
SEVENNET: Final = ("7net-0", "7net-l3i5")
OWN: Final = {FIRST: FIRST, SECOND: SECOND, "7net-0": FIRST, "7net-l3i5": FIRST}
"""Potential -> geometry that is its own; SevenNet is evaluated on CHGNet's."""
SHORT: Final = {
    "chgnet-0.3.0/MP2020": "CHGNet 0.3.0",
    "chgnet-r2scan/r2SCAN": "CHGNet r2scan",
    "sevennet-0/MP-uncorrected": "SevenNet-0",
    "sevennet-l3i5/MP-uncorrected": "SevenNet-l3i5",
}
"""Energy scale -> name in tables."""
LEAST: Final = 5
"""Cells from which errors are fitted."""
OPEN: Final = frozenset(("Mn2+", "Mn3+", "Mn4+", "Fe2+", "Fe3+", "Co2+", "Co3+", "Ni2+", "Ni3+", "Cu2+", "Cr3+"))
"""Ions whose cells are computed with spin; of Co3+ because another start is tried."""
METALLIC: Final = 0.2
"""Gap (eV) below which the state that GPAW found may be one of several."""
HEAD: Final = """\
# Written by benchmarks/mixing_errors.py from what benchmarks/mixing_cells.py computed: small cells and the vertices
# that they balance against, eV per formula unit. `own` is the geometry at which a campaign evaluates a potential,
# `tilted` that where GPAW's minimum should be; DFT counts at the lowest.
"""


@cache
def potential(name: str) -> Callable[[Structure], float]:
    """Energy (eV of the cell) of a SevenNet model of its package."""
    from pymatgen.io.ase import AseAtomsAdaptor
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator(name, device="cpu")

    def energy(structure: Structure) -> float:
        atoms = AseAtomsAdaptor.get_atoms(structure)
        atoms.calc = calculator
        return float(atoms.get_potential_energy())

    return energy


def evaluate(folder: Path) -> None:
    """SevenNet at all geometries that GPAW was computed at."""
    for name in SEVENNET:
        for file in sorted((folder / "cells").glob("*.json")):
            record = Record.open(folder, file.stem)
            row = record.part("energies").setdefault(name, {})
            for geometry in record.data.get("gpaw", {}):
                if geometry not in row:
                    row[geometry] = potential(name)(record.geometry(geometry))
                    record.save()


def earlier_again(folder: Path) -> None:
    """Mixing enthalpies (meV per atom) of the earlier cells with every potential, each at its own geometry."""
    for formula in checks_file().earlier:
        cells = [Cell(spec, folder) for spec in specs_of({"host": "li-o3", "formula": formula}, hosts())]
        for cell in cells:
            cell.relaxed()
            for name in SEVENNET:
                row = cell.record.part("energies").setdefault(name, {})
                if OWN[name] not in row:
                    row[OWN[name]] = potential(name)(cell.record.geometry(OWN[name]))
            cell.record.save()
        records = [cell.record for cell in cells]
        weights = [Fraction(1), *(-Fraction(n) for n in vertices_of(records[0], records[1:]).values())]
        found = {}
        for name, scale in SCALES.items():
            energies = [one.data["energies"][name][OWN[name]] / one.data["n_fu"] for one in records]
            total = sum(float(w) * e for w, e in zip(weights, energies, strict=True))
            found[scale] = round(1000 * total * records[0].data["n_fu"] / records[0].data["atoms"], 1)
        print(formula, found, flush=True)


def member(record: Record) -> dict[str, Any]:
    """Row of a member in the shipped file, eV per formula unit."""
    data, n_fu = record.data, record.data["n_fu"]
    computed = data["gpaw"]
    row = {key: data[key] for key in ("family", "working_ion", "ions", "sites") if data[key] is not None}
    return row | {
        "formula_units": n_fu,
        "atoms": data["atoms"],
        "dft": {geometry: round(found["energy"] / n_fu, 5) for geometry, found in computed.items()},
        "models": {
            SCALES[name]: {g: round(e / n_fu, 5) for g, e in energies.items() if g in computed or g == OWN[name]}
            for name, energies in data["energies"].items()
        },
        "cpu_s": round(sum(found["cpu_s"] for found in computed.values()), 1),
        "warnings": warnings(data),
    }


def warnings(data: dict[str, Any]) -> list[str]:
    """What is doubtful of a member: moments, gaps, geometries that were expected to be lower and are not."""
    lowest = min(data["gpaw"].values(), key=lambda found: found["energy"])
    found = [f"moment off: {one}" for one in sorted(set(lowest["off"]))]
    if lowest["gap"] is not None and lowest["gap"] < METALLIC:
        found.append(f"gap of {lowest['gap']:.2f} eV")
    if len(lowest["starts"]) > 1:
        spread = max(lowest["starts"].values()) - min(lowest["starts"].values())
        found.append(f"two sets of starting moments, {1000 * spread / data['atoms']:.1f} meV/atom apart")
    if not data.get("tilt", {}).get("taken", True):
        found.append("GPAW's minimum is far from CHGNet's")
    return found


def vertices_of(cell: Record, others: Sequence[Record]) -> dict[str, str]:
    """Formula units of each vertex that a cell balances against."""
    keys = sorted({(name, ion) for one in (cell, *others) for name, part in one.data["ions"].items() for ion in part})

    def amounts(record: Record) -> list[float]:
        return [float(Fraction(record.data["ions"].get(name, {}).get(ion, "0"))) for name, ion in keys]

    found = np.linalg.lstsq(np.array([amounts(one) for one in others]).T, np.array(amounts(cell)), rcond=None)[0]
    return {label(one): str(Fraction(float(n)).limit_denominator(48)) for one, n in zip(others, found, strict=True)}


def label(record: Record) -> str:
    """Name of a member in the shipped file."""
    return record.file.stem


def write(folder: Path) -> None:
    """Write ``mixing_cells.yaml`` from the records of a folder: cells that are complete, and their members."""
    members: dict[str, Any] = {}
    cells, scales = [], set()
    for _, specs in queue():
        records = [Record.open(folder, name_of(spec)) for spec in specs]
        if not all("expected" in one.data and "gpaw" in one.data for one in records):
            continue
        for one in records:
            members[label(one)] = member(one)
            scales |= {found["energy_scale"] for found in one.data["gpaw"].values()}
        cells.append({"member": label(records[0]), "vertices": vertices_of(records[0], records[1:])})
    (scale,) = scales
    document = {
        "dft_scale": scale,
        "settings": {"preset": "screen", "cutoff": f"{SETTINGS.cutoff:g} eV", "k_spacing": f"{SETTINGS.k_spacing} 1/A"},
        "own": {SCALES[name]: geometry for name, geometry in OWN.items()},
        "cells": cells,
        "members": members,
    }
    text = yaml.safe_dump(document, default_flow_style=None, sort_keys=False, width=118, allow_unicode=True)
    FILE.write_text(HEAD + text)


def table(file: MixingFile) -> None:
    """Mixing enthalpies of all cells and the errors of every potential, meV per mixed site; then what is doubtful."""
    names = [SHORT[scale] for scale in file.own]
    head = [
        "cell",
        "atoms",
        "GPAW",
        *(f"{name}{part}" for name in names for part in ("", ", energy")),
        "geometry",
        "CPU s",
    ]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for cell in file.cells:
        errors = [difference(file, cell, scale, part) for scale in file.own for part in ("both", "energy")]
        errors.append(difference(file, cell, SCALES[FIRST], "geometry"))
        held = [file.members[name] for name in (cell.member, *cell.vertices)]
        row = [_title(file, cell.member), held[0].atoms, _meV(enthalpy(file, cell, None, None))]
        row += [_meV(None if one is None else -one.value, sign=True) for one in errors]
        print(f"| {' | '.join(map(str, row))} | {sum(one.cpu_s for one in held):.0f} |")
    for name, one in file.members.items():
        if one.warnings:
            print(f"- {_title(file, name)}: {'; '.join(one.warnings)}")


def _title(file: MixingFile, name: str) -> str:
    """Ions and host of a member; earlier cells have their names."""
    if name not in file.members:
        return name
    one = file.members[name]
    part = " ".join(f"{ion} {x}" for ions in one.ions.values() for ion, x in ions.items())
    return f"{one.working_ion or ''} {part} ({one.family})".strip()


def _meV(value: float | None, *, sign: bool = False) -> str:  # noqa: N802 - a unit
    return "" if value is None else f"{1000 * value:{'+' if sign else ''}.1f}"


@dataclass(frozen=True)
class Compared:
    """A cell with one potential: difference and GPAW's enthalpy (eV per mixed site), and to which group it belongs."""

    difference: Difference
    true: float
    atoms_per_site: float
    group: str


def compared(file: MixingFile, scale: str) -> list[Compared]:
    """All cells of which a potential has the energies, the earlier ones last."""
    found = []
    for cell in file.cells:
        one, true = difference(file, cell, scale), enthalpy(file, cell, None, None)
        if one is None or true is None:
            continue
        own = file.members[cell.member]
        atoms = own.atoms / own.formula_units / own.mixed_sites
        found.append(Compared(one, true, atoms, "layered" if "layered" in own.family else "rock salts"))
    checks = checks_file()
    for one in earlier_differences(checks, scale):
        before = checks.earlier[one.cell]
        true = before.enthalpies["dft"] if before.lowest is None else before.lowest
        found.append(Compared(one, true * before.atoms_per_site / 1000, before.atoms_per_site, "earlier"))
    return found


def summary(file: MixingFile) -> None:
    """Errors of every potential by group of cells: computed less GPAW, in meV per mixed site but for one column."""
    head = ("potential", "cells", "n", "mean", "root mean square", "the same, meV/atom", "rank correlation")
    print(f"\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for scale in file.own:
        every = compared(file, scale)
        for group in ("earlier", "layered", "rock salts", "all"):
            found = [one for one in every if group in (one.group, "all")]
            if not found:
                continue
            errors = [-one.difference.value for one in found]
            per_atom = [error / one.atoms_per_site for error, one in zip(errors, found, strict=True)]
            computed = [one.true + error for one, error in zip(found, errors, strict=True)]
            rank = spearmanr([one.true for one in found], computed).statistic if len(found) > LEAST else math.nan
            row = [SHORT[scale], group, len(found), _meV(statistics.fmean(errors), sign=True), _meV(_rms(errors))]
            row += [_meV(_rms(per_atom)), "" if math.isnan(rank) else f"{rank:.2f}"]
            print(f"| {' | '.join(map(str, row))} |")


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(statistics.fmean(value**2 for value in values))


def fits(file: MixingFile) -> None:
    """Bias, spread and remainder of every potential, and how well each cell is predicted from the others."""
    head = ("potential", "cells", "bias", "spread of pairs", "remainder", "residual over predicted", "largest")
    rows, cells = [], dict[str, list[str]]()
    for scale in file.own:
        found = [one.difference for one in compared(file, scale)]
        errors = fit_pairs(found)
        left_out = leave_one_out(found, errors.spread)
        size, sd = standardised_spread(left_out)
        scores = {one.cell: residual / predicted for one, (residual, predicted) in zip(found, left_out, strict=True)}
        worst = max(scores, key=lambda name: abs(scores[name]))
        rows.append(
            f"| {SHORT[scale]} | {errors.n} | {_meV(errors.bias, sign=True)} +- {_meV(errors.bias_sd)} | "
            f"{_meV(errors.spread.pairs)} | {_meV(errors.spread.remainder)} | {size:.2f} +- {sd:.2f} | "
            f"{scores[worst]:+.1f}, {_title(file, worst)} |"
        )
        for one, (residual, predicted) in zip(found, left_out, strict=True):
            cells.setdefault(one.cell, []).append(f"{_meV(residual, sign=True)} of {_meV(predicted)}")
    print(f"\n| {' | '.join(head)} |\n{'|---' * len(head)}|\n" + "\n".join(rows))
    print(f"\n| cell | {' | '.join(SHORT[scale] for scale in file.own)} |\n{'|---' * (1 + len(file.own))}|")
    for name, row in cells.items():
        print(f"| {_title(file, name)} | {' | '.join(row)} |")


def blocks(file: MixingFile) -> None:
    """Blocks of ``model_errors.yaml``."""
    for scale in file.own:
        found = [one.difference for one in compared(file, scale)]
        print(yaml.safe_dump({scale: {"pairs": block(file, scale, found)}}, sort_keys=False, width=118))


def block(file: MixingFile, scale: str, found: Sequence[Difference]) -> dict[str, Any]:
    """What ``model_errors.yaml`` holds of pairs, eV per mixed site."""
    errors = fit_pairs(found)
    moved = [one.value for one in differences(file, scale, "geometry")]
    sds = np.sqrt(np.diag(errors.covariance))
    alone = isovalent(found)
    return {
        "bias": round(errors.bias, 3),
        "bias_sd": round(errors.bias_sd, 3),
        "sd": round(errors.spread.pairs, 3),
        "remainder": round(errors.spread.remainder, 3),
        "n": errors.n,
        "values": {
            name: [round(float(mean), 3), round(float(sd), 3)]
            for name, mean, sd in zip(errors.names, errors.mean, sds, strict=True)
            if name in alone
        },
        **({"geometry": round(_rms(moved), 3)} if moved else {}),
        "source": "benchmarks/mixing_errors.py; table in docs/science.md",
    }


def isovalent(found: Sequence[Difference]) -> set[str]:
    """Pairs of ions of one charge that some cell tells of: only these have a ``w`` of their own."""
    names = {name for one in found for name, value in one.terms.items() if abs(value) > 1e-12}
    return {name for name in names if len({ion[-2:] for ion in name.split()}) == 1}


def missing() -> None:
    """Cells of the queue that are not done, and what they should cost: CPU time by atom of members like theirs."""
    records = shipped()
    done = {name for name, record in records.items() if "expected" in record}
    known = [records[name] for name in done]
    rates = {kind: statistics.median(_rate(one) for one in known if _open(one) == kind) for kind in (True, False)}
    total = 0.0
    for formula, specs in queue():
        names = [name_of(spec) for spec in specs]
        left = [(name, spec) for name, spec in zip(names, specs, strict=True) if name not in done]
        if left:
            sizes = [(composition_of(spec), any(ion in OPEN for ion in name.split("_"))) for name, spec in left]
            cost = sum(float(sum(c.elements.values())) * c.denominator * rates[kind] for c, kind in sizes)
            done |= {name for name, _ in left}
            total += cost
            print(f"{formula}: {cost:.0f} CPU s")
    print(f"together {total / 3600:.1f} CPU hours")


def _rate(record: dict[str, Any]) -> float:
    return float(sum(found["cpu_s"] for found in record["gpaw"].values()) / record["atoms"])


def _open(record: dict[str, Any]) -> bool:
    return any(ion in OPEN for part in record["ions"].values() for ion in part)


def main() -> None:
    """Write the file or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("write", "table", "earlier", "missing"))
    parser.add_argument("folder", type=Path, nargs="?")
    options = parser.parse_args()
    if options.what == "write":
        evaluate(options.folder)
        write(options.folder)
        return
    if options.what == "missing":
        missing()
        return
    if options.what == "earlier":
        earlier_again(options.folder)
        return
    file = mixing_file()
    table(file)
    summary(file)
    fits(file)
    blocks(file)


if __name__ == "__main__":
    main()
