"""The ions and initial moments that a calculation with DFT+U starts from, for any cell of a host."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.host import layer_normal
from hebe.science.structures.labels import initial_moments, ions_of, site_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.science.structures.labels import MagneticOrder


def with_ions(spec: MemberSpec, structure: Structure, order: MagneticOrder = "ferromagnetic") -> Structure:
    """Copy with the site properties ``ion`` (``Mn3+``, ``Co3+ls``) and ``magmom`` (Bohr magnetons).

    Mixed cations are split as the redox ladder of the host says for the working ions that are there; a cell that only
    approximates its composition by what it really holds. Each oxygen that is missing leaves two electrons. It is told
    by a full sublattice of cations: hosts whose working ion shares all of those start as if none were missing.

    Parameters
    ----------
    spec
        The member of the host that the cell stands for.
    structure
        Cell with the site property ``sublattice``, at any content of working ions.
    order
        Collinear order of the moments; see `initial_moments`.
    """
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    counts = Counter(zip(labels, (site.specie.symbol for site in structure), strict=True))
    sites = Counter(labels)
    full = next((name for name in (spec.primary, *host.sublattices) if _is_full(spec, name)), spec.primary)
    n_fu = Fraction(sites[full], host.atoms_per_unit(full))
    missing = _missing_oxygen(spec, sites, full)
    for label, number in missing.items():
        counts[label, "O"] += number
        sites[label] += number
    fractions = {
        label: {e: str(Fraction(n, sites[label])) for (where, e), n in sorted(counts.items()) if where == label}
        for label in spec.fractions
        if _is_full(spec, label)
    }
    fractions = {label: fractions.get(label, part) for label, part in spec.fractions.items()}
    made = composition_of(spec, fractions)
    split = split_of(spec, fractions) or split_of(spec) or {}
    working = host.working_of(spec.working_ion)
    held = 0 if working is None else len(working.sites(structure))
    removed = (made.x_made - held / n_fu) * working_charge(spec.working_ion) - 2 * sum(missing.values()) / n_fu
    ions = ions_of(spec, structure, RedoxLadder.of(host).oxidise(split, removed))
    normal = layer_normal(host, spec.working_ion) if order == "layer-antiferromagnetic" else None
    result = structure.copy()
    result.add_site_property("ion", site_labels(spec, structure, ions))
    result.add_site_property("magmom", initial_moments(spec, structure, ions, order, normal).tolist())
    return result


def _missing_oxygen(spec: MemberSpec, sites: Mapping[str, int], full: str) -> dict[str, int]:
    """Oxygen that is missing on each sublattice of a cell with so many sites, beside a full sublattice of cations."""
    host = composition_of(spec).host
    if host.groups or full in host.anions or not _is_full(spec, full):
        return {}
    units = Fraction(sites[full], host.atoms_per_unit(full))
    names = [name for name in host.anions if "O" in host.sublattices[name].species and _is_full(spec, name)]
    lacking = {name: int(units * host.atoms_per_unit(name)) - sites[name] for name in names}
    return {name: number for name, number in lacking.items() if number > 0}


def _is_full(spec: MemberSpec, name: str) -> bool:
    """Whether every site of a sublattice is occupied in every cell of a member."""
    host = composition_of(spec).host
    working = host.working_of(spec.working_ion)
    if working is not None and name in (*working.own, *working.shared):
        return False
    if any(name in host.sublattices[n].species[e].instead for n, part in spec.fractions.items() for e in part):
        return False
    return VACANCY not in spec.fractions.get(name, {})
