"""Published ordered members of every host family, relaxed with CHGNet: verdict, density, space group.

Each member stands in the lattice that its family estimates, on ideal sites that are displaced by 0.02 A, as in a
campaign; working ions are placed by electrostatics. Printed and written, per member: verdict of the topology test,
deviation of the density from the published one, space group after relaxation. A member that has left its host, or whose
density is off by more than 5 % (10 % in layered hosts), is relaxed in its measured volume as well. Beside them stands
how random the cell is of the most mixed candidate that `hebe init` drafts. `docs/families.md` shows what is written.

    OMP_NUM_THREADS=1 python benchmarks/families.py [--only FAMILY ...] [--new]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.campaigns.loading import load_campaign
from hebe.cli.template import campaign_text
from hebe.config.family import family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.engines.chgnet import CHGNetEngine
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.descriptors import radius_of
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.chemistry.screening import screen
from hebe.science.structures.configuration import build_configuration, displaced, exact_size, lattice_radius
from hebe.science.structures.host import estimate_lattice, host_cell
from hebe.science.structures.topology import check_topology
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.config.family import Family
    from hebe.config.family_sites import Member
    from hebe.engines.protocol import Relaxation

RESULTS: Final = Path(__file__).with_suffix(".yaml")
DISPLACEMENT: Final = 0.02
SYMPREC: Final = 0.1
"""Displacement (A) within which atoms of the relaxed cell are where symmetry would have them."""

WITHIN_PERCENT: Final = {True: 10.0, False: 5.0}
"""How far densities of layered hosts, and of others, may be off."""

STEPS: Final = 500
_ARRANGEMENTS: Final = 2
FMAX: Final = 0.05


def mean_radius(family: Family, member: Member) -> float:
    """Radius (A) of what stands on the sublattice named first."""
    label, text = next(iter(member.ions.items()))
    radii = [radius_of(Ion.parse(word), family.sublattices[label]) for word in text.split()]
    known = [radius for radius in radii if radius is not None]
    return sum(known) / len(known)


def occupation(family: Family, member: Member) -> dict[str, dict[Ion, Fraction]]:
    """Sublattice -> ion -> fraction of its sites; words of a member are in equal parts."""
    x, found = content(family, member), dict[str, dict[Ion, Fraction]]()
    for label in family.mixed:
        words = member.ions.get(label, "").split()
        if not words and label in family.working_shared and member.working_ion:
            share = x / family.sublattices[label].multiplicity
            parts = {Ion(member.working_ion, 1): share, Ion(VACANCY, 0): 1 - share}
            found[label] = {ion: n for ion, n in parts.items() if n}
        else:
            found[label] = {Ion.parse(word): Fraction(1, len(words)) for word in words} or {
                Ion(VACANCY, 0): Fraction(1)
            }
    return found


def content(family: Family, member: Member) -> Fraction:
    """Working ions per formula unit."""
    return family.x_made if member.x is None else member.x


def member_cells(family: Family, member: Member) -> tuple[list[Structure], int]:
    """Smallest cells that hold a member, on ideal sites of the estimated lattice, and their formula units.

    There are several where an ordered member has more than one species on a sublattice.
    """
    occupied = occupation(family, member)
    fractions: dict[str, dict[str, Fraction]] = {}
    for label, part in occupied.items():
        for ion, n in part.items():
            here = fractions.setdefault(label, {})
            here[ion.element] = here.get(ion.element, Fraction(0)) + n
    x = content(family, member)
    made = HostComposition(family.name, member.working_ion, x if family.working_own else Fraction(0), fractions)
    made = replace(made, x_made=made.x_made + made.x_shared)
    cell, primary = host_cell(family, member.working_ion), next(iter(member.ions))
    exact = exact_size(made, primary, cell)
    units = exact // cell.sites_per_cell(primary) * cell.formula_units
    size = exact * (x * units).denominator
    cells_found = []
    for index in range(_ARRANGEMENTS):
        document = build_configuration(
            made, primary, n_sites=size, seed=7, index=index, radius=mean_radius(family, member)
        )
        if document.structure is None:
            break
        structure = document.structure
        if family.working_own:
            spec = member_spec(made, _split(family, occupied), primary, _valences(occupied))
            found = choose_orderings(spec, document, made.x_made, keep=1, seed=7)
            structure = apply_ordering(structure, found.occupied[0], family.working_of(member.working_ion))
        cells_found.append(displaced(structure, DISPLACEMENT, f"{family.name}/{member.formula}"))
        n_fu = document.n_fu
    return cells_found, n_fu


def _split(family: Family, occupied: dict[str, dict[Ion, Fraction]]) -> dict[str, dict[Ion, Fraction]]:
    return {
        label: {ion: n * family.sublattices[label].multiplicity for ion, n in part.items()}
        for label, part in occupied.items()
    }


def _valences(occupied: dict[str, dict[Ion, Fraction]]) -> dict[str, dict[str, tuple[int, ...]]]:
    return {
        label: {ion.element: tuple(sorted(i.charge for i in part if i.element == ion.element)) for ion in part}
        for label, part in occupied.items()
    }


def measured_volume(family: Family, member: Member) -> float:
    """Volume (A3) of a formula unit of a member, as published."""
    estimate = family.lattice_of(member.working_ion)
    lattice = estimate_lattice(
        estimate.model_copy(update={"parameters": member.parameters, "slopes": {}}), None, family.space_group
    )
    cell = host_cell(family, member.working_ion)
    reference = estimate_lattice(estimate, None, family.space_group)
    return lattice.volume * cell.structure.volume / reference.volume / cell.formula_units


def relaxed_member(family: Family, member: Member, engine: CHGNetEngine) -> dict[str, Any]:
    """What became of a member."""
    starts, n_fu = member_cells(family, member)
    results = [(start, engine.relax(start, fmax=FMAX, steps=STEPS)) for start in starts]
    start, result = min(results, key=lambda one: one[1].energy_eV)
    measured = measured_volume(family, member)
    density = round(100 * (measured / (result.structure.volume / n_fu) - 1), 1)
    found: dict[str, Any] = {
        "formula": member.formula,
        "atoms": len(start),
        "verdict": verdict(family, member, start, result),
        "density_percent": density,
        "start_density_percent": round(100 * (measured / (start.volume / n_fu) - 1), 1),
        "space_group": space_group(result.structure),
        "steps": result.n_steps,
    }
    if found["verdict"] != "host" or abs(density) > WITHIN_PERCENT[family.layer_axis is not None]:
        start = start.copy()
        start.scale_lattice(measured * n_fu)
        held = engine.relax(start, fmax=FMAX, steps=STEPS, cell=False)
        found["at_measured_volume"] = {
            "verdict": verdict(family, member, start, held),
            "space_group": space_group(held.structure),
        }
    return {**found, "source": member.source}


def draft_quality(family: Family) -> dict[str, Any]:
    """How random the cell of the most mixed candidate of a draft is, on its primary sublattice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "campaign.yaml"
        path.write_text(campaign_text(family, None, "draft"), encoding="utf-8")
        campaign = load_campaign(path)
        candidate = max(screen(campaign).selected, key=lambda one: one.entropy_R["sublattice-sum"])
    primary = candidate.primary
    radius = lattice_radius(candidate.composition, candidate.split, primary)
    document = build_configuration(candidate.composition, primary, n_sites=campaign.structures.cations, radius=radius)
    found = document.quality[primary]
    return {
        "formula": candidate.composition.formula,
        "sites": found.n_sites,
        "total": round(found.total, 3),
        "random_total": round(found.random_total, 3),
    }


