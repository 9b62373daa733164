"""A candidate or reference member of a host, as plain data that travels into jobs."""

from __future__ import annotations

from pydantic import Field

from hebe.config.family import Family
from hebe.schemas.base import Document


class MemberSpec(Document):
    """One composition of a host with its canonical split; exact numbers are written as fractions (``5/12``).

    ``fractions`` are of the sites of each mixed sublattice, ``split`` amounts of ions per formula unit. ``host`` is the
    family where no data file has it: its name, which follows from its content, identifies it.
    """

    candidate_id: str
    formula: str
    family: str
    working_ion: str | None
    x_made: str
    primary: str
    fractions: dict[str, dict[str, str]]
    split: dict[str, dict[str, str]]
    valences: dict[str, dict[str, list[int]]] = Field(default_factory=dict)
    entropy_R: dict[str, float] = Field(default_factory=dict)
    descriptors: dict[str, float | bool | None] = Field(default_factory=dict)
    host: Family | None = None
