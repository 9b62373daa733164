"""Controls of stackings in NaxMO2: minima of NaCoO2 with CHGNet, and P3 - O3 of Na1/2CrO2 with CHGNet and GPAW.

    OMP_NUM_THREADS=1 python benchmarks/stackings_control.py cobalt
    OMP_NUM_THREADS=1 python benchmarks/stackings_control.py gpaw FOLDER [--metal Cr] [--cutoff 400] [--k-spacing 0.9]

``cobalt`` relaxes O3 and P3 NaCoO2 from cells of three sizes: each spin state is a minimum. ``gpaw`` relaxes both
stackings of a half-charged host in cells of two formula units, one ordering of rows each: ions and cell with CHGNet,
then the ions with PBE+U (U of the Materials Project, ferromagnetic). What GPAW has reached stays in FOLDER.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.config.engines.gpaw import GPAWSettings
from hebe.engines import get_engine
from hebe.engines.gpaw import GPAWEngine
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import family_of, member_spec
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.stackings import restack, stacked_spec
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.engines.protocol import Relaxation

_SIZES: Final = (0.94, 1.0, 1.06)
_PAIR: Final = ("O3", "P3")


def stacked(metal: str, stacking: str, x: Fraction, n_fu: int) -> Structure:
    """Unrelaxed cell of a single metal in a stacking, working ions in the ordering of lowest electrostatic energy.

    Raises
    ------
    ValueError
        If there is no such cell.
    """
    made = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {metal: Fraction(1)}})
    spec = member_spec(made, {"TM": {Ion(metal, 3): Fraction(1)}}, "TM", {"TM": {metal: (3, 4)}})
    own = build_configuration(made, "TM", n_sites=n_fu)
    cell = own if stacking == "O3" else restack(spec, own, stacking)
    member = spec if stacking == "O3" else stacked_spec(spec, stacking)
    if cell.structure is None:
        raise ValueError(f"{stacking} has no cell")
    (occupied, *_) = choose_orderings(member, cell, x, 1).occupied
    return apply_ordering(cell.structure, occupied, family_of(member).working_of("Na"))


def cobalt() -> None:
    """Energies, volumes and moments of NaCoO2 from cells that are too small, about right and too large."""
    engine = get_engine("chgnet")
    for name in _PAIR:
        ideal = stacked("Co", name, Fraction(1), 1)
        for scale in _SIZES:
            start = Structure(Lattice(ideal.lattice.matrix * scale), ideal.species, ideal.frac_coords)
            print(f"{name} from {scale:.2f} a: {_line(engine.relax(start, fmax=0.01))}", flush=True)


def control(metal: str, folder: Path, settings: GPAWSettings) -> None:
    """Energies, volumes and moments of both stackings at half charge with both engines."""
    potential, density = get_engine("chgnet"), GPAWEngine("screen", settings)
    found: dict[str, dict[str, float]] = {"chgnet": {}, "gpaw, cells of chgnet": {}, "gpaw, ions relaxed": {}}
    for name in _PAIR:
        relaxed = potential.relax(stacked(metal, name, Fraction(1, 2), 2), fmax=0.01)
        print(f"{name} chgnet: {_line(relaxed)}", flush=True)
        start = relaxed.structure.copy(site_properties={"magmom": _moments(relaxed).tolist()})
        own = density.relax(start, fmax=0.05, cell=False, folder=folder / f"{metal}-{name}")
        share = None if own.electronic is None else own.electronic.anion_share
        print(f"{name} gpaw: {_line(own)}, share of oxygen {share or 0.0:.2f}, {own.cpu_s:.0f} CPU s", flush=True)
        for kind, energy in zip(found, (relaxed.energy_eV, own.energies[0], own.energy_eV), strict=True):
            found[kind][name] = energy
    for kind, pair in found.items():
        print(f"Na1/2{metal}O2, P3 - O3, {kind}: {1000 * (pair['P3'] - pair['O3']) / 2:+.1f} meV/f.u.")


def _line(found: Relaxation) -> str:
    metals = [i for i, site in enumerate(found.structure) if site.specie.symbol not in ("Na", "O")]
    volume = found.structure.volume / len(metals)
    moments = _moments(found)[metals].round(2)
    return f"{found.energy_eV / len(metals):.4f} eV, {volume:.2f} A^3 per f.u., moments {moments}"


def _moments(found: Relaxation) -> NDArray[np.float64]:
    return np.zeros(len(found.structure)) if found.magmoms is None else np.abs(found.magmoms)


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("which", choices=("cobalt", "gpaw"))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("stackings-control"))
    parser.add_argument("--metal", default="Cr")
    parser.add_argument("--cutoff", type=float, default=400.0, help="of plane waves (eV)")
    parser.add_argument("--k-spacing", type=float, default=0.9, help="of k points (1/A)")
    given = parser.parse_args()
    if given.which == "cobalt":
        cobalt()
    else:
        control(given.metal, given.folder, GPAWSettings(cutoff=given.cutoff, k_spacing=given.k_spacing))


if __name__ == "__main__":
    main()
