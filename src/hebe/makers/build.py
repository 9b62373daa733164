"""BuildMaker: a composition becomes an ordered supercell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jobflow import JobConfig, Maker, OutputReference, job

from hebe.makers.caching import reuse
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.structures.configuration import build_configuration, cell_size, configuration_key, lattice_radius
from hebe.science.structures.objective import Objective

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec


@dataclass(kw_only=True)
class BuildMaker(Maker):
    """Build special quasi-random configurations of a member of a host.

    Parameters
    ----------
    n_sites
        Mixed sites of the primary sublattice per cell.
    seed
        Decides the search together with the composition and the index.
    shells
        Neighbour shells whose pair correlations are made random.
    """

    name: str = "build"
    n_sites: int = 12
    seed: int = 0
    shells: int = 3
    version: ClassVar[int] = 2

    @job(config=JobConfig(expose_store=True))
    def make(self, spec: MemberSpec, index: int = 0, label: str = "") -> ConfigurationDoc | OutputReference:
        """Build configuration number `index` of a member, or find it already built."""
        composition, split = composition_of(spec), split_of(spec)
        radius = lattice_radius(composition, split, spec.primary)
        objective = Objective(shells=self.shells)
        size = cell_size(composition, spec.primary, self.n_sites)
        key = configuration_key(composition, size, self.seed, index, radius, objective)
        found = reuse(key, ConfigurationDoc)
        if found is not None:
            return found
        document = build_configuration(
            composition,
            spec.primary,
            n_sites=self.n_sites,
            index=index,
            seed=self.seed,
            objective=objective,
            radius=radius,
        )
        return document.model_copy(update={"label": label})
