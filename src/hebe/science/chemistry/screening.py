"""From a space to candidates: filters in file order, then a selection."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.choice import Members, choose
from hebe.science.chemistry.drawing import draw_members
from hebe.science.chemistry.filtering import predicates
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.sieve import Sieve
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.config.reading.wording import KeyPath
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.emptied import Reach

Tell = Callable[[int, int], None]
"""Is told how many of how many compositions were looked at."""

_SIMPLE: Final = 24
_NEAR: Final = Fraction(1, 10)
"""How far from the content as made a neutral one is looked for, working ions per formula unit."""

MOST_ROWS: Final = 20_000_000
"""Compositions that a selection looks at one by one, at most."""
MOST_MASKED: Final = 1_000_000
"""The same where their charges have gaps, which takes longer."""
MOST_DRAWN: Final = 1_000_000
"""Compositions of a space of which a random selection looks at all; from larger ones it is drawn."""
MOST_DIVERSE: Final = 2_000_000
"""Compositions that pass from which a diverse selection is made, at most."""
_TRIED: Final = 20_000
_ALWAYS: Final = 100_000
MOST_CANDIDATES: Final = 100_000
"""Candidates of a campaign, at most."""


@dataclass
class Screening:
    """Result of a screening: how many compositions there are, how many remain after each filter, which are kept.

    Where a selection was drawn without looking at all, `by_filter` is empty and `passed` has what was drawn.
    """

    size: int
    by_filter: dict[str, int] = field(default_factory=dict)
    passed: Sequence[Candidate] = field(default_factory=list)
    selected: list[Candidate] = field(default_factory=list)


def screen(campaign: Campaign, *, kept: Sequence[HostComposition] = (), tell: Tell | None = None) -> Screening:
    """Count the space, apply the filters and the selection.

    Parameters
    ----------
    campaign
        The campaign.
    kept
        Compositions of an earlier selection that one which extends it keeps.
    tell
        Is told how far it is.

    Raises
    ------
    BadInputError
        If the space is empty, nothing passes, an explicit formula cannot be made, or the selection would have to look
        at too many compositions; names file and line.
    """
    campaign, space = campaign.first_round, CompositionSpace.from_campaign(campaign)
    size = checked_size(campaign, space)
    if campaign.select.method == "explicit":
        result = _named(campaign, space, size)
        result.selected = list(result.passed)
    elif (drawn := drawn_of(campaign, space, size, kept)) is not None:
        result = Screening(size, passed=drawn)
        result.selected = [*_kept(campaign, space, kept), *drawn]
    else:
        result = sift(campaign, space, size, tell)
        result.selected = selected_of(campaign, space, result.passed, kept)
    result.selected = with_series(campaign, space, result.selected)
    return result


def selected_of(
    campaign: Campaign, space: CompositionSpace, passed: Sequence[Candidate], kept: Sequence[HostComposition] = ()
) -> list[Candidate]:
    """Candidates that the selection of a campaign takes of what passes.

    Raises
    ------
    BadInputError
        If too many pass for that.
    """
    assert isinstance(passed, Members)  # noqa: S101 - as `sift` makes it
    _check_number(campaign, len(passed))
    early = kept if campaign.select.extend else ()
    return [*_kept(campaign, space, kept), *choose(passed, campaign.select, early)]


def checked_size(campaign: Campaign, space: CompositionSpace) -> int:
    """Exact number of compositions of a space.

    Raises
    ------
    BadInputError
        If there are none; names the nearest content of the working ion with which there are some.
    """
    size = space.count()
    if size == 0:
        raise bad_key(
            campaign,
            ("host", "sublattices"),
            "no charge-neutral composition exists: the cations must carry "
            f"{_decimal(space.cation_charge)}+ per formula unit",
            _nearest_content(campaign, space) or "allow other oxidation states, amounts or numbers of species",
        )
    return size


def drawn_of(
    campaign: Campaign, space: CompositionSpace, size: int, kept: Sequence[HostComposition] = ()
) -> Members | None:
    """Random selection that is drawn from a space; None where all compositions are looked at for it.

    That is so in small spaces, and where too few pass for draws to find them.

    Raises
    ------
    BadInputError
        If too few pass, and there are too many compositions to look at.
    """
    if not is_drawn(campaign, size):
        return None
    try:
        return draw_members(campaign, space, kept)
    except BadInputError:
        if size > MOST_ROWS:
            raise
        return None


def is_drawn(campaign: Campaign, size: int) -> bool:
    """Whether a selection is drawn from the space instead of from a list of what passes."""
    return campaign.select.method == "random" and size > MOST_DRAWN


def _named(campaign: Campaign, space: CompositionSpace, size: int) -> Screening:
    """Compositions that the file names, and what the filters leave of them."""
    tests = predicates(campaign.filters)
    result, passed = Screening(size, dict.fromkeys(tests, 0)), list[Candidate]()
    near = Sieve(campaign, space).near
    for candidate in _explicit(campaign, space, campaign.select.formulas, ("select", "formulas")):
        failed = next((name for name, test in tests.items() if not test(candidate)), None)
        for name in tests:
            if name == failed:
                break
            result.by_filter[name] += 1
        if failed is None:
            passed.append(candidate)
        elif failed in near:
            near[failed].remember(np.array([_value(campaign, candidate, failed)], dtype=np.float64))
    result.passed = passed
    if not passed:
        raise _emptied(campaign, result, near)
    return result


def _value(campaign: Campaign, candidate: Candidate, name: str) -> float | None:
    """Value of a candidate that a filter with limits compares."""
    entropy = campaign.filters.entropy
    if name == "entropy" and entropy is not None:
        return candidate.entropy(entropy.convention, entropy.sublattice)
    return candidate.descriptors["size_mismatch"]


def passing(campaign: Campaign, tell: Tell | None = None) -> Sequence[Candidate]:
    """Compositions that pass the filters, whatever the selection; named ones where the file names them.

    Raises
    ------
    BadInputError
        As `screen`.
    """
    space = CompositionSpace.from_campaign(campaign)
    size = checked_size(campaign, space)
    if campaign.select.method == "explicit":
        return _named(campaign, space, size).passed
    return sift(campaign, space, size, tell).passed


def sift(campaign: Campaign, space: CompositionSpace, size: int, tell: Tell | None = None) -> Screening:
    """Look at every composition of a space that the filters do not leave out at once.

    Raises
    ------
    BadInputError
        If nothing passes, or there are too many to look at.
    """
    sieve = Sieve(campaign, space)
    total = sieve.space.count()
    check_walk(campaign, sieve, total)
    found = pass_all(sieve, tell)
    if found is None:
        raise _too_many(campaign, total, MOST_ROWS)
    result = Screening(size, sieve.by_filter, found)
    if not len(found):
        raise _emptied(campaign, result, _near(campaign, space, sieve))
    return result


def pass_all(sieve: Sieve, tell: Tell | None = None, budget_s: float = math.inf) -> Members | None:
    """Compositions that pass, of all; None if there are too many, or they take longer than a budget.

    The first 100,000 are looked at however long they take.
    """
    parts = [np.zeros((0, len(sieve.space.columns)), dtype=np.int16)]
    total = sieve.space.count() if tell is not None else 0
    until = math.inf
    for rows, table in sieve.walk():
        parts.append(table.rows)
        until = min(until, time.monotonic() + budget_s)  # from the first part on, before which code is compiled
        if sieve.seen > MOST_ROWS or (sieve.seen > _ALWAYS and time.monotonic() > until):
            return None
        if tell is not None:
            tell(sieve.space.rank(rows[-1].tolist()) + 1, total)
    return Members(sieve.space, np.concatenate(parts), sieve.primary)


def check_walk(campaign: Campaign, sieve: Sieve, total: int) -> None:
    """Refuse to look at more compositions one by one than ends soon; entropies may leave most of them out.

    Raises
    ------
    BadInputError
        Says how many there are, and what would do.
    """
    most = MOST_MASKED if sieve.space.layout.steps is None else MOST_ROWS
    if total > most and (not sieve.bounds or total * _share(sieve) > most):
        raise _too_many(campaign, total, most)


def _share(sieve: Sieve) -> float:
    """Upper limit of the share of a space that bounds on the entropy leave, from a uniform sample."""
    table = sieve.table(sieve.space.sample(_TRIED, replace=True))
    inside = sieve.tests["entropy"](table)
    return (int(np.count_nonzero(inside)) + 3) / _TRIED  # none of n: below 3/n with 95 %


def _too_many(campaign: Campaign, total: int, most: int) -> BadInputError:
    method, n = campaign.select.method, campaign.select.n
    reason = f"select: {method} looks at every composition, and there are {total:,}; at most {most:,} are looked at"
    hint = f"select: {{method: random, n: {n or 100}}}, or a coarser grid, fewer species or tighter limits"
    return bad_key(campaign, ("select",) if n is None else ("select", "method"), reason, hint)


def _check_number(campaign: Campaign, passed: int) -> None:
    """Refuse selections from, or of, too many compositions."""
    method, n = campaign.select.method, campaign.select.n
    most = MOST_DIVERSE if method == "diverse" else MOST_CANDIDATES if method == "all" else MOST_ROWS
    if passed > most:
        reason = f"{passed:,} compositions pass, and select: {method} takes at most {most:,}"
        hint = f"select: {{method: random, n: {n or 100}}}, or tighter limits"
        raise bad_key(campaign, ("select",) if n is None else ("select", "method"), reason, hint)


def _near(campaign: Campaign, space: CompositionSpace, sieve: Sieve) -> dict[str, Reach]:
    """How near the filters were reached; where entropies restricted the walk, by one that they do not."""
    total = sieve.space.count()
    if sieve.bounds and total <= MOST_DRAWN:
        sieve = Sieve(campaign, space, prunes=False)
        for _ in sieve.walk():
            pass
    return sieve.near


def _kept(campaign: Campaign, space: CompositionSpace, kept: Sequence[HostComposition]) -> list[Candidate]:
    """Candidates of an earlier selection, if this one extends it; those that can be made no more are left out."""
    if not campaign.select.extend:
        return []
    found = (make_candidate(space.with_content(c.x_own), c, campaign.host.primary) for c in kept)
    return [candidate for candidate in found if candidate is not None]


def _decimal(charge: Fraction) -> str:
    """A charge as a simple fraction, else as a decimal number."""
    return str(charge) if charge.denominator <= _SIMPLE else f"{float(charge):.6g}"


def _nearest_content(campaign: Campaign, space: CompositionSpace) -> str | None:
    """The content of the working ion beside that as made with which the host is neutral, None where there is none."""
    if campaign.host.working_ion is None or not campaign.host.data.x_full:
        return None
    made = space.x_made
    tried = sorted({made.limit_denominator(n) for n in (1, 2, 3, 4, 6, 8, 12)}, key=lambda x: (abs(x - made), x))
    for x in tried:
        if x == made or abs(x - made) > _NEAR or not 0 < x <= campaign.host.data.x_full:
            continue
        if space.with_content(x).count():
            return f"host.x_made: {x}; it is {float(made):.4g}, off by {float(abs(x - made)):.2g}"
    return None


def series_candidates(campaign: Campaign, space: CompositionSpace, name: str) -> list[Candidate]:
    """Candidates of one entropy series, in the order of the file.

    Raises
    ------
    BadInputError
        If a formula cannot be made; names file and line.
    """
    formulas = campaign.series[name].formulas
    return list(_explicit(campaign, space, formulas, ("series", name, "formulas")))


def with_series(campaign: Campaign, space: CompositionSpace, selected: list[Candidate]) -> list[Candidate]:
    """Selected candidates followed by those of the series that are not among them; filters do not apply to these."""
    found = {candidate.candidate_id: candidate for candidate in selected}
    for name in campaign.series:
        for candidate in series_candidates(campaign, space, name):
            found.setdefault(candidate.candidate_id, candidate)
    return list(found.values())


def _emptied(campaign: Campaign, result: Screening, near: dict[str, Reach]) -> BadInputError:
    """Error to raise when nothing passes: which filter left nothing, and how near it came."""
    counts = result.by_filter
    name = next((name for name, left in counts.items() if not left), None)
    if name is None:
        return bad_key(campaign, ("filters",), f"none of {result.size} compositions can be made", None)
    names = list(counts)
    before = counts[names[names.index(name) - 1]] if name != names[0] else result.size
    reason = f"the filter leaves none of the {before} compositions that come to it"
    if name in near:
        reason += f": {near[name].missed}"
    return bad_key(campaign, ("filters", name), reason, "relax this filter, or allow other species and amounts")


def _explicit(
    campaign: Campaign, space: CompositionSpace, formulas: Sequence[str], path: KeyPath
) -> Iterator[Candidate]:
    for i, formula in enumerate(formulas):
        key = (*path, i)
        try:
            composition = parse_host_formula(formula, space)
        except BadInputError as err:
            raise bad_key(campaign, key, err.reason, err.suggestion) from err
        own = space.with_content(composition.x_own)
        candidate = make_candidate(own, composition, campaign.host.primary)
        if candidate is None:
            reason = f"{formula} cannot be charge-neutral with the oxidation states listed: "
            reason += excess_charge(own, composition)
            raise bad_key(campaign, key, reason, None)
        yield candidate


def excess_charge(space: CompositionSpace, composition: HostComposition) -> str:
    """How far a composition is from neutral, in words."""
    host = composition.host
    low, high = Fraction(0), Fraction(0)
    for sub, amounts in composition.fractions.items():
        for element, x in amounts.items():
            states = space.valences[sub][element]
            low += x * host.sublattices[sub].multiplicity * min(states)
            high += x * host.sublattices[sub].multiplicity * max(states)
    span = f"{float(low):+.4g}" if low == high else f"between {float(low):+.4g} and {float(high):+.4g}"
    return f"its cations carry {span}, needed {float(space.cation_charge):+.4g} per formula unit"
