"""Numbers of the literature that follow from a printed composition alone, computed anew (level E of the targets)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import Ion
from hebe.science.literature.check import check_system, mixed_sublattices, nominal_charge, printed_entropies
from hebe.science.literature.definitions import defined_figure
from hebe.science.literature.printed import parse_printed_formula
from hebe.science.literature.sites import ALKALI
from hebe.science.literature.system import get_system

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.science.literature.printed import PrintedSublattice
    from hebe.science.literature.system import System, Target

Figure = tuple[str, "Callable[[System, re.Match[str]], float | None]"]


def computed_figure(target: Target) -> float | None:
    """Value of a target from definitions or the composition of its material; None where it takes more than that."""
    defined = defined_figure(target.target_id)
    if defined is not None:
        return defined
    if target.level != "E" or len(target.system_ids) != 1 or target.system_ids[0].startswith("unresolved"):
        return None
    for pattern, compute in _FIGURES:
        match = re.fullmatch(pattern, target.quantity)
        if match is not None:
            return compute(get_system(target.system_ids[0]), match)
    return None


def reproduces(target: Target, value: float) -> bool:
    """Whether a value is that of a target to the digits that are printed."""
    digits = len(target.value.partition(".")[2])
    return abs(value - float(target.value)) <= 0.5000001 * 10.0**-digits


def _sublattice(system: System, name: str) -> PrintedSublattice:
    return next(one for one in system.printed if one.name == name)


def _site_entropy(system: System, match: re.Match[str]) -> float:
    return site_entropy(_sublattice(system, match[1]).fractions().values())


def _printed_entropy(system: System, _: re.Match[str]) -> float:
    return check_system(system).entropy_R["mixed-site"]


def _unit_entropy(system: System, _: re.Match[str]) -> float:
    return check_system(system).entropy_R["formula-unit"]


def _merged_entropy(system: System, _: re.Match[str]) -> float:
    counted = mixed_sublattices(system.printed, None, system.mixed_sublattice)
    return printed_entropies(system.formula, counted, None, merged=True)["mixed-site"]


def _pooled_entropy(system: System, _: re.Match[str]) -> float:
    """Entropy with the cations of all mixed sublattices as if they shared one."""
    counted = mixed_sublattices(system.printed, None, system.mixed_sublattice)
    amounts: dict[str, float] = {}
    for entry in (entry for one in counted for entry in one.entries):
        amounts[entry.species] = amounts.get(entry.species, 0.0) + float(entry.amount)
    return site_entropy(x / sum(amounts.values()) for x in amounts.values())


def _mean_valence(system: System, match: re.Match[str]) -> float | None:
    """Mean oxidation state of an element in the canonical split, on one sublattice where it is named."""
    wanted, element = match[1], match[2]
    split = check_system(system).oxidation_states
    found = [
        (Ion.parse(ion), x)
        for sub, ions in split.items()
        for ion, x in ions.items()
        if Ion.parse(ion).element == element and wanted in (None, f"{sub}.")
    ]
    total = math.fsum(x for _, x in found)
    return math.fsum(ion.charge * x for ion, x in found) / total if total else None


def _nominal_charge(system: System, _: re.Match[str]) -> float | None:
    charge = nominal_charge(system.printed)
    return None if charge is None else float(charge)


def _least_charge(system: System, _: re.Match[str]) -> float | None:
    return check_system(system).charge


def _site_sum(system: System, match: re.Match[str]) -> float:
    return float(_sublattice(system, match[1]).total)


def _capacity(system: System, _: re.Match[str]) -> float:
    """``26801.48 n / M`` (mAh/g) with all alkali ions on the sublattices that hold the working ion."""
    from pymatgen.core import Element

    mobile = [one for one in system.printed if set(one.elements) & set(system.working_ion)]
    ions = sum(float(e.amount) for one in mobile for e in one.entries if e.name in ALKALI)
    atoms = parse_printed_formula(system.formula)
    return FARADAY_MAH * ions / sum(float(n) * float(Element(e).atomic_mass) for e, n in atoms.items())


def _formula_units(system: System, match: re.Match[str]) -> float:
    return float(math.lcm(*(entry.amount.denominator for entry in _sublattice(system, match[1]).entries)))


_FIGURES: Final[tuple[Figure, ...]] = (
    (r"S_conf per site of sublattice (\w+)", _site_entropy),
    (r"printed configurational entropy", _printed_entropy),
    (r"S_conf summed over mixed sublattices, multiplicity-weighted per f\.u\.", _unit_entropy),
    (r"cation-site S_conf with Mn valences merged", _merged_entropy),
    (r"S_conf with all cations pooled", _pooled_entropy),
    (r"mean valence of (\w+\.)?(\w+) that makes the formula neutral", _mean_valence),
    (r"net charge with nominal valences", _nominal_charge),
    (r"net charge with M2\+ and \[Fe\(CN\)6\]4-", _least_charge),
    (r"sum of the (\w+) sublattice as printed", _site_sum),
    (r"theoretical capacity, all mobile-site alkali removed", _capacity),
    (r"smallest number of formula units with whole-number counts on sublattice (\w+)", _formula_units),
)
"""Quantity of a target -> what computes it."""
