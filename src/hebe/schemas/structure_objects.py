"""Structures from plain data and copies of them, all sites at once: what pymatgen makes, without its checks per site.

`Structure.from_dict` makes each site twice and sends each of its properties through JSON text. A structure of a store
was made by pymatgen before; sites that hold one element, a place, a label and plain properties are put together here,
and pymatgen makes all others. The objects are equal down to their attributes.
"""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.core import Composition, Element, Lattice, PeriodicSite, Structure

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAVES: Final = frozenset({int, float, str, bool, type(None)})
_SITE: Final = {"species", "abc", "properties", "label", "xyz"}
_PARTS_OF_SITE: Final = ("_lattice", "_frac_coords", "_species", "_coords", "properties", "_label")
_PARTS: Final = ("_lattice", "_sites", "_charge", "_properties")


def structure_of(plain: dict[str, Any]) -> Structure:
    """Structure of the plain data that `Structure.as_dict` gives."""
    if not _is_known():
        return Structure.from_dict(plain)
    try:
        return _put_together(plain)
    except (_UnusualError, KeyError, TypeError, ValueError):
        return Structure.from_dict(plain)


def copied(structure: Structure) -> Structure:
    """Copy that shares nothing which could be changed; one of a subclass, or with objects of others, is a deep one."""
    if type(structure) is not Structure or not _is_known() or len(structure.__dict__) != len(_PARTS):
        return deepcopy(structure)
    found = structure.sites
    if any(type(site) is not PeriodicSite or len(site.__dict__) != len(_PARTS_OF_SITE) for site in found):
        return deepcopy(structure)
    if not {type(value) for site in found for value in site.properties.values()} <= _LEAVES:
        return deepcopy(structure)
    places = np.array([site._frac_coords for site in found])  # noqa: SLF001
    sites = [
        _site({**site.__dict__, "_frac_coords": place, "_coords": None, "properties": site.properties.copy()})
        for site, place in zip(found, places, strict=True)
    ]
    return _structure(structure.lattice, sites, structure._charge, deepcopy(structure.properties))  # noqa: SLF001


class _UnusualError(Exception):
    """Something that pymatgen should make."""


def _put_together(plain: dict[str, Any]) -> Structure:
    described = plain["sites"]
    places = np.array([one["abc"] for one in described], dtype=np.float64)
    if (
        not described
        or places.shape != (len(described), 3)
        or not plain.keys() <= {*("@module", "@class", "@version", "charge", "lattice", "properties", "sites")}
    ):
        raise _UnusualError
    lattice = Lattice.from_dict(plain["lattice"])
    names = list(described[0].get("properties") or ())
    sites = []
    for one, place in zip(described, places, strict=True):
        properties = one.get("properties") or {}
        if not one.keys() <= _SITE or list(properties) != names:
            raise _UnusualError
        species = _species(one["species"])
        label = one.get("label")
        sites.append(
            _site(
                {
                    "_lattice": lattice,
                    "_frac_coords": place,
                    "_species": species,
                    "_coords": None,
                    "properties": _plain(properties),
                    "_label": species_string(species) if label is None else label,
                }
            )
        )
    return _structure(lattice, sites, plain.get("charge"), plain.get("properties") or {})


def species_string(species: Composition) -> str:
    """What pymatgen labels a site with that brings no label."""
    return PeriodicSite(species, [0, 0, 0], Lattice.cubic(1)).species_string


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    if not all(type(value) in _LEAVES for value in properties.values()):
        raise _UnusualError
    return dict(properties)


def _species(described: list[dict[str, Any]]) -> Composition:
    """Composition of one whole element, which all its sites share."""
    if len(described) != 1 or described[0].keys() != {"element", "occu"}:
        raise _UnusualError
    amount = described[0]["occu"]
    if amount != 1:
        raise _UnusualError
    return _element(described[0]["element"], isinstance(amount, int))


@lru_cache(maxsize=256)
def _element(symbol: str, is_whole: bool) -> Composition:  # noqa: FBT001 - a key of the cache
    return Composition({Element(symbol): 1 if is_whole else 1.0})


def _site(parts: dict[str, Any]) -> PeriodicSite:
    site = PeriodicSite.__new__(PeriodicSite)
    site.__dict__.update(parts)
    return site


def _structure(
    lattice: Lattice, sites: list[PeriodicSite], charge: float | None, properties: dict[str, Any]
) -> Structure:
    structure = Structure.__new__(Structure)
    structure.__dict__.update(dict(zip(_PARTS, (lattice, sites, charge, properties), strict=True)))
    return structure


@lru_cache(maxsize=1)
def _is_known() -> bool:
    """Whether the installed pymatgen keeps in sites and structures what this file knows of, and nothing else."""
    made = Structure(Lattice.cubic(1), ["H"], [[0, 0, 0]])
    return set(made.__dict__) == set(_PARTS) and set(made[0].__dict__) == set(_PARTS_OF_SITE)
