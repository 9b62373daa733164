"""Oxidation states of the elements of a crystal: named, in its file, those of a family that it is like, or common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY, SpeciesData
from hebe.exceptions import BadInputError
from hebe.science.crystals.crystal import check_element

if TYPE_CHECKING:
    from fractions import Fraction

    from hebe.config.family import Family
    from hebe.science.crystals.crystal import Crystal

Valences = Mapping[str, tuple[int, ...]]

ANION_STATES: Final = {"O": -2, "F": -1, "S": -2, "Se": -2, "Te": -2, "Cl": -1, "N": -3, "Br": -1, "I": -1}
"""Oxidation states of anions where a file gives none."""


class OxidationStates:
    """Oxidation states of elements: those of the campaign, of the file, of the family that the host is like."""

    def __init__(self, crystal: Crystal, like: Family) -> None:
        self._file = crystal.states
        self._pool: dict[str, SpeciesData] = {}
        for name in like.mixed_cations:
            self._pool |= like.sublattices[name].species
        self._like = like.name

    def of(self, part: Mapping[str, Fraction], role: str, named: Valences) -> dict[str, SpeciesData]:
        """Species of a sublattice with their oxidation states."""
        if role == "working":
            return {}
        if role == "anion":
            return {element: self._anion(element, part) for element in {**part, **named}}
        if role == "fixed":
            return {element: self._single(element) for element in part}
        pool = dict(self._pool)
        for element in part:
            if element not in named:
                pool[element] = self._known(element)
        for element, valences in named.items():
            check_element(element)
            known = pool[element].valences if element in pool else ()
            low_spin = pool[element].low_spin if element in pool else ()
            pool[element] = SpeciesData(valences=tuple(sorted({*known, *valences})), low_spin=low_spin)
        return pool

    def _anion(self, element: str, part: Mapping[str, Fraction]) -> SpeciesData:
        """State on a site of anions, which cations do not share."""
        states = self._file.get(element, (ANION_STATES.get(element, 0),))
        if element != VACANCY and max(states) >= 0:
            others = ", ".join(other for other in part if other not in (element, VACANCY))
            raise BadInputError(
                f"{element} stands on a site of anions{f' ({others})' if others else ''} and is none",
                suggestion=f"species of charge below 0, as {', '.join(ANION_STATES)}",
            )
        return SpeciesData(valences=states)

    def _known(self, element: str) -> SpeciesData:
        if element == VACANCY:
            return SpeciesData()
        data = self._pool.get(element)
        if element in self._file:
            return SpeciesData(valences=self._file[element], low_spin=() if data is None else data.low_spin)
        if data is not None:
            return data
        common = _common_states(element)
        if len(common) != 1:
            raise _unknown_state(element, common)
        return SpeciesData(valences=common)

    def _single(self, element: str) -> SpeciesData:
        """State of an element that does not mix; that of its group where it is the core of a polyanion (P5+)."""
        data = self._pool.get(element)
        states = self._file.get(element) or (data.valences if data is not None else _common_states(element))
        if len(states) > 1 and data is None and element not in self._file:
            states = tuple(state for state in states if state == _group_state(element)) or states
        if len(states) != 1:
            raise _unknown_state(element, states)
        return SpeciesData(valences=states)


def _common_states(element: str) -> tuple[int, ...]:
    """Positive oxidation states that are common."""
    from pymatgen.core import Element

    return tuple(int(state) for state in Element(element).common_oxidation_states if state > 0)


def _group_state(element: str) -> int:
    """Oxidation state without valence electrons: 5 of P, 6 of W."""
    from pymatgen.core import Element

    return Element(element).group % 10


def _unknown_state(element: str, states: tuple[int, ...]) -> BadInputError:
    some = f"it may be {', '.join(map(str, states))}" if states else "none is common"
    return BadInputError(
        f"the oxidation state of {element} is not known ({some})",
        suggestion="give it in the file (_atom_type_oxidation_number), or list the species of its sublattice",
    )
