"""What an analysis can want computed. A stage wires each want once, whoever else wants it too."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from hebe.schemas.defects import DefectKind


@dataclass(frozen=True)
class Want:
    """Something that is computed for an analysis. The as-made cells of a candidate are always there."""


@dataclass(frozen=True)
class Contents(Want):
    """Cells at the other contents of the working ion that the stage asks for, and the orderings behind them."""


@dataclass(frozen=True)
class Stackings(Want):
    """Cells of the configurations in other stackings of their slabs, as made and at the other contents of the stage.

    Parameters
    ----------
    names
        The stackings, as ``P3``.
    configurations
        How many of the configurations are stacked otherwise; all without one.
    """

    names: tuple[str, ...]
    configurations: int | None = None


@dataclass(frozen=True)
class Defects(Want):
    """Cells with one point defect each, of the lowest cell of a configuration at some contents.

    Parameters
    ----------
    kinds
        Kinds of defects.
    number
        How many of each kind and element.
    x
        Fractions of the full content, of which the nearest contents of the stage are taken; without any the lowest one
        of its window.
    as_made
        Also as made.
    configurations
        In how many of the configurations.
    """

    kinds: tuple[DefectKind, ...]
    number: int = 2
    x: tuple[Fraction, ...] = ()
    as_made: bool = False
    configurations: int = 1


@dataclass(frozen=True)
class Metal(Want):
    """Metal of the working ion."""


@dataclass(frozen=True)
class Phases(Want):
    """Competing phases of the candidate's elements: those of the package and those that the campaign brings."""


@dataclass(frozen=True)
class OpenPhases(Want):
    """All phases of the candidate's elements, metals and what is reduced so far as to hold no anion included.

    Parameters
    ----------
    beside
        Elements of others that the candidate is in contact with: phases of its elements and those of one of them.
    """

    beside: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Vertices(Want):
    """Members of the host with fewest species at the candidate's oxidation states, and those that compete by name."""


@dataclass(frozen=True)
class Edges(Want):
    """Members of the host halfway between those with fewest species, as few as fix all terms in pairs of ions.

    Each is relaxed from one start. The candidate's own composition is not one of them.

    Parameters
    ----------
    costly
        Also where an evaluation is costly.
    """

    costly: bool = False


@dataclass(frozen=True)
class Firing(Want):
    """Firing temperature of the campaign, or the usual one of its host family."""


@dataclass(frozen=True)
class Calibrated(Want):
    """Errors that small cells have told: a stage that calibrates makes the analysis anew with them, and no other."""


@dataclass(frozen=True)
class Tiles(Want):
    """Ordered tiles of the candidate: all distinct cells of one size, calculated like its configurations.

    Parameters
    ----------
    n_sites
        Sites of its sublattice with most species in a tile; by default the fewest that hold the composition.
    at_most
        A candidate that has more is refused, unless there is a `sample`.
    sample
        How many arrangements are then drawn.
    """

    n_sites: int | None = None
    at_most: int = 60
    sample: int | None = None


@dataclass(frozen=True)
class Displacements(Want):
    """Harmonic vibrations of the as-made cells, and of the phases and members of the host that are wanted too.

    Parameters
    ----------
    supercell
        Least width of the cells in which atoms are displaced (A).
    displacement
        A.
    """

    supercell: float = 10.0
    displacement: float = 0.01


@dataclass(frozen=True)
class Hops(Want):
    """Paths of the working ion in the as-made cells, in their relaxed lattice.

    Parameters
    ----------
    n
        Hops of each configuration, shared out over their environments.
    images, fmax
        Images of a band between its ends, and largest force (eV/A) across it.
    seed
        Decides among hops that are alike.
    vacancies
        Ions that are taken out where all sites are occupied as made.
    bound
        Height (eV) of the images of a hop above its start, before they are relaxed, from which on there is no band.
    """

    n: int = 4
    images: int = 5
    fmax: float = 0.05
    seed: int = 0
    vacancies: int = 1
    bound: float | None = None


@dataclass(frozen=True)
class SiteVacancies(Want):
    """The as-made cells without one working ion each, in their relaxed lattice: with and without relaxed ions.

    Parameters
    ----------
    n
        Sites of each configuration, shared out over their environments.
    seed
        Decides among sites that are alike.
    """

    n: int = 6
    seed: int = 0


@dataclass(frozen=True)
class MovingIons(Want):
    """Molecular dynamics of the as-made cells in their relaxed lattice, one run at each temperature.

    Parameters
    ----------
    temperatures
        K.
    steps, time_step_fs, thermostat
        Of each run, as in `hebe.engines.dynamics.Dynamics`.
    seed
        Of velocities, and of the ions that are taken out.
    vacancies
        Ions that are taken out where all sites are occupied as made.
    width
        Distance (A) of opposite faces up to which cells are repeated.
    keep
        Whether documents keep thinned trajectories.
    """

    temperatures: tuple[float, ...]
    steps: int
    time_step_fs: float = 2.0
    thermostat: Literal["bussi", "langevin"] = "bussi"
    seed: int = 0
    vacancies: int = 1
    width: float = 0.0
    keep: bool = False

    @property
    def every(self) -> int:
        """Steps from frame to frame: 20 fs, less in short runs, more in those of more than 5000 such frames."""
        length = self.steps * self.time_step_fs
        return max(1, int(max(min(20.0, length / 250), length / 5000) / self.time_step_fs))


@dataclass(frozen=True)
class AirSolids(Want):
    """Oxides, carbonates and hydroxides that give the energies of carbon dioxide and water."""


@dataclass(frozen=True)
class OxygenOxides(Want):
    """Oxides that give the energy of oxygen gas, whatever the candidate is made of."""
