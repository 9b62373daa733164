"""The ions and initial moments that a calculation with DFT+U starts from, for any cell of a host."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.host import host_cell
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
    n_fu = Fraction(sites[spec.primary], host.sublattices[spec.primary].multiplicity)
    fractions = {
        label: {e: str(Fraction(n, sites[label])) for (where, e), n in sorted(counts.items()) if where == label}
        for label in spec.fractions
    }
    split = split_of(spec, fractions) or split_of(spec) or {}
    removed = (Fraction(spec.x_made) - sites[host.working_sublattice] / n_fu) * working_charge(spec.working_ion)
    ions = ions_of(spec, structure, RedoxLadder.of(host).oxidise(split, removed))
    normal = host_cell(host, spec.working_ion).layer_normal if order == "layer-antiferromagnetic" else None
    result = structure.copy()
    result.add_site_property("ion", site_labels(spec, structure, ions))
    result.add_site_property("magmom", initial_moments(spec, structure, ions, order, normal).tolist())
    return result
