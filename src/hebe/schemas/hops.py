"""Hops of the working ion between the sites of a configuration, and those whose paths are computed."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document, Status
from hebe.schemas.structures import OrderingDoc


class HopDoc(Document):
    """One hop between two working sites of a configuration.

    The ion goes from site ``first`` to the image ``image`` of site ``second``, past ``via`` (fractional coordinates) if
    that is given. ``gate`` are the cations beside its way, joined in ``environment``, ``gate_sites`` their sites in the
    same order; ``blocking`` counts those in a gate of a rock salt that do not move, None in other hosts; ``moving`` are
    the working sites in such a gate. ``anions`` are those around the way: of the tetrahedron in a rock salt, else up to
    1.15 times the distance of the nearest one to its middle.
    ``gate_area_A2`` is that of the smaller triangle of anions that the ion passes in a rock salt, ``bottleneck_A`` the
    shortest distance to an anion on straight lines.
    """

    first: int
    second: int
    image: tuple[int, int, int] = (0, 0, 0)
    via: tuple[float, float, float] | None = None
    length_A: float
    gate: list[str] = Field(default_factory=list)
    gate_sites: list[int] = Field(default_factory=list)
    anions: list[str] = Field(default_factory=list)
    blocking: int | None = None
    moving: list[int] = Field(default_factory=list)
    gate_area_A2: float | None = None
    bottleneck_A: float | None = None

    @property
    def environment(self) -> str:
        """Cations of the gate, as ``Co, Li``."""
        return ", ".join(self.gate) or "none"


class HopsDoc(Document):
    """Hops of a configuration: all of them, and the ``chosen`` ones (positions in ``hops``).

    ``distinct`` counts those that can be chosen and that no symmetry of the configuration makes from others. Ordering
    2k of ``orderings`` is the start of the chosen hop k, ordering 2k + 1 its end: an ion goes to an empty site, or,
    where all are occupied as made, to one that another ion was taken from; ``taken_out`` counts ions taken out.
    """

    key: str
    status: Status = "converged"
    label: str = ""
    hops: list[HopDoc] = Field(default_factory=list)
    chosen: list[int] = Field(default_factory=list)
    distinct: int = 0
    taken_out: int = 1
    orderings: OrderingDoc
    warnings: list[str] = Field(default_factory=list)
