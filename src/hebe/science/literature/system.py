"""Materials that reviews of high-entropy batteries name, and the numbers that they print of them.

``systems.csv`` has one row per material, ``targets.csv`` one per number or ordering; ``about.yaml`` says what was
reviewed, and which materials Hebe has no crystal for. A source is the number of a review and a line of its text.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError
from hebe.science.literature.printed import PrintedSublattice, parse_sublattices

if TYPE_CHECKING:
    from collections.abc import Callable

Level = Literal["E", "D", "X", "Q"]


class About(ConfigModel):
    """What the table was made from.

    ``reviews`` are cited by number; ``hosts`` names the family of a material (by id, else by family of the table)
    where Hebe calls it otherwise; ``without_host`` says for families of the table why no crystal stands for them,
    ``no_crystal`` for materials or families why Hebe has none; ``nominal`` are the oxidation states with which articles
    count a charge at first.
    """

    reviews: dict[str, str]
    hosts: dict[str, str] = Field(default_factory=dict)
    without_host: dict[str, str]
    no_crystal: dict[str, str] = Field(default_factory=dict)
    nominal: dict[str, int]
    nominal_source: str


@dataclass(frozen=True)
class System:
    """One material of the literature.

    Parameters
    ----------
    system_id, label
        Name in Hebe, and in the articles.
    formula, sublattices
        Composition as printed; ``note`` says what was assumed or corrected.
    family
        Family of structures as the table calls it; ``host`` is that of Hebe.
    working_ion, role
        Ions that it is used with; cathode, anode, reference, solid-electrolyte, liquid-electrolyte, coating.
    mixed_sublattice
        Sublattices on which species mix, the one that the printed entropy refers to first.
    oxidation_states
        As reported: ``Ni2+@0.14`` is an amount, ``X.Fe2+`` stands on the sublattice X.
    refusal
        ``sum`` or ``charge`` where the printed composition cannot be accepted as it stands.
    """

    system_id: str
    label: str
    formula: str
    sublattices: str
    family: str
    working_ion: tuple[str, ...]
    role: str
    mixed_sublattice: tuple[str, ...]
    oxidation_states: str
    entropy_R_per_mixed_site: float  # noqa: N815 - R is the gas constant
    claims: str
    sources: tuple[str, ...]
    print_error: str
    refusal: str
    note: str

    @property
    def printed(self) -> tuple[PrintedSublattice, ...]:
        """What stands on its sublattices."""
        return parse_sublattices(self.sublattices)

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements in the order of the sublattices."""
        return tuple(dict.fromkeys(element for one in self.printed for element in one.elements))

    @property
    def host(self) -> str:
        """Name of its family in Hebe; there may be none of that name."""
        hosts = about().hosts
        return hosts.get(self.system_id) or hosts.get(self.family) or self.family

    @property
    def no_crystal(self) -> str:
        """Why Hebe has no family of its structure."""
        reasons = about().no_crystal
        return reasons.get(self.system_id) or reasons.get(self.family) or f"no family has its structure ({self.host})"

    def document(self) -> dict[str, Any]:
        """Its row as plain data."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"id": row.pop("system_id"), **row, "host": self.host}


@dataclass(frozen=True)
class Target:
    """A number or an ordering that articles give.

    ``level`` is E (exact arithmetic), D (can be computed with an engine), X (experiment alone) or Q (an ordering).
    """

    target_id: str
    system_ids: tuple[str, ...]
    level: Level
    quantity: str
    value: str
    unit: str
    condition: str
    derived: bool
    source: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Its row as plain data."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"id": row.pop("target_id"), **row}


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of this folder as they are written."""
    text = (resources.files("hebe.science.literature") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


@cache
def about() -> About:
    """Reviews, hosts and what has none."""
    return packaged(About, "hebe.science.literature", "about.yaml")


@cache
def load_systems() -> dict[str, System]:
    """Id -> material, in the order of the table."""
    found = {}
    for row in read_rows("systems.csv"):
        listed: dict[str, Any] = {key: _parts(row[key]) for key in ("working_ion", "mixed_sublattice", "sources")}
        entropy = float(row["entropy_R_per_mixed_site"])
        plain = {**row, **listed, "system_id": row["id"], "entropy_R_per_mixed_site": entropy}
        plain.pop("id")
        found[row["id"]] = System(**plain)
    return found


@cache
def load_targets() -> tuple[Target, ...]:
    """All numbers and orderings."""
    return tuple(
        Target(
            target_id=row["id"],
            system_ids=_parts(row["system_ids"]),
            level=row["level"],  # type: ignore[arg-type]  # one of the letters; a test holds the table
            quantity=row["quantity"],
            value=row["value"],
            unit=row["unit"],
            condition=row["condition"],
            derived=row["derived"] == "yes",
            source=_parts(row["source"]),
        )
        for row in read_rows("targets.csv")
    )


def get_system(name: str) -> System:
    """Material of an id.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    found = load_systems().get(name)
    if found is None:
        raise BadInputError(f"no system is called {name!r}", suggestion=suggest(name, load_systems()))
    return found


def targets_of(system: System) -> list[Target]:
    """What articles say of one material in numbers."""
    return [target for target in load_targets() if system.system_id in target.system_ids]


def find_systems(
    *, family: str | None = None, ion: str | None = None, role: str | None = None, element: str | None = None
) -> list[System]:
    """Materials that meet all conditions given; `family` is that of the table or of Hebe.

    Raises
    ------
    BadInputError
        If no material has such a family, ion, role or element; names the nearest.
    """
    systems = list(load_systems().values())
    asked: tuple[tuple[str, str | None, Callable[[System], set[str]]], ...] = (
        ("family", family, lambda one: {one.family, one.host}),
        ("ion", ion, lambda one: set(one.working_ion)),
        ("role", role, lambda one: {one.role}),
        ("element", element, lambda one: set(one.elements)),
    )
    for key, wanted, of in asked:
        if wanted is None:
            continue
        known = {value for one in load_systems().values() for value in of(one)}
        if wanted not in known:
            reason = f"no system has the {key} {wanted!r}"
            raise BadInputError(reason, key=f"--{key}", suggestion=suggest(wanted, sorted(known)))
        systems = [one for one in systems if wanted in of(one)]
    return systems
