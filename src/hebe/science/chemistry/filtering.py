"""Filters of a campaign: tests of one candidate, and the same tests of many compositions at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.candidate import Candidate
from hebe.science.chemistry.row_table import RowTable

if TYPE_CHECKING:
    from hebe.config.campaign import EntropyFilter, Filters, SizeFilter
    from hebe.science.chemistry.space import CompositionSpace

Predicate = Callable[[Candidate], bool]
RowTest = Callable[[RowTable], NDArray[np.bool_]]

TOLERANCE = 1e-9
"""How far beyond a bound a value still passes: that much a sum depends on its order."""


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
        return bool(between(value, wanted.min, wanted.max))

    return test


def _size(wanted: SizeFilter) -> Predicate:
    def test(candidate: Candidate) -> bool:
        value = candidate.descriptors["size_mismatch"]
        return value is not None and bool(between(float(value), wanted.min, wanted.max))

    return test


def between(value: Any, low: float | None, high: float | None) -> Any:
    """Whether a value, or each value of an array, lies within limits."""
    return (low is None or value >= low - TOLERANCE) & (high is None or value <= high + TOLERANCE)


def _include(elements: Sequence[str]) -> Predicate:
    return lambda candidate: set(elements) <= set(candidate.composition.elements)


def _exclude(elements: Sequence[str]) -> Predicate:
    return lambda candidate: not any(set(elements) & set(a) for a in candidate.composition.fractions.values())


def row_tests(filters: Filters) -> dict[str, RowTest]:
    """The same filters as tests of many rows; see `predicates`."""
    makers: dict[str, RowTest] = {
        "entropy": lambda table: _of_entropy(table, filters.entropy),
        "size_mismatch": lambda table: _of_size(table, filters.size_mismatch),
        "redox_compatible": lambda table: ~table.incompatible,
        "principal_elements": lambda table: table.principal,
        "include": lambda table: _with_all(table, filters.include or ()),
        "exclude": lambda table: ~np.any([table.present(e) for e in filters.exclude or ()], axis=0),
    }
    return {name: makers[name] for name in predicates(filters)}


def _of_entropy(table: RowTable, wanted: EntropyFilter | None) -> NDArray[np.bool_]:
    assert wanted is not None  # noqa: S101 - asked for by its name
    return np.asarray(between(table.entropy(wanted.convention, wanted.sublattice), wanted.min, wanted.max))


def _of_size(table: RowTable, wanted: SizeFilter | None) -> NDArray[np.bool_]:
    assert wanted is not None  # noqa: S101 - asked for by its name
    return np.asarray(between(table.size_mismatch, wanted.min, wanted.max))  # NaN passes no limit


def _with_all(table: RowTable, elements: Sequence[str]) -> NDArray[np.bool_]:
    """Rows with all elements, on mixed sublattices or where they always stand."""
    always = always_there(table.space)
    found = np.full(len(table), VACANCY not in elements)  # empty sites are no element
    for element in set(elements) - always:
        found &= table.present(element)
    return found


def always_there(space: CompositionSpace) -> set[str]:
    """Elements that every composition has outside the mixed sublattices."""
    there = {element for _, element, _, _ in space.host.standing(space.specs)}
    return there | ({space.working_ion} if space.working_ion and space.x_made else set())
