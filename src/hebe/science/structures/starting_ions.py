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
    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.science.structures.labels import MagneticOrder


def with_ions(spec: MemberSpec, structure: Structure, order: MagneticOrder = "ferromagnetic") -> Structure:
    """Copy with the site properties ``ion`` (``Mn3+``, ``Co3+ls``) and ``magmom`` (Bohr magnetons).

    Mixed cations are split as the redox ladder of the host says for the working ions that are there; a cell that only
    approximates its composition by what it really holds.

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
    removed = (made.x_made - held / n_fu) * working_charge(spec.working_ion)
    ions = ions_of(spec, structure, RedoxLadder.of(host).oxidise(split, removed))
    normal = layer_normal(host, spec.working_ion) if order == "layer-antiferromagnetic" else None
    result = structure.copy()
    result.add_site_property("ion", site_labels(spec, structure, ions))
    result.add_site_property("magmom", initial_moments(spec, structure, ions, order, normal).tolist())
    return result


def _is_full(spec: MemberSpec, name: str) -> bool:
    """Whether every site of a sublattice is occupied in every cell of a member."""
    host = composition_of(spec).host
    working = host.working_of(spec.working_ion)
    if working is not None and name in (*working.own, *working.shared):
        return False
    if any(name in host.sublattices[n].species[e].instead for n, part in spec.fractions.items() for e in part):
        return False
    return VACANCY not in spec.fractions.get(name, {})
