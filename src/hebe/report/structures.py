"""The relaxed structure that a document stands for, and a name for its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymatgen.core import Structure

from hebe.campaigns import api
from hebe.config.decoding import require_data
from hebe.exceptions import BadInputError
from hebe.stores.cache import lookup

if TYPE_CHECKING:
    from pathlib import Path


def structure_of(document: dict[str, Any], *, start: Path | None = None) -> Structure:
    """Relaxed structure of a candidate (of lowest energy as made), calculation or job.

    Raises
    ------
    BadInputError
        If it has none.
    """
    if "calculations" in document and "candidate_id" in document:
        key = document["calculations"].get(document.get("configuration") or "")
        if not key:
            raise BadInputError(f"candidate {document['candidate_id']} has no relaxed structure")
        store = api.project_store(start)
        try:
            hit = lookup(store, key)
        finally:
            store.close()
        document = {} if hit is None else hit.output
    inner = document.get("output") if isinstance(document.get("output"), dict) else document
    found = (inner or {}).get("structure")
    if not found:
        raise BadInputError(f"{label_of(document)} has no structure")
    if isinstance(found, Structure):
        return found
    require_data(found, label_of(document))
    return Structure.from_dict(found)


def label_of(document: dict[str, Any]) -> str:
    """Name of a candidate, calculation or job that can name a file."""
    return str(document.get("candidate_id") or document.get("key") or document.get("uuid") or "the document")
