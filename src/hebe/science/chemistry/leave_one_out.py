"""Low-entropy controls of a candidate: the same host at the same content with one element removed.

What the removed element leaves is handed to the other cations of its sublattice, in exact proportion where a cell has
sites for that and else in whole steps, so that the charge stays the same. Of the rules in `RULES` the first that gives
a neutral composition holds. An element is taken from all sublattices on which others are left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.campaign import SublatticeSpec
from hebe.config.family_sites import VACANCY
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import candidate_spec, composition_of, split_of
from hebe.science.chemistry.shares import distributions, nearest
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


RULES: Final = {
    "isovalent": "ions of the same charge take its share, in proportion to their amounts",
    "balanced": "all other ions take its share, as near to proportion as the same charge allows",
    "redox": "the other elements take its share in proportion, and some of them change their oxidation state",
    "shifted": "amounts of the other ions shift as little as gives the same charge",
}
"""What each rule does, in the order in which they are tried; the first two change no ion that is left."""

_MOST: Final = 60
"""Sites that are handed out at most: shares are searched exactly."""


@dataclass(frozen=True)
class Control:
    """A host without one element.

    Parameters
    ----------
    element
        What was removed.
    spec
        The member without it, None where there is none for the `reason`.
    rule
        Name of the rule by which it is balanced.
    moved
        Sublattice -> ion, or element under the rule ``redox`` -> how much of the sites of the sublattice it gains.
    """

    element: str
    spec: MemberSpec | None = None
    rule: str = ""
    moved: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class _Sites:
    """Whole sites of one mixed sublattice: of the ions that leave and of those that stay, and allowed charges."""

    gone: Mapping[Ion, int]
    stay: Mapping[Ion, int]
    allowed: Mapping[str, tuple[int, ...]]

    @property
    def number(self) -> int:
        return sum(self.gone.values())

    @property
    def charge(self) -> int:
        return sum(ion.charge * n for ion, n in self.gone.items())


Gains = dict[str, int]


def removable(spec: MemberSpec) -> list[str]:
    """Elements of the mixed cation sublattices of a member that controls leave out, in alphabetical order."""
    return sorted({element for name in composition_of(spec).host.mixed_cations for element in _mixed(spec, name)})


def _mixed(spec: MemberSpec, sublattice: str) -> set[str]:
    """Elements that can leave a sublattice, as others are left on it; none where there is one."""
    kept = _kept(spec, sublattice)
    found = {e for e, x in spec.fractions.get(sublattice, {}).items() if Fraction(x) and e not in kept}
    return found if len(found) > 1 else set()


def _kept(spec: MemberSpec, sublattice: str) -> set[str | None]:
    """What keeps its amount on a sublattice: empty sites and ions that work, or would in the host."""
    host = composition_of(spec).host
    ions = host.working_ions if sublattice in host.working_shared else ()
    return {VACANCY, spec.working_ion, *ions}


def leave_out(spec: MemberSpec, element: str, cell: int = 1) -> Control:
    """Member of a host without one of its elements.

    Parameters
    ----------
    spec
        The member.
    element
        One of `removable`.
    cell
        Sites that cells have: steps of the composition, or parts of them down to one site of a cell, are handed out.
    """
    split, host = split_of(spec), composition_of(spec).host
    if split is None:
        return Control(element, reason="the composition has no canonical oxidation states")
    parts = {
        name: {ion: amount / host.sublattices[name].multiplicity for ion, amount in split[name].items() if amount}
        for name in host.mixed_cations
        if element in _mixed(spec, name)
    }
    own = math.lcm(*(amount.denominator for part in parts.values() for amount in part.values()))
    most = max(int(own * sum(x for ion, x in part.items() if ion.element == element)) for part in parts.values())
    if most > _MOST:
        reason = f"it has {most} sites in the smallest cell that holds the composition; {_MOST} are handed out at most"
        return Control(element, reason=reason)
    for name, rule in _TRIED.items():
        moved = {s: _gains(spec, element, s, part, rule, (own, cell)) for s, part in parts.items()}
        known = {s: gains for s, gains in moved.items() if gains is not None}
        made = _without(spec, element, known) if len(known) == len(moved) else None
        if made is not None:
            return Control(element, made, name, known)
    left = ", ".join(e for e in removable(spec) if e != element)
    reason = f"{left or 'nothing'} alone cannot be charge-neutral at the same content with the oxidation states listed"
    return Control(element, reason=reason)


def _gains(
    spec: MemberSpec,
    element: str,
    sublattice: str,
    part: Mapping[Ion, Fraction],
    rule: Callable[[_Sites], Gains | None],
    steps: tuple[int, int],
) -> dict[str, Fraction] | None:
    """What each ion, or element, of a sublattice gains by a rule, in the steps that come nearest to proportion.

    Parameters
    ----------
    part
        Fraction of the sites that each ion has.
    steps
        Sites of the smallest cell of the composition, and of the cells.
    """
    own, cell = steps
    allowed = {e: tuple(z) for e, z in spec.valences.get(sublattice, {}).items()}
    kept = {element, *_kept(spec, sublattice)}
    if rule is _isovalent and (exact := _proportional(part, element, kept, max(steps))) is not None:
        return exact
    found: list[tuple[Fraction, int, dict[str, Fraction]]] = []
    for grid in (own, *range(2 * own, min(cell, _MOST) + 1, own)):
        gone = {ion: int(x * grid) for ion, x in part.items() if ion.element == element}
        stay = {ion: int(x * grid) for ion, x in part.items() if ion.element not in kept}
        gains = rule(_Sites(gone, stay, allowed)) if stay else None
        if gains is not None:
            shares = {name: Fraction(n, grid) for name, n in gains.items()}
            found.append((_distance(shares, part), grid, {name: x for name, x in shares.items() if x}))
    return min(found, key=lambda one: one[:2])[2] if found else None


def _proportional(
    part: Mapping[Ion, Fraction], element: str, kept: Collection[str | None], sites: int
) -> dict[str, Fraction] | None:
    """What ions of the charges that leave gain in exact proportion, None where a cell of `sites` is too small."""
    gains: dict[str, Fraction] = {}
    for gone, share in part.items():
        alike = {ion: x for ion, x in part.items() if ion.charge == gone.charge and ion.element not in kept}
        if gone.element != element:
            continue
        if not alike:
            return None
        gains |= {str(ion): share * x / sum(alike.values()) for ion, x in alike.items()}
    held = [x + gains.get(str(ion), Fraction(0)) for ion, x in part.items() if ion.element != element]
    return gains if math.lcm(*(x.denominator for x in held)) <= sites else None


def _distance(shares: Mapping[str, Fraction], part: Mapping[Ion, Fraction]) -> Fraction:
    """How far shares are from those in proportion, as in `hebe.science.chemistry.shares.distributions`."""
    has = {name: sum((x for ion, x in part.items() if name in (str(ion), ion.element)), Fraction(0)) for name in shares}
    given, held = sum(shares.values(), Fraction(0)), sum(has.values(), Fraction(0))
    return sum(((x - given * has[name] / held) ** 2 / has[name] for name, x in shares.items()), Fraction(0))


def _without(spec: MemberSpec, element: str, moved: Mapping[str, Mapping[str, Fraction]]) -> MemberSpec | None:
    """The member without an element, None where that is not neutral."""
    fractions = {s: {e: Fraction(x) for e, x in part.items()} for s, part in spec.fractions.items()}
    for name, gains in moved.items():
        del fractions[name][element]
        for ion, share in gains.items():
            fractions[name][Ion.parse(ion).element] += share
    made = composition_of(spec).with_fractions(fractions)
    specs = {s: SublatticeSpec(species={e: tuple(z) for e, z in v.items()}) for s, v in spec.valences.items()}
    space = CompositionSpace(spec.family, spec.working_ion, made.x_own, specs, spec.host)
    candidate = make_candidate(space, made, spec.primary)
    return None if candidate is None else candidate_spec(candidate, space.valences)


def _isovalent(sites: _Sites) -> Gains | None:
    gains: Gains = {}
    for gone, number in sites.gone.items():
        alike = {str(ion): n for ion, n in sites.stay.items() if ion.charge == gone.charge}
        way = nearest(number, alike, distributions(number, alike, dict.fromkeys(alike, 0)))
        if not alike or way is None:
            return None
        gains |= dict(zip(alike, way, strict=True))
    return gains


def _same_charge(sites: _Sites, *, shifted: bool = False) -> Gains | None:
    amounts = {str(ion): n for ion, n in sites.stay.items()}
    charges = {str(ion): ion.charge for ion in sites.stay}
    least = {name: 1 - n for name, n in amounts.items()} if shifted else None
    way = distributions(sites.number, amounts, charges, least=least).get(sites.charge)
    return None if way is None else dict(zip(amounts, way, strict=True))


def _redox(sites: _Sites) -> Gains | None:
    amounts: Gains = {}
    for ion, n in sites.stay.items():
        amounts[ion.element] = amounts.get(ion.element, 0) + n
    wanted = sites.charge + sum(ion.charge * n for ion, n in sites.stay.items())
    for pick, sign in ((max, 1), (min, -1)):
        charges = {element: pick(sites.allowed[element]) for element in amounts}
        before = sum(charges[element] * n for element, n in amounts.items())
        ways = distributions(sites.number, amounts, charges)
        reaching = {charge: way for charge, way in ways.items() if sign * (before + charge - wanted) >= 0}
        way = nearest(sites.number, amounts, reaching)
        if way is not None and _reaches(sites, amounts, way, wanted):
            return dict(zip(amounts, way, strict=True))
    return None


def _reaches(sites: _Sites, amounts: Mapping[str, int], way: tuple[int, ...], wanted: int) -> bool:
    """Whether elements can carry a charge with their allowed oxidation states."""
    held = [(sites.allowed[e], n + share) for (e, n), share in zip(amounts.items(), way, strict=True)]
    return sum(min(z) * n for z, n in held) <= wanted <= sum(max(z) * n for z, n in held)


def _shifted(sites: _Sites) -> Gains | None:
    return _same_charge(sites, shifted=True)


_TRIED: Final[dict[str, Callable[[_Sites], Gains | None]]] = {
    "isovalent": _isovalent,
    "balanced": _same_charge,
    "redox": _redox,
    "shifted": _shifted,
}


def controls_of(spec: MemberSpec, cell: int = 1, elements: tuple[str, ...] = ()) -> Iterator[Control]:
    """Controls of a member, one for each element that is removed.

    Parameters
    ----------
    spec, cell
        As of `leave_out`.
    elements
        Only these are removed; all that there are without any.
    """
    for element in removable(spec):
        if not elements or element in elements:
            yield leave_out(spec, element, cell)
