"""Whether a printed composition can be accepted: its sums, its charge, and its entropy in every convention."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal

from hebe.config.family import family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.chemistry.entropy import site_entropy
from hebe.science.literature.hosted import host_of
from hebe.science.literature.printed import elements_of, parse_printed_formula, parse_sublattices
from hebe.science.literature.sites import ROUNDING, place, wrong_sum
from hebe.science.literature.states import (
    neutral_split,
    parse_states,
    pools_of,
    reported_split,
    split_charge,
)
from hebe.science.literature.system import System, about, load_systems

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hebe.config.family import Family
    from hebe.science.chemistry.ladder import Split
    from hebe.science.literature.printed import PrintedSublattice
    from hebe.science.literature.sites import Place

Status = Literal["ok", "refused", "unsupported"]

_CHARGE_ROUNDING: Final = Fraction(1, 1000)


@dataclass(frozen=True)
class Verdict:
    """Whether a printed composition is accepted, and what follows from it.

    Parameters
    ----------
    status, reason
        ``refused`` with ``sum: ...`` or ``charge: ...``, ``unsupported`` with what Hebe lacks, ``ok`` without a reason.
    entropy_R
        Ideal entropy (R) by convention, of the fractions renormalised to full sublattices.
    entropy_R_by_sublattice
        The same per site of each sublattice on which something mixes.
    charge
        Charge per formula unit: 0 where it is neutral, else the smallest that the oxidation states leave; None where
        there are none, as in a metal.
    nominal_charge
        That of the oxidation states with which articles begin (``about.yaml``); None where one is not listed.
    oxidation_states
        Sublattice -> ion -> amount per formula unit.
    remarks
        What was read or taken otherwise than printed.
    """

    status: Status
    reason: str | None
    entropy_R: dict[str, float]  # noqa: N815 - R is the gas constant
    entropy_R_by_sublattice: dict[str, float]  # noqa: N815 - R is the gas constant
    charge: float | None
    nominal_charge: float | None
    oxidation_states: dict[str, dict[str, float]]
    remarks: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """Status with its reason: ``refused (sum: ...)``."""
        return self.status if self.reason is None else f"{self.status} ({self.reason})"

    def document(self) -> dict[str, Any]:
        """What ``hebe systems check --json`` prints of one composition."""
        return {**vars(self), "remarks": list(self.remarks)}


def check_system(system: System) -> Verdict:
    """Verdict on a material of the literature.

    Where Hebe has no family for its structure its sites are not known: the atoms of its sublattices are compared with
    the formula, and the oxidation states reported must be neutral.
    """
    missing = about().without_host.get(system.family)
    if missing is not None:
        return _judged(system.formula, system.printed, "unsupported", missing, mixed=system.mixed_sublattice)
    if system.host not in family_names():
        states, mixed = system.oxidation_states, system.mixed_sublattice
        return _without_family(system.formula, system.printed, states, mixed, system.no_crystal)
    family = load_family(system.host)
    return _checked(system.formula, system.printed, family, system.oxidation_states, system.mixed_sublattice)


def _without_family(
    formula: str, printed: Sequence[PrintedSublattice], states: str, mixed: Collection[str], why: str
) -> Verdict:
    remarks = [f"{why}: sites were not counted"]
    wrong = _formula_sum(formula, printed)
    if wrong is not None:
        return _judged(formula, printed, "refused", f"sum: {wrong}", mixed=mixed, remarks=remarks)
    split = reported_split(printed, parse_states(states)) if states else None
    if split is None:
        return _judged(formula, printed, "ok", None, mixed=mixed, remarks=[*remarks, "no charges are reported"])
    charge = split_charge(split)
    neutral = abs(charge) <= _CHARGE_ROUNDING
    reason = None if neutral else f"charge: {float(charge):+.4g} per formula unit with the oxidation states reported"
    status: Status = "ok" if neutral else "refused"
    return _judged(formula, printed, status, reason, None, split, charge, mixed, remarks)


def check_material(
    formula: str,
    sublattices: str,
    family: str,
    *,
    oxidation_states: str = "",
    mixed: Collection[str] = (),
) -> Verdict:
    """Verdict on a composition as an article prints it.

    Parameters
    ----------
    formula
        Such as ``NaNi0.5Mn0.5O2``.
    sublattices
        What stands where, per formula unit: ``Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2``; ``Va`` is an empty site. Names are
        those of the family, or the article's own.
    family
        Family of Hebe, or of the table of materials; one of the table that Hebe tells apart, as spinels, is read as the
        first of its families that accepts the composition.
    oxidation_states
        As reported, ``Ni2+@0.14 Ni3+@0.66``; they count where the family's own cannot be neutral.
    mixed
        Sublattices that count in entropies, the one of ``mixed-site`` first; all with several species by default, but
        for those of the working ion and empty sites alone.

    Raises
    ------
    BadInputError
        If formula, sublattices or family cannot be read; names the part.
    """
    printed, known = parse_sublattices(sublattices), about()
    parse_printed_formula(formula)
    for name in mixed:
        if name not in {one.name for one in printed}:
            raise BadInputError(f"no sublattice is called {name!r}", key="mixed")
    if family in known.without_host:
        return _judged(formula, printed, "unsupported", known.without_host[family], mixed=mixed)
    hosts = hosts_of(family)
    if not hosts and family in known.no_crystal:
        return _without_family(formula, printed, oxidation_states, mixed, known.no_crystal[family])
    host, verdict = _best_of(hosts or [family], formula, printed, oxidation_states, mixed)
    return verdict if host == family else replace(verdict, remarks=(*verdict.remarks, f"{family} was read as {host}"))


def _best_of(
    hosts: Sequence[str], formula: str, printed: Sequence[PrintedSublattice], states: str, mixed: Collection[str]
) -> tuple[str, Verdict]:
    """The first family that accepts a composition with its verdict, else the first that can read it."""
    found: list[tuple[str, Verdict]] = []
    wrong: list[BadInputError] = []
    for host in hosts:
        try:
            verdict = _checked(formula, printed, load_family(host), states, mixed)
        except BadInputError as err:
            wrong.append(err)
            continue
        if verdict.status == "ok":
            return host, verdict
        found.append((host, verdict))
    if not found:
        raise wrong[0]
    return found[0]


def hosts_of(family: str) -> list[str]:
    """Families of Hebe that a family of the table may be, the one of its name first; none where it is unknown."""
    named = about().hosts.get(family, family)
    found = [named, *(one.host for one in load_systems().values() if one.family == family)]
    return [host for host in dict.fromkeys(found) if host in family_names()]


def _checked(
    formula: str, printed: Sequence[PrintedSublattice], family: Family, states: str, mixed: Collection[str]
) -> Verdict:
    """Verdict on a composition of a family: first its sums, then its charge."""
    places, reported = place(printed, family), parse_states(states)
    split, charge = _split(printed, places, family, states)
    names = {part.name for one in places for part in one.printed}
    remarks = [f"{one.name} has no place in the family {family.name}" for one in printed if one.name not in names]
    given = reported_split(printed, reported) if reported else None
    if given is not None and split is not None and not _same(split, given):
        remarks.append("other oxidation states are reported: " + states)
    wrong = _formula_sum(formula, printed, family) or wrong_sum(places)
    if wrong is not None:
        return _judged(formula, printed, "refused", f"sum: {wrong}", family, split, charge, mixed, remarks)
    if split is None and charge is not None:
        reason = f"charge: {float(charge):+.4g} per formula unit is the least that the oxidation states leave"
        return _judged(formula, printed, "refused", reason, family, split, charge, mixed, remarks)
    other = _other_crystal(printed, places, family)
    if other is not None:
        return _judged(formula, printed, "unsupported", other, family, split, charge, mixed, remarks)
    lacking = _not_held(printed, family)
    if lacking is not None:
        remarks.append(f"nothing can be computed of it: {lacking}")
    return _judged(formula, printed, "ok", None, family, split, charge, mixed, remarks)


def _other_crystal(printed: Sequence[PrintedSublattice], places: Sequence[Place], family: Family) -> str | None:
    """Why a composition is none of a family: a sublattice is bare, or something ionic is called a metal; else None."""
    filled = {name for one in places for name in one.hosted}
    bare = [
        name
        for name, sub in family.sublattices.items()
        if name not in filled and name not in family.working_own and VACANCY not in sub.species
    ]
    if bare:
        return f"nothing is printed for {', '.join(bare)} of {family.name}"
    return None if family.charged else _not_held(printed, family)


def _not_held(printed: Sequence[PrintedSublattice], family: Family) -> str | None:
    """Why a family cannot hold a composition whose sums and charge are right; None where it can."""
    reasons = []
    for even in (True, False):
        try:
            host_of(printed, family, (), even=even)
        except BadInputError as err:
            reasons.append(err.reason)
        else:
            return None
    return reasons[0]


def _split(
    printed: Sequence[PrintedSublattice], places: Sequence[Place], family: Family, states: str
) -> tuple[Split | None, Fraction | None]:
    """Neutral split and charge; the one reported where the family's own states cannot be neutral.

    Both are None in a family without oxidation states.
    """
    if not family.charged:
        return None, None
    reported = parse_states(states)
    found = neutral_split(printed, pools_of(printed, places, family, reported), family)
    if not isinstance(found, Fraction):
        return found, Fraction(0)
    given = reported_split(printed, reported) if reported else None
    if given is not None and abs(split_charge(given)) <= _CHARGE_ROUNDING:
        return given, Fraction(0)
    return None, found


def _same(first: Split, second: Split) -> bool:
    """Whether two splits agree within the rounding of printed amounts."""
    keys = {(sub, ion) for split in (first, second) for sub, ions in split.items() for ion in ions}
    return all(
        abs(first.get(sub, {}).get(ion, Fraction(0)) - second.get(sub, {}).get(ion, Fraction(0))) <= ROUNDING
        for sub, ion in keys
    )


def _formula_sum(formula: str, printed: Sequence[PrintedSublattice], family: Family | None = None) -> str | None:
    """Where the sublattices do not hold what the formula says."""
    groups = None if family is None else {name: group.formula for name, group in family.groups.items()}
    written, held = parse_printed_formula(formula), elements_of(printed, groups)
    if held is None:
        return None
    for element in (*written, *held):
        first, second = written.get(element, Fraction(0)), held.get(element, Fraction(0))
        if abs(first - second) > ROUNDING:
            return f"the formula has {float(first):.4g} {element}, the sublattices hold {float(second):.4g}"
    return None


def _judged(
    formula: str,
    printed: Sequence[PrintedSublattice],
    status: Status,
    reason: str | None,
    family: Family | None = None,
    split: Split | None = None,
    charge: Fraction | None = None,
    mixed: Collection[str] = (),
    remarks: Sequence[str] = (),
) -> Verdict:
    counted = mixed_sublattices(printed, family, mixed)
    cations = None if split is None else _cations(split)
    nominal = nominal_charge(printed)
    return Verdict(
        status=status,
        reason=reason,
        entropy_R=printed_entropies(formula, counted, cations),
        entropy_R_by_sublattice={one.name: site_entropy(one.fractions().values()) for one in counted},
        charge=None if charge is None else float(charge),
        nominal_charge=None if nominal is None else float(nominal),
        oxidation_states={sub: {str(ion): float(x) for ion, x in ions.items()} for sub, ions in (split or {}).items()},
        remarks=tuple(remarks),
    )


def mixed_sublattices(
    printed: Sequence[PrintedSublattice], family: Family | None = None, mixed: Collection[str] = ()
) -> list[PrintedSublattice]:
    """Sublattices that count in entropies, the one of ``mixed-site`` first; see `check_material`."""
    by_name = {one.name: one for one in printed}
    if mixed:
        return [by_name[name] for name in mixed]
    ions = () if family is None else family.working_ions
    kinds = {one.name: set(one.fractions()) for one in printed}
    several = [one for one in printed if len(kinds[one.name]) > 1 and not (kinds[one.name] - {VACANCY} <= set(ions))]
    return sorted(several, key=lambda one: -len(kinds[one.name]))


def printed_entropies(
    formula: str, counted: Sequence[PrintedSublattice], cations: Fraction | None, *, merged: bool = False
) -> dict[str, float]:
    """Ideal entropy (R) by convention, see `hebe.science.chemistry.entropy`; weights are the sites as printed.

    Parameters
    ----------
    formula
        Counts the atoms.
    counted
        Sublattices that mix, the primary one first.
    cations
        Cations per formula unit; without them there is no ``per-cation``.
    merged
        Count oxidation states that are printed as species of their own as one.
    """
    site = [site_entropy(one.fractions(merged=merged).values()) for one in counted]
    total = sum(float(one.total) * value for one, value in zip(counted, site, strict=True))
    atoms = float(sum(parse_printed_formula(formula).values()))
    found = {
        "mixed-site": site[0] if site else 0.0,
        "sublattice-sum": sum(site),
        "formula-unit": total,
        "per-atom": total / atoms,
    }
    return found if not cations else {**found, "per-cation": total / float(cations)}


def _cations(split: Split) -> Fraction:
    return sum((x for ions in split.values() for ion, x in ions.items() if ion.charge > 0), Fraction(0))


def nominal_charge(printed: Sequence[PrintedSublattice]) -> Fraction | None:
    """Charge per formula unit with nominal oxidation states; None where an element has none."""
    nominal, total = about().nominal, Fraction(0)
    for entry in (entry for one in printed for entry in one.entries if entry.name != VACANCY):
        if entry.molecule or entry.name not in nominal:
            return None
        total += nominal[entry.name] * entry.amount
    return total
