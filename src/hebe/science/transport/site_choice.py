"""Which occupied sites of a configuration an ion is taken from: distinct by symmetry, shared out over environments."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.schemas.site_energies import SiteDoc, SitesDoc
from hebe.schemas.structures import OrderingDoc
from hebe.science.crystals.crystal import ANIONS
from hebe.science.keys import content_hash, structure_content
from hebe.science.structures.working import mobile_sites
from hebe.science.transport.hop_choice import allotted, with_empty_sites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

SITES_VERSION: Final = 1
_FARTHEST: Final = 6.0  # A
_SHELL: Final = 1.2
"""Cations up to so many times the distance of the nearest one are the environment of a site."""


def choose_sites(
    spec: MemberSpec, configuration: ConfigurationDoc | None, made: Structure | None, n: int, seed: int
) -> SitesDoc:
    """Occupied working sites of a configuration, `n` of them chosen; none without a configuration or its cell as made.

    Parameters are those of `hebe.science.transport.hop_choice.choose_hops`.
    """
    structure = None if configuration is None else configuration.structure
    if configuration is None or structure is None or made is None:
        key = content_hash(["sites", SITES_VERSION, spec.candidate_id])
        return SitesDoc(key=key, status="absent", orderings=OrderingDoc(key=key, status="absent", x=0.0))
    working = mobile_sites(spec, structure)
    occupied = sorted(set(made.site_properties["configuration_site"]) & set(working))
    sites = _described(structure, working, occupied)
    kinds: dict[str, list[int]] = defaultdict(list)
    for k, one in enumerate(sites):
        if one.equivalent == one.site:
            kinds[one.kind].append(k)
    shares = {kind: sum(one.kind == kind for one in sites) for kind in kinds}
    random, chosen = np.random.default_rng(seed), list[int]()
    for kind, number in allotted(shares, {kind: len(part) for kind, part in kinds.items()}, n).items():
        chosen += sorted(int(k) for k in random.permutation(kinds[kind])[:number])
    key = content_hash(["sites", SITES_VERSION, structure_content(structure), occupied, n, seed])
    orderings = OrderingDoc(
        key=key,
        x=(len(occupied) - 1) / configuration.n_fu if configuration.n_fu else 0.0,
        n_candidates=len(occupied),
        occupied=[[i for i in occupied if i != sites[k].site] for k in chosen],
    )
    return SitesDoc(key=key, sites=sites, chosen=chosen, orderings=orderings)


def _described(structure: Structure, working: Sequence[int], occupied: Sequence[int]) -> list[SiteDoc]:
    marked = with_empty_sites(structure, set(working) - set(occupied))
    equivalent = SpacegroupAnalyzer(marked, symprec=1e-2).get_symmetry_dataset().equivalent_atoms
    first: dict[int, int] = {}
    for site in occupied:
        first.setdefault(int(equivalent[site]), site)
    labels = structure.site_properties["sublattice"]
    return [
        SiteDoc(
            site=site,
            sublattice=labels[site],
            environment=site_environment(structure, site, set(working)),
            equivalent=first[int(equivalent[site])],
        )
        for site in occupied
    ]


def site_environment(structure: Structure, site: int, working: set[int]) -> str:
    """Other cations in the nearest shell of a site."""
    near = sorted(
        (float(one.nn_distance), one.specie.symbol)
        for one in structure.get_neighbors(structure[site], _FARTHEST)
        if one.index not in working and one.specie.symbol not in ANIONS
    )
    if not near:
        return "none"
    counted = Counter(symbol for distance, symbol in near if distance <= _SHELL * near[0][0])
    return ", ".join(f"{number} {symbol}" for symbol, number in sorted(counted.items()))
