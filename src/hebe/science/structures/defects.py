"""Cells with one point defect: a cation in an empty site, one swapped with a working ion, a missing oxygen.

Cells stay neutral: atoms are moved or taken out whole, and the electrons follow. A metal that goes into an empty site
takes its electrons along, those of a missing oxygen reduce its neighbours. The lattice is that of the perfect cell, as
for a defect in a large crystal: Freysoldt et al., Rev. Mod. Phys. 86, 253 (2014).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Structure
from pymatgen.util.coord import pbc_shortest_vectors

from hebe.config.family import Family
from hebe.config.family_sites import VACANCY
from hebe.schemas.defects import DefectCell
from hebe.science.chemistry.member import family_of
from hebe.science.crystals.crystal import ANIONS
from hebe.science.structures.voids import Void, voids

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from hebe.schemas.defects import DefectKind
    from hebe.schemas.spec import MemberSpec

DEFECTS_VERSION: Final = 3

_REACH: Final = {"octahedral": 4.5, "tetrahedral": 3.0}
"""A; how far from its site a cation is put into an empty one. The next octahedron is at 2.9, a tetrahedron at 1.8."""
_FACE: Final = 2.5
"""A; sites that share a face are nearer to each other: 1.8 A, 2.3 in the gap of a sodium oxide; the next are at 3.4."""
_OVERLAP: Final = 1.4
"""A; a working ion on a site of its own that is farther from an empty tetrahedron makes room."""
_SWAP: Final = 4.5
_BOND: Final = 2.7
"""A; cations around an oxygen."""
_NEIGHBOUR: Final = 3.6
"""A; cations around a cation: those whose polyhedra share an edge."""


@dataclass(frozen=True)
class DefectSites:
    """A relaxed cell of a host, and where defects can be made in it.

    Parameters
    ----------
    structure
        The cell, with the site property ``sublattice``.
    family
        Its host family.
    ion
        Working ion. Where it shares a sublattice with cations it is none of those that can leave their sites.
    """

    structure: Structure
    family: Family
    ion: str | None = None

    def cells(self, kind: DefectKind, number: int) -> tuple[list[DefectCell], dict[str, int]]:
        """Cells with a defect of a kind, as many per element as asked for or as there are sites.

        Sites are taken from all over the environments that an element has. An empty site that several cations could go
        to is used by each of them.

        Returns
        -------
        tuple
            The cells, and how many sites there are by element.
        """
        found: list[DefectCell] = []
        counts: dict[str, int] = {}
        for element, made in sorted(self._of(kind).items()):
            counts[element] = len(made)
            found += chosen(made, number)
        return found, counts

    def _of(self, kind: DefectKind) -> dict[str, list[DefectCell]]:
        """All defects of a kind by element, each from its nearest partner."""
        if kind == "oxygen_vacancy":
            made: list[DefectCell | None] = [self._vacancy(i) for i in self.oxygens]
        elif kind == "antisite":
            made = [self._antisite(i) for i in self.mixed]
        else:
            made = [self._moved(i, kind) for i in self.mixed]
        result: dict[str, list[DefectCell]] = {}
        for cell in made:
            if cell is not None:
                result.setdefault(cell.element, []).append(cell)
        return result

    @cached_property
    def _labels(self) -> list[str]:
        return list(self.structure.site_properties["sublattice"])

    @cached_property
    def _symbols(self) -> list[str]:
        return [site.specie.symbol for site in self.structure]

    @cached_property
    def mixed(self) -> list[int]:
        """Cations of the mixed sublattices, without the working ions that share them."""
        names, shared = self.family.mixed_cations, self.family.working_shared
        held = [(i, self._labels[i]) for i in self._cations if self._labels[i] in names]
        return [i for i, name in held if name not in shared or self._symbols[i] != self.ion]

    @cached_property
    def oxygens(self) -> list[int]:
        """Oxygen on sublattices of anions."""
        return [i for i, name in enumerate(self._labels) if name in self.family.anions and self._symbols[i] == "O"]

    @cached_property
    def _own(self) -> list[int]:
        """Working ions on sites of their own."""
        return [i for i, name in enumerate(self._labels) if name in self.family.working_own]

    @cached_property
    def _cations(self) -> list[int]:
        return [i for i, symbol in enumerate(self._symbols) if symbol not in ANIONS]

    @cached_property
    def _voids(self) -> list[Void]:
        return voids(self.structure)

    def _environment(self, site: int, reach: float, sites: Collection[int]) -> str:
        """Elements of some sites within reach, as a formula."""
        near = self.structure.get_neighbors(self.structure[site], reach)
        wanted = set(sites)
        counts = Counter(self._symbols[n.index] for n in near if n.index in wanted)
        return "".join(f"{e}{n if n > 1 else ''}" for e, n in sorted(counts.items()))

    def _vacancy(self, site: int) -> DefectCell:
        cell = self.structure.copy()
        cell.remove_sites([site])
        around = self._environment(site, _BOND, self.mixed)
        return DefectCell(kind="oxygen_vacancy", element="O", site=site, environment=around, structure=cell)

    def _antisite(self, site: int) -> DefectCell | None:
        """A cation swapped with the nearest working ion of another element, None where none is near."""
        others = [i for i in self._own if self._symbols[i] != self._symbols[site]]
        if not others:
            return None
        vectors, lengths = self._to(site, self.structure.frac_coords[others])
        nearest = int(np.argmin(np.round(lengths, 3)))
        if lengths[nearest] > _SWAP:
            return None
        around = self._environment(site, _NEIGHBOUR, self.mixed)
        return DefectCell(
            kind="antisite",
            element=self._symbols[site],
            site=site,
            partner=others[nearest],
            target=(self.structure.frac_coords[site] + vectors[nearest]).tolist(),
            distance_A=float(lengths[nearest]),
            environment=around,
            structure=swapped(self.structure, site, others[nearest]),
        )

    def _moved(self, site: int, kind: DefectKind) -> DefectCell | None:
        """A cation in the nearest empty octahedron (or prism), or in the emptiest tetrahedron; None without one.

        No other cation shares a face with it but a working ion on a site of its own with a tetrahedron: it makes room,
        which metals, P5+ and working ions among the metals do not.
        """
        tetrahedral = kind == "tetrahedral"
        able = [one for one in self._voids if (one.anions == 4 if tetrahedral else one.anions > 4)]
        if not able:
            return None
        places = np.array([one.place for one in able])
        vectors, lengths = self._to(site, places)
        others = np.array([i for i in self._cations if i != site], dtype=int)
        apart = np.empty((len(places), 0))
        if len(others):
            apart = self.structure.lattice.get_all_distances(places, self.structure.frac_coords[others])
        free = apart.min(axis=1, initial=np.inf)
        limits = np.where(np.isin(others, self._own) & tetrahedral, _OVERLAP, _FACE)
        usable = np.flatnonzero((lengths <= _REACH[kind]) & (apart > limits).all(axis=1) & (lengths > 1.0))
        if not len(usable):
            return None
        keys = (np.round(lengths[usable], 2), np.round(-free[usable], 2))
        best = int(usable[np.lexsort(keys if tetrahedral else keys[::-1])[0]])
        return self._put(site, kind, vectors[best], float(lengths[best]))

    def _put(self, site: int, kind: DefectKind, vector: NDArray[np.float64], length: float) -> DefectCell:
        target = self.structure.frac_coords[site] + vector
        cell = self.structure.copy()
        cell.replace(site, cell[site].species, coords=target, properties=dict(cell[site].properties))
        return DefectCell(
            kind=kind,
            element=self._symbols[site],
            site=site,
            target=target.tolist(),
            distance_A=length,
            environment=self._environment(site, _NEIGHBOUR, self.mixed),
            structure=cell,
        )

    def _to(self, site: int, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shortest vectors (fractions, shape (n, 3)) from a site to places, and their lengths (A)."""
        return shortest(self.structure, self.structure.frac_coords[site], places)