def verdict(family: Family, member: Member, start: Structure, result: Relaxation) -> str:
    """Verdict of the topology test, with what went wrong in the relaxation."""
    normal, working = host_cell(family, member.working_ion).layer_normal, family.working_of(member.working_ion)
    text = check_topology(start, result.structure, family.topology, normal, working, ion=member.working_ion)
    problem = result.problem or (None if result.converged else f"not converged after {result.n_steps} steps")
    return text if problem is None else f"{text}, {problem}"


def space_group(structure: Structure) -> str:
    """Symbol of the space group, P1 where none is found."""
    plain = structure.copy()
    for name in list(plain.site_properties):
        plain.remove_site_property(name)
    try:
        return str(SpacegroupAnalyzer(plain, SYMPREC).get_space_group_symbol())
    except TypeError:
        return "P1"


def main() -> None:
    """Relax what is asked for and write it beside what was there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", help="families (default: all)")
    parser.add_argument("--new", action="store_true", help="leave out members that were relaxed before")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    engine = CHGNetEngine()
    found: dict[str, dict[str, Any]] = yaml.safe_load(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in options.only or family_names():
        family = load_family(name)
        known = {entry["formula"]: entry for entry in found.get(name, {}).get("members", [])}
        entries: list[dict[str, Any]] = []
        for member in family.members:
            if options.new and member.formula in known:
                entries.append(known[member.formula])
                continue
            begin = time.process_time()
            entries.append(relaxed_member(family, member, engine))
            print(f"{name}, {time.process_time() - begin:.1f} CPU s: {entries[-1]}", flush=True)
        found[name] = {"draft": draft_quality(family), "members": entries}
        text = yaml.safe_dump(dict(sorted(found.items())), sort_keys=False, width=200, allow_unicode=True)
        RESULTS.write_text(f"# Written by benchmarks/families.py.\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
