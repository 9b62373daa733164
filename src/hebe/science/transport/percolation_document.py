"""Percolation of a composition of a rock salt: cells in random and short-range order, and its configurations."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Structure

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.schemas.percolation import CellChannelsDoc, PercolationDoc
from hebe.science.chemistry.member import composition_of, family_of
from hebe.science.structures.host import host_cell
from hebe.science.transport.channels import content, draw, given_cell, mean_channels
from hebe.science.transport.short_range import ShortRange, add_short_range, cations_first
from hebe.science.transport.tetrahedra import Tetrahedra, find_tetrahedra
from hebe.science.transport.tiling import even_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(frozen=True)
class RockSalt:
    """Octahedral cation sites of a host derived from rock salt: a short cell, their sublattices and tetrahedra.

    ``whole`` is the same cell with its anions, which follow the cations.
    """

    cell: Structure
    whole: Structure
    sublattices: tuple[str, ...]
    tetrahedra: Tetrahedra


def rock_salt(host: Family, ion: str | None) -> RockSalt:
    """Cation sites of a host.

    Raises
    ------
    BadInputError
        If they are not those of a rock salt.
    """
    found, n_cations = cations_first(host, host_cell(host, ion).structure)
    whole = found.get_reduced_structure()
    cell = Structure.from_sites(whole[:n_cations])
    return RockSalt(cell, whole, tuple(cell.site_properties["sublattice"]), find_tetrahedra(cell))


def is_rock_salt(host: Family, ion: str | None) -> bool:
    """Whether the cation sites of a host are those of a rock salt."""
    try:
        rock_salt(host, ion)
    except BadInputError:
        return False
    return True


def percolation_document(
    spec: MemberSpec,
    configurations: Sequence[ConfigurationDoc],
    n_sites: int,
    n_cells: int,
    seed: int,
    short_range: ShortRange | None = None,
) -> PercolationDoc:
    """Percolation of the working ion as made.

    Parameters
    ----------
    spec
        The composition.
    configurations
        Its cells.
    n_sites, n_cells, seed
        Least number of cation sites of a cell that is drawn at random, number of such cells, and of the first draw.
    short_range
        As many cells with short-range order, if they are asked for; eight at least where energies are fitted.
    """
    host = family_of(spec)
    salt = rock_salt(host, spec.working_ion)
    share = _shares(spec, host)
    repeats = even_repeats(salt.cell.lattice, len(salt.cell), n_sites)
    tetrahedra = salt.tetrahedra.repeated(repeats)
    labels = salt.sublattices * (tetrahedra.n_sites // len(salt.cell))
    sites = {name: host.sublattices[name].multiplicity for name in share}
    fixed = float(sum(sites[name] for name, part in share.items() if part == 1))
    shared = [(float(sites[name]), float(part)) for name, part in share.items() if part < 1]
    parts = {name: float(part) for name, part in share.items()}
    drawn = [draw(tetrahedra, labels, parts, seed + n).channels(thresholds=bool(shared)) for n in range(n_cells)]
    document = PercolationDoc(
        x=content(1.0, fixed, shared),
        n_sites=tetrahedra.n_sites,
        n_cells=n_cells,
        channels=mean_channels(drawn, fixed, shared),
    )
    for configuration in configurations:
        _add_cell(document, spec, host, configuration)
    if short_range is not None:
        add_short_range(document, spec, host, salt, short_range, range(seed, seed + n_cells))
    return document


def _shares(spec: MemberSpec, host: Family) -> dict[str, Fraction]:
    """Share of the sites of each cation sublattice that belongs to the working ion: its own, and empty ones."""
    own = {name: Fraction(1) for name in host.working_own}
    fractions = composition_of(spec).fractions
    shared = {
        name: fractions[name].get(spec.working_ion or "", Fraction(0)) + fractions[name].get(VACANCY, Fraction(0))
        for name in host.mixed_cations
        if name in fractions
    }
    return own | {name: part for name, part in shared.items() if part}


def _add_cell(document: PercolationDoc, spec: MemberSpec, host: Family, configuration: ConfigurationDoc) -> None:
    """Nets of a configuration, or a warning where its sites are not those of a rock salt."""
    if configuration.structure is None:
        return
    whole, n_cations = cations_first(host, configuration.structure)
    cell = Structure.from_sites(whole[:n_cations])
    try:
        tetrahedra = find_tetrahedra(cell)
    except BadInputError:
        document.warnings.append(f"{configuration.label}: empty cation sites: no channels of the cell as it is")
        return
    is_open = np.array([site.specie.symbol == spec.working_ion for site in cell])
    channels = given_cell(tetrahedra, is_open).channels(thresholds=False)
    document.cells.append(CellChannelsDoc(label=configuration.label, n_sites=len(cell), channels=channels))
