"""Barriers of the hops of a configuration: those that were computed, their distribution, where hops connect."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class RestDoc(Document):
    """Where a path rests between two of its steps: distance from the start (A), and energy (eV) above the start."""

    along_A: float
    energy_eV: float


class BoundDoc(Document):
    """A hop without a path: ``bound_eV`` above its start, the height of images that were not relaxed, is too high.

    Its barrier is lower. ``mean_eV`` is the mean height above both ends, ``saddle_eV`` that above the lowest end of all
    hops of the configuration.
    """

    first: int
    second: int
    environment: str
    bound_eV: float
    mean_eV: float
    saddle_eV: float


class BarrierDoc(Document):
    """One computed hop, from site ``first`` to site ``second`` of the configuration, with what stands around its way.

    ``hop`` is its position in `hebe.schemas.hops.HopsDoc`, -1 where that was not noted.
    ``forward_eV`` and ``backward_eV`` are the heights of the saddle above the start and above the end, ``saddle_eV``
    that above the lowest end of all hops of the configuration. ``steps`` counts the saddles of a path that rests on its
    way, ``rests`` says where. ``anions`` are those around the way, ``gate_ions`` the cations of the gate with the
    charges that their moments tell at the start, without charge where they tell none. ``bound_eV`` is the height of the
    images above the start before they were relaxed. ``path`` is the key of its `hebe.schemas.path.PathDoc`.
    """

    hop: int = -1
    first: int
    second: int
    environment: str
    blocking: int | None = None
    length_A: float
    gate_area_A2: float | None = None
    bottleneck_A: float | None = None
    forward_eV: float
    backward_eV: float
    saddle_eV: float
    steps: int = 1
    rests: list[RestDoc] = Field(default_factory=list)
    anions: list[str] = Field(default_factory=list)
    gate_ions: list[str] = Field(default_factory=list)
    bound_eV: float | None = None
    moment_change: float | None = None
    path: str

    @property
    def mean_eV(self) -> float:  # noqa: N802 - the unit keeps its case
        """Mean of both directions."""
        return (self.forward_eV + self.backward_eV) / 2


class FilledHopDoc(Document):
    """A hop that was not computed: its position, sites, and what the model says of it.

    ``mean_eV`` is the mean of both directions, ``saddle_eV`` the height above the lowest end of all computed hops.
    """

    hop: int
    first: int
    second: int
    mean_eV: float
    saddle_eV: float


class EnvironmentDoc(Document):
    """Hops of one environment: how many there are and were computed, mean (eV) of these in both directions."""

    environment: str
    n_hops: int
    n_computed: int
    mean_eV: float | None = None
    sd_eV: float | None = None


class ConnectionDoc(Document):
    """Lowest barrier (eV, above the lowest end) with which hops run through the crystal in so many directions.

    ``first`` and ``second`` are the sites of the hop without which they no longer do; where ``computed`` is false its
    barrier is its bound, or what the model says.
    """

    directions: int
    barrier_eV: float
    first: int
    second: int
    computed: bool


class BarriersDoc(ResultDoc):
    """Barriers of one configuration; means and quantiles over both directions, each environment by its share of hops.

    ``filled`` are the hops that were not computed, by the ``model`` with the least root mean square error
    ``model_error_eV`` of a hop's mean barrier when it is predicted from the others. ``taken_out`` counts ions that were
    taken out. ``above`` are chosen hops whose bound was above the limit of the campaign: they are in no mean, and
    connect at their bound.
    """

    hops: list[BarrierDoc] = Field(default_factory=list)
    filled: list[FilledHopDoc] = Field(default_factory=list)
    environments: list[EnvironmentDoc] = Field(default_factory=list)
    connections: list[ConnectionDoc] = Field(default_factory=list)
    above: list[BoundDoc] = Field(default_factory=list)
    n_hops: int = 0
    taken_out: int = 1
    mean_eV: float | None = None
    sd_eV: float | None = None
    lowest_eV: float | None = None
    median_eV: float | None = None
    highest_eV: float | None = None
    model: str | None = None
    model_error_eV: float | None = None

    @property
    def filled_share(self) -> float:
        """Share of all hops that were not computed."""
        return len(self.filled) / self.n_hops if self.n_hops else 0.0
