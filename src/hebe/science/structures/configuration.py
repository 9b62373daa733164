"""Configurations: ordered supercells that stand for a disordered composition of a host."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure

from hebe.config.family_sites import VACANCY
from hebe.schemas.structures import ConfigurationDoc, SearchDoc
from hebe.science.chemistry.descriptors import radius_of
from hebe.science.chemistry.space import working_charge
from hebe.science.keys import content_hash, rounded
from hebe.science.structures.channels import MixedSites, mixed_sites
from hebe.science.structures.host import HostCell, host_cell, layer_numbers
from hebe.science.structures.host_permutations import host_permutations
from hebe.science.structures.objective import Objective, Problem, build_problem
from hebe.science.structures.sqs import Arrangement, distinct_arrangements, quality, site_counts
from hebe.science.structures.supercell import Supercell, find_supercell
from hebe.science.structures.units import Atoms, brings_units, with_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split

BUILDER_VERSION = 6
_MAX_GROWTH = 2
_ATTEMPTS = 5
_QUICK_ATTEMPTS = 30
_DEFAULT = Objective()


def configuration_key(
    composition: HostComposition,
    n_sites: int,
    seed: int,
    index: int,
    radius: float | None,
    objective: Objective = _DEFAULT,
    n_steps: int | None = None,
) -> str:
    """Content key of a configuration: everything that decides it."""
    content = ["configuration", BUILDER_VERSION, composition.candidate_id, n_sites, seed, index]
    known = None if radius is None else round(radius, 6)
    return content_hash([*content, objective.content(), known, n_steps])


def exact_size(composition: HostComposition, primary: str, cell: HostCell) -> int:
    """Smallest number of sites of the primary sublattice with which every layer holds the composition exactly."""
    cells = 1
    for name, fractions in composition.fractions.items():
        sites = cell.sites_per_cell(name)
        layers = cell.layers(name)
        for x in fractions.values():
            cells = math.lcm(cells, (x * sites / layers).denominator)
    return cells * cell.sites_per_cell(primary)


def cell_size(composition: HostComposition, primary: str, wanted: int) -> int:
    """Mixed sites per cell: `wanted`, or the smallest larger number (up to twice) that holds the composition.

    A composition that fits neither is approximated in a cell of `wanted` sites, or as few more as fill whole cells.
    """
    cell = host_cell(composition.host, composition.working_ion)
    step, whole = exact_size(composition, primary, cell), cell.sites_per_cell(primary)
    size = -(-wanted // step) * step
    return size if size <= _MAX_GROWTH * wanted else -(-wanted // whole) * whole


def crowded_sublattice(composition: HostComposition, primary: str, size: int, cell: HostCell) -> str | None:
    """Sublattice that has one site per layer of a supercell for several species, None if there is none."""
    for name, fractions in composition.fractions.items():
        sites = Fraction(size * cell.sites_per_cell(name), cell.sites_per_cell(primary) * cell.layers(name))
        if sites <= 1 < sum(1 for x in fractions.values() if x):
            return name
    return None


def mean_radius(composition: HostComposition, split: Split, primary: str) -> float | None:
    """Mean radius (A) of what stands on the primary sublattice, None if one is not tabulated; see `radius_of`."""
    sub = composition.host.sublattices[primary]
    present = {ion: amount for ion, amount in split[primary].items() if ion.element != VACANCY}
    occupied, total = sum(present.values(), Fraction(0)), Fraction(0)
    for ion, amount in present.items():
        radius = radius_of(ion, sub)
        if radius is None:
            return None
        total += amount / occupied * Fraction(str(radius))
    return float(total)


def lattice_radius(composition: HostComposition, split: Split | None, primary: str) -> float | None:
    """Mean radius (A) for the lattice estimate of a host, of the sublattice that it refers to; see `mean_radius`.

    Parameters
    ----------
    composition, split
        What the cell holds; None where it cannot be neutral.
    primary
        Sublattice for hosts whose estimate names none.
    """
    name = composition.host.lattice_of(composition.working_ion).of or primary
    return None if split is None or name not in split else mean_radius(composition, split, name)


@dataclass(frozen=True)
class DisorderedCell:
    """A supercell of a host with its mixed sites: what an arrangement is searched for.

    ``primitive`` is the cell of the host and ``supercell`` says how ``structure`` was made of it. ``labels`` names the
    sublattice of every site, ``names`` the mixed sublattices; ``problem`` is that of the search.
    """

    primitive: Structure
    structure: Structure
    labels: tuple[str, ...]
    names: tuple[str, ...]
    n_fu: int
    problem: Problem
    supercell: Supercell

    @classmethod
    def build(
        cls,
        composition: HostComposition,
        primary: str,
        size: int,
        objective: Objective = _DEFAULT,
        radius: float | None = None,
        charges: Mapping[str, Mapping[str, float]] | None = None,
    ) -> DisorderedCell:
        """Cell of `size` sites of the primary sublattice.

        Parameters
        ----------
        composition, primary, size, objective
            See `build_configuration`.
        radius
            Mean cation radius (A) for the lattice.
        charges
            Sublattice -> element -> charge (e), for an objective with electrostatics.

        Raises
        ------
        BadInputError
            If no supercell has that number of sites, or a target of the objective cannot occur.
        """
        cell = host_cell(composition.host, composition.working_ion, radius)
        supercell = find_supercell(cell, primary, size)
        structure = cell.structure.make_supercell(supercell.matrix, in_place=False)
        labels = tuple(structure.site_properties["sublattice"])
        names = tuple(composition.fractions)
        parts = [[i for i, label in enumerate(labels) if label == name] for name in names]
        layers = [layer_numbers(structure, part, cell.layer_normal) for part in parts]
        sites = mixed_sites(parts, layers)
        counts = _group_counts(composition, names, sites)
        given = None
        if charges is not None:
            by_kind = {(s, e): q for s, name in enumerate(names) for e, q in charges[name].items()}
            standing = _fixed_species(composition, structure)
            charges_of = zip(labels, standing, strict=True)
            given = (by_kind, np.array([_fixed_charge(composition, label, element) for label, element in charges_of]))
        problem = build_problem(structure, sites, counts, objective, given)
        n_fu = len(labels) // len(cell.structure) * cell.formula_units
        return cls(cell.structure, structure, labels, names, n_fu, problem, supercell)

    @property
    def realised(self) -> dict[str, dict[str, Fraction]]:
        """Fractions that the cell holds on each mixed sublattice."""
        result: dict[str, dict[str, Fraction]] = {}
        amount = np.bincount(self.problem.start, minlength=len(self.problem.kinds))
        for s, name in enumerate(self.names):
            here = {e: int(amount[k]) for k, (sub, e) in enumerate(self.problem.kinds) if sub == s}
            result[name] = {e: Fraction(n, sum(here.values())) for e, n in here.items()}
        return result

    def deviation(self, composition: HostComposition) -> float:
        """Largest difference between a fraction wanted and the one in the cell."""
        realised = self.realised
        return max(
            abs(float(realised[name].get(element, 0) - x))
            for name, fractions in composition.fractions.items()
            for element, x in fractions.items()
        )

    def arrangements(
        self, composition: HostComposition, seed: int, number: int, n_steps: int | None = None
    ) -> list[Arrangement]:
        """Up to `number` arrangements that no symmetry of the host makes equal, the same first ones for any number."""
        if not len(self.problem.groups.members):
            number = min(number, 1)
        points = self.structure.frac_coords[self.problem.sites.indices]
        permutations = partial(host_permutations, self.primitive, self.supercell.matrix, points)
        seeds = (_search_seed(composition, seed, i) for i in range(_ATTEMPTS + 2 * number))
        quick = (_search_seed(composition, seed, -1 - i) for i in range(_QUICK_ATTEMPTS))
        return list(islice(distinct_arrangements(self.problem, permutations, seeds, quick, n_steps), number))

    def occupied(self, composition: HostComposition, kinds: NDArray[np.int64]) -> Structure:
        """Structure of an arrangement, all sites of the working ion occupied, vacancies left out."""
        species = _fixed_species(composition, self.structure)
        for site, kind in zip(self.problem.sites.indices, kinds, strict=True):
            species[site] = self.problem.kinds[kind][1]
        atoms = Atoms(self.structure.lattice, list(self.structure.frac_coords), species, list(self.labels))
        if brings_units(composition.host, composition.fractions):
            atoms = with_units(composition.host, self.structure, species)
        atoms = atoms.without({i for i, name in enumerate(atoms.elements) if name == VACANCY})
        properties = {"sublattice": atoms.labels}
        ideal = Structure(atoms.lattice, atoms.elements, np.array(atoms.points), site_properties=properties)
        return rounded(ideal, ideal=True)


def build_configuration(
    composition: HostComposition,
    primary: str,
    *,
    n_sites: int = 12,
    index: int = 0,
    seed: int = 0,
    objective: Objective = _DEFAULT,
    radius: float | None = None,
    charges: Mapping[str, Mapping[str, float]] | None = None,
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
        Which of several configurations that symmetry does not make equal.
    seed
        Of the search.
    objective
        What the search makes random, or brings to another short-range order.
    radius
        Mean cation radius (A) for the starting lattice.
    charges
        Sublattice -> element -> charge (e), for an objective with electrostatics.
    n_steps
        Most steps of the search; by default in proportion to the number of sites.

    Raises
    ------
    BadInputError
        If no supercell has that number of sites, or a target of the objective cannot occur.
    """
    size = cell_size(composition, primary, n_sites)
    key = configuration_key(composition, size, seed, index, radius, objective, n_steps)
    fields: dict[str, Any] = {"key": key, "seed": seed, "composition": _as_text(composition.fractions)}
    cell = DisorderedCell.build(composition, primary, size, objective, radius, charges)
    found = cell.arrangements(composition, seed, index + 1, n_steps)
    if len(found) <= index:
        return ConfigurationDoc(status="absent", **fields)
    arrangement = found[index]
    return ConfigurationDoc(
        structure=cell.occupied(composition, arrangement.kinds),
        n_fu=cell.n_fu,
        realised=_as_text(cell.realised),
        deviation=cell.deviation(composition),
        shortest_repeat_A=cell.supercell.shortest_repeat,
        cell_quality=cell.supercell.quality,
        quality={name: quality(cell.problem, arrangement.kinds, s) for s, name in enumerate(cell.names)},
        search=SearchDoc(
            cost=arrangement.cost,
            bound=arrangement.bound if math.isfinite(arrangement.bound) else None,
            steps=arrangement.steps,
            certified=arrangement.certified,
            converged=arrangement.converged,
        ),
        **fields,
    )


