"""From a space to candidates: filters in file order, then a selection."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.emptied import Reach, reaches
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign, EntropyFilter, Filters, Selection, SizeFilter
    from hebe.config.reading.wording import KeyPath
    from hebe.science.chemistry.composition import HostComposition

Predicate = Callable[[Candidate], bool]

_SIMPLE: Final = 24
_NEAR: Final = Fraction(1, 10)
"""How far from the content as made a neutral one is looked for, working ions per formula unit."""


@dataclass
class Screening:
    """Result of a screening: how many compositions there are, how many remain after each filter, which are kept."""

    size: int
    by_filter: dict[str, int] = field(default_factory=dict)
    passed: list[Candidate] = field(default_factory=list)
    selected: list[Candidate] = field(default_factory=list)


def predicates(filters: Filters) -> dict[str, Predicate]:
    """Filters of a campaign by name, in file order; a filter set to false or left empty is not applied."""
    makers: dict[str, Predicate | None] = {
        "entropy": _entropy(filters.entropy) if filters.entropy else None,
        "size_mismatch": _size(filters.size_mismatch) if filters.size_mismatch else None,
        "redox_compatible": (lambda c: not c.incompatible) if filters.redox_compatible else None,
        "principal_elements": (lambda c: bool(c.descriptors["principal_element_rule"]))
        if filters.principal_elements
        else None,
        "include": _include(filters.include) if filters.include else None,
        "exclude": _exclude(filters.exclude) if filters.exclude else None,
    }
    return {name: test for name in filters.order if (test := makers.get(name)) is not None}


def _entropy(wanted: EntropyFilter) -> Predicate:
    def test(candidate: Candidate) -> bool:
        value = candidate.entropy(wanted.convention, wanted.sublattice)
        return _between(value, wanted.min, wanted.max)

    return test


def _size(wanted: SizeFilter) -> Predicate:
    def test(candidate: Candidate) -> bool:
        value = candidate.descriptors["size_mismatch"]
        return value is not None and _between(float(value), wanted.min, wanted.max)

    return test


def _between(value: float, low: float | None, high: float | None) -> bool:
    tolerance = 1e-9
    return (low is None or value >= low - tolerance) and (high is None or value <= high + tolerance)


def _include(elements: Sequence[str]) -> Predicate:
    return lambda candidate: set(elements) <= set(candidate.composition.elements)


def _exclude(elements: Sequence[str]) -> Predicate:
    return lambda candidate: not any(set(elements) & set(a) for a in candidate.composition.fractions.values())


def screen(campaign: Campaign) -> Screening:
    """Count the space, apply the filters and the selection.

    Raises
    ------
    BadInputError
        If the space is empty, nothing passes, or an explicit formula cannot be made; names file and line.
    """
    space = CompositionSpace.from_campaign(campaign)
    size = space.count()
    if size == 0:
        raise bad_key(
            campaign,
            ("host", "sublattices"),
            "no charge-neutral composition exists: the cations must carry "
            f"{_decimal(space.cation_charge)}+ per formula unit",
            _nearest_content(campaign, space) or "allow other oxidation states, amounts or numbers of species",
        )
    explicit = campaign.select.method == "explicit"
    named = campaign.select.formulas
    source = _explicit(campaign, space, named, ("select", "formulas")) if explicit else _enumerate(campaign, space)
    tests = predicates(campaign.filters)
    result = Screening(size, dict.fromkeys(tests, 0))
    near = reaches(campaign.filters)
    for candidate in source:
        failed = _first_failed(candidate, tests, result.by_filter)
        if failed is None:
            result.passed.append(candidate)
        elif failed in near:
            near[failed].look(candidate)
    if not result.passed:
        raise _emptied(campaign, result, near)
    result.selected = result.passed if explicit else select(result.passed, campaign.select)
    result.selected = _with_series(campaign, space, result.selected)
    return result


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


def _with_series(campaign: Campaign, space: CompositionSpace, selected: list[Candidate]) -> list[Candidate]:
    """Selected candidates followed by those of the series that are not among them; filters do not apply to these."""
    found = {candidate.candidate_id: candidate for candidate in selected}
    for name in campaign.series:
        for candidate in series_candidates(campaign, space, name):
            found.setdefault(candidate.candidate_id, candidate)
    return list(found.values())


def _first_failed(candidate: Candidate, tests: dict[str, Predicate], counts: dict[str, int]) -> str | None:
    for name, test in tests.items():
        if not test(candidate):
            return name
        counts[name] += 1
    return None


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


def _enumerate(campaign: Campaign, space: CompositionSpace) -> Iterator[Candidate]:
    for row in space:
        candidate = make_candidate(space, space.composition(row), campaign.host.primary)
        if candidate is not None:
            yield candidate


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


def select(candidates: list[Candidate], selection: Selection) -> list[Candidate]:
    """Candidates that a selection keeps, in the order of the space; all when there are no more than ``n``."""
    if selection.method in ("all", "explicit") or selection.n is None or selection.n >= len(candidates):
        return candidates
    if selection.method == "random":
        chosen = random.Random(selection.seed).sample(range(len(candidates)), selection.n)
    else:
        chosen = diverse(_vectors(candidates), selection.n, selection.seed)
    return [candidates[i] for i in sorted(chosen)]


def _vectors(candidates: list[Candidate]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Fractions of every element and sublattice, shape (candidates, columns)."""
    names = sorted({(s, e) for c in candidates for s, amounts in c.composition.fractions.items() for e in amounts})
    column = {name: i for i, name in enumerate(names)}
    vectors = np.zeros((len(candidates), len(names)))
    for i, candidate in enumerate(candidates):
        for sub, amounts in candidate.composition.fractions.items():
            for element, x in amounts.items():
                vectors[i, column[sub, element]] = float(x)
    return vectors


def diverse(vectors: np.ndarray[tuple[int, int], np.dtype[np.float64]], n: int, seed: int) -> list[int]:
    """Indices of `n` rows far from each other: farthest-point sampling from a random start.

    Ties go to the lowest index. Source: Gonzalez, Theor. Comput. Sci. 38, 293 (1985).
    """
    chosen = [random.Random(seed).randrange(len(vectors))]
    distance = np.linalg.norm(vectors - vectors[chosen[0]], axis=1)
    while len(chosen) < n:
        nearest = int(np.argmax(np.round(distance, 9)))
        chosen.append(nearest)
        distance = np.minimum(distance, np.linalg.norm(vectors - vectors[nearest], axis=1))
    return chosen
