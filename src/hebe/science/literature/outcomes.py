"""Which compositions became one phase and which did not: published outcomes, and the materials of the table.

``formed.csv`` has one row per composition and experiment. A source is a DOI, an arXiv number, a public collection or a
line of a review; ``read`` says what of it was read, and which rows are from memory. A row without a formula is a
material of ``systems.csv`` whose outcome is not that it formed. All other materials of that table did form: articles
name what was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hebe.config.family import family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.chemistry.ions import Ion
from hebe.science.literature.check import check_material, check_system
from hebe.science.literature.printed import parse_sublattices
from hebe.science.literature.system import load_systems, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.science.literature.check import Verdict
    from hebe.science.literature.system import System

MEMORY: Final = "from memory"
"""What ``read`` says of a row whose source was not read."""

REVIEWS: Final = "reviews"
"""Source of the materials of the table."""

_ASSUMED: Final = "ASSUMED-AMOUNTS"

Sites = dict[str, dict[Ion, float]]
"""Sublattice of cations -> ion or atom -> amount per formula unit, empty sites left out."""


@dataclass(frozen=True)
class Outcome:
    """A composition, and whether it became one phase.

    Parameters
    ----------
    name, family
        Id of the row, and family of its structure; there may be no family of that name in Hebe.
    sites
        What stands on its cation sublattices.
    formed
        Whether it became one phase under some of the conditions that were tried.
    temperature
        At which it was made (K), None where that was not read.
    source, read
        Where that is from, and what of it was read.
    enthalpy
        Published or computed enthalpy of mixing (eV per cation site) against the phases that compete, None without one.
    """

    name: str
    family: str
    sites: Sites
    formed: bool
    temperature: float | None
    source: str
    read: str
    enthalpy: float | None = None

    def document(self) -> dict[str, Any]:
        """Its row as plain data."""
        sites = {name: {str(ion): amount for ion, amount in part.items()} for name, part in self.sites.items()}
        return {
            "id": self.name,
            "family": self.family,
            "sites": sites,
            "one_phase": self.formed,
            "temperature_K": self.temperature,
            "mixing_enthalpy_eV_per_site": self.enthalpy,
            "source": self.source,
            "read": self.read,
        }

    @property
    def from_memory(self) -> bool:
        """Whether its source was not read."""
        return self.read == MEMORY


@cache
def load_outcomes() -> tuple[Outcome, ...]:
    """All outcomes, each composition once: of a family, formed where any experiment made it one phase.

    Raises
    ------
    BadInputError
        If a row is no neutral composition of its family.
    """
    rows = read_rows("formed.csv")
    failed = {row["id"]: row for row in rows if not row["formula"]}
    written = [_of_row(row) for row in rows if row["formula"]]
    table = [_of_system(one, failed.get(one.system_id)) for one in load_systems().values()]
    return tuple(_once(one for one in (*written, *table) if one is not None and _mixes(one.sites)))


def _once(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Each composition of a family once, the first row of it that formed, else the first."""
    found: dict[tuple[object, ...], Outcome] = {}
    for one in outcomes:
        key = (one.family, tuple((name, tuple(sorted(_rounded(part)))) for name, part in sorted(one.sites.items())))
        known = found.get(key)
        if known is None or (one.formed and not known.formed):
            found[key] = one
    return list(found.values())


def _rounded(part: Mapping[Ion, float]) -> list[tuple[Ion, float]]:
    return [(ion, round(amount, 2)) for ion, amount in part.items()]


def _mixes(sites: Sites) -> bool:
    """Whether some sublattice has several elements."""
    return any(len({ion.element for ion in part}) > 1 for part in sites.values())


def _of_row(row: Mapping[str, str]) -> Outcome:
    enthalpy = row["mixing_enthalpy_meV_per_site"]
    return Outcome(
        name=row["id"],
        family=row["family"],
        sites=_sites_of(row),
        formed=row["formed"] == "yes",
        temperature=float(row["temperature_K"]) if row["temperature_K"] else None,
        source=row["source"],
        read=row["read"],
        enthalpy=float(enthalpy) / 1000 if enthalpy else None,
    )


def _sites_of(row: Mapping[str, str]) -> Sites:
    """Ions on cation sublattices; atoms where Hebe has no family of the structure."""
    if row["family"] not in family_names():
        return _atoms(row["sublattices"])
    states = row["oxidation_states"]
    verdict = check_material(row["formula"], row["sublattices"], row["family"], oxidation_states=states)
    if verdict.status != "ok":
        raise BadInputError(f"{row['id']} in formed.csv: {verdict.text}")
    return _cations(verdict, row["family"])


def _atoms(sublattices: str) -> Sites:
    """Atoms of the sublattices on which something mixes."""
    return {
        one.name: {Ion(entry.name, 0): float(entry.amount) for entry in one.entries}
        for one in parse_sublattices(sublattices)
        if len(one.entries) > 1
    }


def _cations(verdict: Verdict, family: str) -> Sites:
    """Cations by sublattice, those left out on which working ions stand alone."""
    working = set(load_family(family).working_ions)
    found: Sites = {}
    for name, part in verdict.oxidation_states.items():
        ions = {Ion.parse(text): amount for text, amount in part.items() if text != VACANCY}
        if any(ion.charge < 0 for ion in ions) or {ion.element for ion in ions} <= working:
            continue
        found[name] = ions
    return found


def _of_system(system: System, failed: Mapping[str, str] | None) -> Outcome | None:
    """Outcome of a material of the table; None where its amounts are assumed or it is no ionic crystal of Hebe."""
    if system.host not in family_names() or not load_family(system.host).charged or _ASSUMED in system.note:
        return None
    verdict = check_system(system)
    if verdict.status != "ok" or not verdict.oxidation_states:
        return None
    read = "table of the reviews" if failed is None else failed["read"]
    source = REVIEWS if failed is None else failed["source"]
    return Outcome(system.system_id, system.host, _cations(verdict, system.host), failed is None, None, source, read)
