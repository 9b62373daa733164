"""One document of the store, value by value; and structures, for the viewer and as files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hebe.browse.frame import address, file, link, page
from hebe.browse.response import Response
from hebe.browse.stored import document_called, structure_in
from hebe.browse.viewing import viewer
from hebe.campaigns.contract import without_versions
from hebe.campaigns.structure_files import STRUCTURE_FORMATS, structure_text
from hebe.exceptions import BadInputError
from hebe.report.crystal import viewer_cell
from hebe.report.markup import Markup, definitions, details, tag, unordered
from hebe.report.values import DASH

if TYPE_CHECKING:
    from hebe.browse.guard import Request
    from hebe.browse.source import Source

_JSON: Final = "application/json; charset=utf-8"
_LISTED: Final = 30
_DEEPEST: Final = 12
_LONGEST: Final = 5000


def document(source: Source, request: Request) -> Response:
    """Page of one document."""
    name = request.one("id")
    with source.place.opened() as store:
        found = document_called(store, name)
    output = found.get("output")
    heading = str(found.get("name") or name)
    has_structure = isinstance(output, Mapping) and bool(output.get("structure"))
    parts = [viewer([(heading, str(found["uuid"]))], None)] if has_structure else []
    plain = without_versions({key: value for key, value in found.items() if not key.startswith("_")})
    links = tag("p", link("all jobs of this candidate", place)) if (place := _candidate(found)) else Markup()
    body = tag("section", _shown(plain, 0), class_="document")
    return page(heading, tag("h1", heading), links, *parts, body, shown=source.place.shown)


def structure(source: Source, request: Request) -> Response:
    """A structure as data for the viewer, or as a file."""
    kind, name = request.one("as", "cell"), request.one("id")
    if kind != "cell" and kind not in STRUCTURE_FORMATS:
        raise BadInputError("a structure is shown as cell, cif, poscar or extxyz")
    with source.place.opened() as store:
        found = structure_in(document_called(store, name))
    if kind == "cell":
        cell = viewer_cell(found, request.one("ion") or None)
        return Response.of_text(json.dumps(cell, allow_nan=False), _JSON)
    return file(f"{name[:40]}{STRUCTURE_FORMATS[kind]}", structure_text(found, kind))


def _candidate(found: Mapping[str, Any]) -> str | None:
    metadata = found.get("metadata")
    if not isinstance(metadata, Mapping) or not metadata.get("candidate"):
        return None
    return address("/candidate", {"campaign": metadata.get("campaign"), "id": metadata["candidate"]})


def _shown(value: Any, depth: int) -> Markup:
    """A value with everything in it; a structure is its formula and cell."""
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        if "lattice" in value and "sites" in value:
            return tag("span", _cell(value))
        return definitions((key, _shown(item, depth + 1)) for key, item in value.items() if not _is_kind(key))
    if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        inner = unordered(_shown(item, depth + 1) for item in value[:_LISTED])
        more = f", of which the first {_LISTED}" if len(value) > _LISTED else ""
        return details(f"{len(value):,} entries{more}", inner)
    return tag("span", _text(value))


def _is_kind(key: object) -> bool:
    return str(key).startswith("@")


def _text(value: Any) -> str:
    if isinstance(value, list) and value:
        return ", ".join(map(_text, value[:_LISTED])) + (f" and {len(value) - _LISTED} more" * (len(value) > _LISTED))
    if value is None or value in ([], {}) or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:_LONGEST]


def _cell(value: Mapping[str, Any]) -> str:
    lattice, sites = value["lattice"], value["sites"]
    volume = lattice.get("volume") if isinstance(lattice, Mapping) else None
    return f"structure of {len(sites):,} sites" + (f", {volume:.2f} A3" if isinstance(volume, float) else "")