def without_defects(host: Family) -> tuple[str, str] | None:
    """Why no defects are made in a host, and what would do; None where they are."""
    if not host.charged:
        return f"{host.called} has no anions around its cations", "a host with anions"
    if host.groups:
        return f"the anions of {host.called} are rigid units", "a host whose anions are single atoms"
    return None


def elements_of(spec: MemberSpec, kind: DefectKind) -> list[str]:
    """Elements of which a member can have defects of a kind."""
    host = family_of(spec)
    if kind == "oxygen_vacancy":
        return ["O"]
    found: set[str] = set()
    for name in host.mixed_cations:
        works = kind == "antisite" or name in host.working_shared
        found |= spec.fractions.get(name, {}).keys() - {VACANCY, str(spec.working_ion) if works else VACANCY}
    return sorted(found)


def most_defects(spec: MemberSpec, kind: DefectKind, number: int) -> int:
    """How many cells with defects of a kind there can be, `number` of each element."""
    return number * len(elements_of(spec, kind))


def shortest(
    structure: Structure, start: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vectors (fractions of the lattice, shape (n, 3)) from a place to the nearest images of others; lengths (A)."""
    vectors, squares = pbc_shortest_vectors(structure.lattice, start[None], ends, return_d2=True)
    return structure.lattice.get_fractional_coords(vectors[0]), np.sqrt(squares[0])


def swapped(structure: Structure, first: int, second: int) -> Structure:
    """Cell in which two sites have changed places; each keeps its index, its sublattice and its coordinates' image."""
    (vector,), _ = shortest(structure, structure.frac_coords[first], structure.frac_coords[[second]])
    cell = structure.copy()
    for site, step in ((first, vector), (second, -vector)):
        moved = structure.frac_coords[site] + step
        cell.replace(site, structure[site].species, coords=moved, properties=dict(structure[site].properties))
    return cell


def chosen(made: Sequence[DefectCell], number: int) -> list[DefectCell]:
    """Some of the defects of an element: in turn one of each environment, the most frequent environment first."""
    groups: dict[str, list[DefectCell]] = {}
    for cell in made:
        groups.setdefault(cell.environment, []).append(cell)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0].environment))
    turns = [group[k] for k in range(len(made)) for group in ordered if k < len(group)]
    return turns[:number]
