"""Configurations: ordered supercells that stand for a disordered composition of a host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure

from hebe.config.family import load_family
from hebe.config.units import parse_fraction
from hebe.schemas.structures import ConfigurationDoc, SQSQuality
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import shannon_radius
from hebe.science.keys import content_hash
from hebe.science.structures.host import host_cell
from hebe.science.structures.orderings import site_permutations
from hebe.science.structures.shells import find_shells
from hebe.science.structures.sqs import distinct_occupation, quality, site_counts
from hebe.science.structures.supercell import find_supercell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.science.chemistry.ladder import Split

BUILDER_VERSION = 2
_MAX_GROWTH = 2
_ATTEMPTS = 5


def configuration_key(
    composition: HostComposition, n_sites: int, seed: int, index: int, shells: int, radius: float | None
) -> str:
    """Content key of a configuration: everything that decides it."""
    content = ["configuration", BUILDER_VERSION, composition.candidate_id, n_sites, seed, index, shells]
    return content_hash([*content, None if radius is None else round(radius, 6)])


def cell_size(composition: HostComposition, wanted: int) -> int:
    """Mixed sites per cell: `wanted`, or the smallest larger number (up to twice) that holds the composition.

    A composition that fits neither is approximated in a cell of `wanted` sites.
    """
    need = composition.denominator
    for size in range(wanted, _MAX_GROWTH * wanted + 1):
        if size % need == 0:
            return size
    return wanted


def mean_radius(composition: HostComposition, split: Split, primary: str) -> float | None:
    """Mean Shannon radius (A) on the primary sublattice, None if one is not tabulated."""
    sub = composition.host.sublattices[primary]
    total = 0.0
    for ion, amount in split[primary].items():
        radius = shannon_radius(ion, sub.coordination, spin_of(ion, sub))
        if radius is None:
            return None
        total += float(amount) / sub.multiplicity * radius
    return total


def build_configuration(
    composition: HostComposition,
    primary: str,
    *,
    n_sites: int = 12,
    index: int = 0,
    seed: int = 0,
    shells: int = 2,
    radius: float | None = None,
    n_steps: int | None = None,
) -> ConfigurationDoc:
    """Configuration number `index` of a composition; ``absent`` if there is no distinct one.

    Parameters
    ----------
    composition
        What the cell stands for.
    primary
        Sublattice that `n_sites` counts.
    n_sites
        Mixed sites per cell; a cell that holds the composition exactly may be up to twice as large.
    index
        Which of several configurations; different indices start from different random arrangements.
    seed, shells
        Seed of the search; neighbour shells whose pair correlations are made random.
    radius
        Mean cation radius (A) for the starting lattice.
    n_steps
        Steps of the search; by default in proportion to the number of sites.

    Raises
    ------
    BadInputError
        If no supercell has that number of sites.
    """
    size = cell_size(composition, n_sites)
    key = configuration_key(composition, size, seed, index, shells, radius)
    if n_steps is not None:
        key = content_hash([key, n_steps])
    mixed = {name: dict(values) for name, values in composition.fractions.items()}
    fields: dict[str, Any] = {"key": key, "seed": seed, "composition": _as_text(mixed)}
    if index and all(len(values) == 1 for values in mixed.values()):
        return ConfigurationDoc(status="absent", **fields)
    cell = host_cell(composition.host, composition.working_ion, radius)
    structure = cell.structure.make_supercell(find_supercell(cell, primary, size).matrix, in_place=False)
    labels = list(structure.site_properties["sublattice"])
    species = _fixed_species(composition, labels)
    realised, qualities = dict[str, dict[str, Fraction]](), {}
    for name, fractions in mixed.items():
        sites = [i for i, label in enumerate(labels) if label == name]
        counts = site_counts(fractions, len(sites))
        found_shells = find_shells(structure, sites, shells)
        seeds = [_search_seed(composition, name, seed, i) for i in range(_ATTEMPTS + 2 * index)]
        equivalent = site_permutations(structure, sites)
        number = index if len(counts) > 1 else 0
        occupation = distinct_occupation(counts, found_shells, equivalent, seeds, number, n_steps)
        if occupation is None:
            return ConfigurationDoc(status="absent", **fields)
        for site, kind in zip(sites, occupation.sites, strict=True):
            species[site] = occupation.species[kind]
        qualities[name] = quality(occupation, found_shells)
        realised[name] = {element: Fraction(n, len(sites)) for element, n in counts.items()}
    return ConfigurationDoc(
        structure=Structure(structure.lattice, species, structure.frac_coords, site_properties={"sublattice": labels}),
        n_fu=len(labels) // len(cell.structure) * cell.formula_units,
        realised=_as_text(realised),
        deviation=max(
            abs(float(realised[name].get(e, 0) - x)) for name, fractions in mixed.items() for e, x in fractions.items()
        ),
        quality=qualities,
        **fields,
    )


@dataclass(frozen=True)
class SQSResult:
    """An ordered supercell and how random each of its mixed sublattices is."""

    structure: Structure
    quality: dict[str, SQSQuality]


def generate_sqs(
    host: str,
    composition: Mapping[str, Mapping[str, Fraction | float | str]],
    n_sites: int,
    *,
    working_ion: str | None = None,
    shells: int = 2,
    seed: int = 0,
    n_steps: int | None = None,
    n_results: int = 1,
) -> list[SQSResult]:
    """Special quasi-random structures of a host family, outside any campaign.

    Parameters
    ----------
    host
        Name of a family.
    composition
        Mixed sublattice -> element -> fraction of its sites (``"1/3"``, 0.25).
    n_sites
        Sites of the most mixed sublattice per cell; up to twice as many if only that holds the composition.
    working_ion
        Element on the working sublattice; the family's first by default. All of its sites are occupied.
    shells, seed, n_steps
        Neighbour shells made random; what decides the search.
    n_results
        How many structures, from different random starts.

    Returns
    -------
    list of SQSResult
        Each with ``structure`` and ``quality`` (by sublattice).

    Raises
    ------
    BadInputError
        If the family is unknown or no supercell has that number of sites.
    """
    family = load_family(host)
    exact = {s: {e: parse_fraction(x) for e, x in v.items()} for s, v in composition.items()}
    ion = working_ion or next(iter(family.working_ions), None)
    target = HostComposition(host, ion, family.x_full, exact)
    primary = max(exact, key=lambda name: len(exact[name]))
    built = [
        build_configuration(target, primary, n_sites=n_sites, index=i, seed=seed, shells=shells, n_steps=n_steps)
        for i in range(n_results)
    ]
    return [SQSResult(doc.structure, doc.quality) for doc in built if doc.structure is not None]


def displaced(structure: Structure, amplitude: float, seed: str) -> Structure:
    """Copy with every site moved by a random vector of length `amplitude` (A), decided by the text `seed`."""
    if amplitude <= 0:
        return structure.copy()
    digest = hashlib.sha256(seed.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    steps = rng.normal(size=(len(structure), 3))
    steps *= amplitude / np.linalg.norm(steps, axis=1)[:, None]
    return Structure(
        structure.lattice,
        structure.species,
        structure.cart_coords + steps,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
    )


def _fixed_species(composition: HostComposition, labels: list[str]) -> list[str]:
    """Species of the sites that do not mix; mixed sites are overwritten later."""
    host, result = composition.host, []
    for label in labels:
        sub = host.sublattices[label]
        element = composition.working_ion if sub.role == "working" else next(iter(sub.species))
        if element is None:
            raise ValueError(f"sublattice {label} needs a working ion")
        result.append(element)
    return result


def _search_seed(composition: HostComposition, sublattice: str, seed: int, index: int) -> int:
    text = f"{composition.candidate_id}/{sublattice}/{seed}/{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _as_text(fractions: Mapping[str, Mapping[str, Fraction]]) -> dict[str, dict[str, str]]:
    return {name: {e: str(x) for e, x in sorted(values.items())} for name, values in fractions.items()}
