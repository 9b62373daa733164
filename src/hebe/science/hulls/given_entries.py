"""Energies that a campaign brings as competing phases: pymatgen's ComputedEntry as JSON.

Only numbers and names are read from the files. No class that a file names is made, so that nothing in it can run.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from pymatgen.core import Composition

from hebe.config.family_sites import VACANCY
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.working_metals import package_phases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.campaign import Campaign
    from hebe.config.mixing import EntryFile

_CLASSES: Final = ("ComputedEntry", "ComputedStructureEntry")
_SPECIES: Final = re.compile(r"([A-Z][a-z]?)(?:(\d*\.?\d*)([+-]))?(?:,spin=-?[\d.]+)?")
_SMALL: Final = 1e-8


@dataclass(frozen=True)
class GivenEntries:
    """Phases of the files of a campaign, and what to know of those that are left out."""

    entries: tuple[PhaseEntry, ...] = ()
    remarks: tuple[str, ...] = ()


def given_entries(campaign: Campaign) -> GivenEntries:
    """Entries of the files of a campaign whose elements are all the campaign's, elements themselves left out.

    The metal of the working ion is the one element that a hull has. Entries that share no element with the campaign are
    nothing to it; others that are left out are counted in a remark.

    Raises
    ------
    BadInputError
        If a file cannot be used; names the entry by position and id, and the reason.
    """
    own, metal = campaign_elements(campaign), {campaign.host.working_ion}
    taken, found, remarks = dict.fromkeys(package_phases(), "a phase of Hebe"), list[PhaseEntry](), []
    for number, file in enumerate(campaign.mixing.entries):
        outside, elements = list[PhaseEntry](), list[PhaseEntry]()
        try:
            entries = _entries(file, taken)
        except BadInputError as err:
            reason = f"{shown(file.file)}: {err.reason}"
            raise bad_key(campaign, ("mixing", "entries", number), reason, err.suggestion) from err
        for entry in entries:
            held = set(entry.amounts)
            if not held & own:
                continue
            left_out = outside if held - own else elements if len(held) == 1 and held != metal else found
            left_out.append(entry)
        more = sorted({element for entry in outside for element in set(entry.amounts) - own})
        parts = [f"{len(outside)} with elements outside the campaign ({', '.join(more)})"] if outside else []
        parts += (
            [f"{len(elements)} of elements ({', '.join(sorted({e.formula for e in elements}))})"] if elements else []
        )
        remarks += [f"competing: entries of {file.file} are left out: {', '.join(parts)}"] if parts else []
    return GivenEntries(tuple(found), tuple(remarks))


def campaign_elements(campaign: Campaign) -> set[str]:
    """Elements that candidates of a campaign can hold."""
    family, sublattices = campaign.host.data, campaign.host.sublattices
    found = {element for spec in sublattices.values() for element in spec.species}
    found |= {element for _, element, _, _ in family.standing(sublattices)}
    return (found | {campaign.host.working_ion or VACANCY}) - {VACANCY}


def _entries(file: EntryFile, taken: dict[str, str]) -> list[PhaseEntry]:
    if file.text is None:
        raise BadInputError("it was not read: campaigns with files are read by load_campaign")
    try:
        found = json.loads(file.text)
    except ValueError as err:
        raise BadInputError(f"it is no JSON: {err}") from err
    if isinstance(found, dict) and isinstance(found.get("entries"), list):
        found = found["entries"]
    if not isinstance(found, list):
        raise BadInputError("expected a list of entries", suggestion="monty's dumpfn([entry, ...], file) writes one")
    result = []
    for index, data in enumerate(found):
        name = str(data.get("entry_id") or "") if isinstance(data, dict) else ""
        place = f"entry {index}{f' ({name})' if name else ''}"
        try:
            entry = _entry(data, name or f"{PurePath(file.file).stem}-{index}", file)
            _check_name(entry.name, taken)
        except BadInputError as err:
            raise BadInputError(f"{place}: {err.reason}", suggestion=err.suggestion) from err
        except (KeyError, TypeError, AttributeError) as err:
            raise BadInputError(f"{place}: it is not built like an entry of pymatgen: {err!r}") from err
        taken[entry.name] = f"{place} of {file.file}"
        result.append(entry)
    return result


def _check_name(name: str, taken: Mapping[str, str]) -> None:
    if name in taken:
        raise BadInputError(f"{taken[name]} has that name already", suggestion="give it another entry_id")


def _entry(data: Any, name: str, file: EntryFile) -> PhaseEntry:
    """Phase of one entry, per reduced formula."""
    if not isinstance(data, dict):
        raise BadInputError(f"expected an object, got {shown(data)}")
    if data.get("@class", _CLASSES[0]) not in _CLASSES:
        raise BadInputError(f"it is a {data['@class']}", suggestion=f"one of {', '.join(_CLASSES)}")
    species = _species(data)
    energy = _energy(data, file)
    amounts: dict[str, float] = {}
    ions: dict[str, float] = {}
    for (element, charge), n in species.items():
        amounts[element] = amounts.get(element, 0.0) + n
        if charge is not None:
            ions[ion_name(element, charge)] = n
    if not sum(amounts.values()) > 0:
        raise BadInputError("it holds no atoms")
    states = _states(data, amounts) if not ions else {}
    ions |= {ion_name(element, charge): amounts[element] for element, charge in states.items()}
    reduced, factor = Composition(amounts).get_reduced_composition_and_factor()
    known = abs(sum(ions.values()) - sum(amounts.values())) < _SMALL
    return PhaseEntry(
        name=name,
        amounts={element: float(n) for element, n in reduced.get_el_amt_dict().items()},
        energy=energy / factor,
        energy_scale=file.energy_scale,
        formula=reduced.reduced_formula,
        source=name if data.get("entry_id") else file.file,
        ions={ion: n / factor for ion, n in ions.items()} if known else {},
    )


def ion_name(element: str, charge: float) -> str:
    """Ion as hulls name it: ``Mn3+``, ``O2-``."""
    return f"{element}{abs(charge):g}{'-' if charge < 0 else '+'}"


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInputError(f"its {what} is no finite number: {shown(value)}")
    return float(value)


def _energy(data: Mapping[str, Any], file: EntryFile) -> float:
    """Energy (eV of what the entry holds) with or without its corrections, as the campaign says."""
    if "energy" not in data:
        raise BadInputError("it has no energy")
    energy = _number(data["energy"], "energy")
    adjustments = data.get("energy_adjustments") or []
    if "correction" in data or not adjustments:
        correction = _number(data.get("correction") or 0.0, "correction")
    else:
        correction = math.fsum(map(_adjustment, adjustments))
    if file.corrections is None and (
        abs(correction) > _SMALL or any(abs(_adjustment(a)) > _SMALL for a in adjustments)
    ):
        reason = f"its energy has a correction of {correction:.4g} eV, and the campaign does not say whether it counts"
        raise BadInputError(
            reason, suggestion="corrections: keep, if the energy scale holds them, or corrections: drop"
        )
    return energy + correction if file.corrections == "keep" else energy


def _adjustment(data: Any) -> float:
    """Value (eV) of one energy adjustment."""
    if isinstance(data, dict) and "value" in data:
        return _number(data["value"], "correction")
    if isinstance(data, dict) and "adj_per_atom" in data and "n_atoms" in data:
        return _number(data["adj_per_atom"], "correction") * _number(data["n_atoms"], "correction")
    raise BadInputError(f"a correction of it cannot be read: {shown(data)}")


def _species(data: Mapping[str, Any]) -> dict[tuple[str, float | None], float]:
    """Element and oxidation state, where there is one, -> amount: of the structure, else of the composition."""
    found: dict[tuple[str, float | None], float] = {}
    structure = data.get("structure")
    for site in structure.get("sites") or [] if isinstance(structure, dict) else []:
        for one in site["species"]:
            charge = one.get("oxidation_state")
            key = _element(str(one["element"])), None if charge is None else _number(charge, "oxidation state")
            found[key] = found.get(key, 0.0) + _number(one["occu"], "occupancy")
    composition = data.get("composition")
    if not found and isinstance(composition, dict):
        for text, n in composition.items():
            match = _SPECIES.fullmatch(text)
            if match is None:
                raise BadInputError(f"{shown(text)} is no element or ion")
            element, size, sign = match.groups()
            charge = None if sign is None else float(size or 1) * (1 if sign == "+" else -1)
            amount = _number(n, f"amount of {text}")
            if amount < 0:
                raise BadInputError(f"its amount of {text} is negative")
            if amount:
                found[_element(element), charge] = found.get((_element(element), charge), 0.0) + amount
    if not found:
        raise BadInputError("it holds no atoms")
    return found


def _element(symbol: str) -> str:
    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol):
        raise BadInputError(f"{shown(symbol)} is no element")
    return symbol


def _states(data: Mapping[str, Any], amounts: Mapping[str, float]) -> dict[str, float]:
    """Oxidation states that the entry's data give, if they are of all of its elements and neutral."""
    given = (data.get("data") or {}).get("oxidation_states") or {}
    if not isinstance(given, dict) or set(given) != set(amounts):
        return {}
    states = {element: _number(charge, "oxidation state") for element, charge in given.items()}
    return states if abs(sum(states[e] * n for e, n in amounts.items())) < _SMALL * sum(amounts.values()) else {}