def approximated(document: ConfigurationDoc) -> str | None:
    """Amounts that a cell holds otherwise than the composition has them, in words; None where it has them all."""
    changed = [
        f"{element} {float(wanted):.4g} on {name} is {float(held):.4g}"
        for name, part in document.composition.items()
        for element, text in part.items()
        if (held := Fraction(document.realised.get(name, {}).get(element, 0))) != (wanted := Fraction(text))
    ]
    return f"the cell only approximates the composition: {', '.join(changed)}" if changed else None


def displaced(structure: Structure, amplitude: float, seed: str) -> Structure:
    """Copy with every site moved by a random vector of length `amplitude` (A), decided by the text `seed`.

    The result is rounded to what identifies a structure (1e-6), so that it is the same on every processor.
    """
    if amplitude <= 0:
        return structure.copy()
    digest = hashlib.sha256(seed.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    steps = rng.normal(size=(len(structure), 3))
    steps *= amplitude / np.linalg.norm(steps, axis=1)[:, None]
    moved = Structure(
        structure.lattice,
        structure.species,
        structure.cart_coords + steps,
        coords_are_cartesian=True,
        site_properties=structure.site_properties,
    )
    return rounded(moved)


def _group_counts(composition: HostComposition, names: Sequence[str], sites: MixedSites) -> list[dict[str, int]]:
    """Species of each group of sites: the composition of its sublattice, or the nearest whole numbers."""
    group, counts = sites.groups, []
    for g in range(int(group.max()) + 1):
        here = np.flatnonzero(group == g)
        name = names[int(sites.sublattice[here[0]])]
        counts.append(site_counts(composition.fractions[name], len(here)))
    return counts


def _fixed_species(composition: HostComposition, structure: Structure) -> list[str]:
    """Species of the sites that do not mix; mixed sites are overwritten later."""
    host, result = composition.host, []
    labels = structure.site_properties["sublattice"]
    of_groups = structure.site_properties.get("element") or [""] * len(labels)
    for label, given in zip(labels, of_groups, strict=True):
        sub = host.sublattices[label]
        element = given or (composition.working_ion if label in host.working_own else next(iter(sub.species)))
        if element is None:
            raise ValueError(f"sublattice {label} needs a working ion")
        result.append(element)
    return result


def _fixed_charge(composition: HostComposition, label: str, element: str) -> float:
    """Charge (e) of a site that does not mix; that of mixed sites is overwritten later."""
    host = composition.host
    if label in host.working_own:
        return float(working_charge(composition.working_ion))
    return float(host.charge_at(label, element))


def _search_seed(composition: HostComposition, seed: int, index: int) -> int:
    text = f"{composition.candidate_id}/{seed}/{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _as_text(fractions: Mapping[str, Mapping[str, Fraction]]) -> dict[str, dict[str, str]]:
    return {name: {e: str(x) for e, x in sorted(values.items())} for name, values in fractions.items()}
