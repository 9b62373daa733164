"""Structures of the Materials Project as competing phases that a campaign brings; no energy is taken over.

They are fetched once per project and kept, so that a campaign has the same jobs tomorrow and works without network.
Jain et al., APL Mater. 1, 011002 (2013); data under CC BY 4.0.
"""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from hebe.config.reading.refusal import bad_key
from hebe.config.structures import CellFile
from hebe.exceptions import HebeError, MissingDependencyError
from hebe.stores.modes import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.config.campaign import Campaign

KEY_VARIABLE: Final = "MP_API_KEY"
"""Variable of the environment that holds the key; mp-api reads it too."""

_FOLDER: Final = "materials-project"
_MOST_ELEMENTS: Final = 4
_ABOVE_HULL: Final = 0.05
_MOST_SITES: Final = 100
_AT_ONCE: Final = 100
_FIELDS: Final = ["material_id", "formula_pretty", "structure"]


def with_materials_project(campaign: Campaign, root: Path) -> Campaign:
    """Campaign with the structures of the Materials Project among its phases.

    Of every chemical system of one to three of its cations with one of its anions: what is known there within
    0.05 eV/atom of the hull of that database, with at most 100 sites per cell.

    Parameters
    ----------
    campaign
        A campaign whose ``mixing.materials_project`` is true.
    root
        Folder of the project; what was fetched is kept in its ``.hebe``.

    Raises
    ------
    BadInputError
        If there is no key.
    MissingDependencyError
        If mp-api is not installed.
    HebeError
        If the Materials Project does not answer.
    """
    systems = chemical_systems(campaign)
    elements = sorted({element for system in systems for element in system.split("-")})
    file = root / ".hebe" / _FOLDER / f"{'-'.join(elements)}.json"
    if file.is_file():
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    else:
        found = _fetch(systems, _key(campaign))
        make_folder(file.parent.parent)
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(file)
    phases = tuple(
        CellFile(
            file=f"{entry['material_id']}.json",
            text=json.dumps(entry["structure"]),
            source=f"Materials Project {entry['material_id']} (CC BY 4.0)",
        )
        for entry in found
    )
    mixing = campaign.mixing.model_copy(
        update={"phases": (*campaign.mixing.phases, *phases), "materials_project": False}
    )
    return campaign.model_copy(update={"mixing": mixing})


def chemical_systems(campaign: Campaign) -> list[str]:
    """Systems of one to three cations and an anion of a campaign, ``Fe-Na-O``, sorted."""
    family = campaign.host.data
    held = [(e, v) for spec in campaign.host.sublattices.values() for e, states in spec.species.items() for v in states]
    held += [(element, charge) for _, element, _, charge in family.standing(campaign.host.sublattices)]
    anions = {element for element, charge in held if charge < 0}
    cations = {element for element, _ in held} - anions
    cations |= {campaign.host.working_ion} if campaign.host.working_ion else set()
    return sorted(
        "-".join(sorted((*chosen, anion)))
        for anion in anions
        for n in range(1, _MOST_ELEMENTS)
        for chosen in combinations(sorted(cations), n)
    )


def _key(campaign: Campaign) -> str:
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        reason = f"the Materials Project wants a key, and {KEY_VARIABLE} is not set"
        raise bad_key(campaign, ("mixing", "materials_project"), reason, "get one at materialsproject.org/api")
    return key


def _fetch(systems: list[str], key: str) -> list[dict[str, Any]]:
    """Id, formula and structure of what the Materials Project has, sorted by id."""
    try:
        from mp_api.client import MPRester
    except ImportError as err:
        raise MissingDependencyError("mp-api", "mixing.materials_project", "materials-project") from err
    found: dict[str, dict[str, Any]] = {}
    with _failures_without(key), MPRester(key, use_document_model=False, mute_progress_bars=True) as client:
        for start in range(0, len(systems), _AT_ONCE):
            for entry in client.materials.summary.search(
                chemsys=systems[start : start + _AT_ONCE],
                energy_above_hull=(0, _ABOVE_HULL),
                num_sites=(1, _MOST_SITES),
                deprecated=False,
                include_gnome=False,  # their licence forbids commercial use
                fields=_FIELDS,
            ):
                found[str(entry["material_id"])] = _plain(entry)
    return [found[name] for name in sorted(found)]


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    structure = entry["structure"]
    cell = structure if isinstance(structure, dict) else structure.as_dict()
    return {"material_id": str(entry["material_id"]), "formula": entry["formula_pretty"], "structure": cell}


@contextmanager
def _failures_without(key: str) -> Iterator[None]:
    """Say in one line what failed, whatever the client throws, and never the key."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception as err:  # noqa: BLE001 - the client lets through what its libraries throw
            text = " ".join(str(err).split()).replace(key, "***")[:300]
            message = f"the Materials Project gave no structures: {type(err).__name__}: {text}"
            raise HebeError(message) from None  # the error itself may hold the key
