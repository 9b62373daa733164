"""Documents of the store by the id of a job or the key of a calculation, and the structures in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from jobflow.core.store import JobStore


def document_called(store: JobStore, identifier: str) -> dict[str, Any]:
    """Document of a job, or the one whose output has a key; of several that of the latest attempt.

    Raises
    ------
    BadInputError
        If there is none.
    """
    for path in ("uuid", "output.key") if identifier else ():
        names = ["uuid", "index", "output.status", "output.reused_from"]
        found = list(store.docs_store.query({path: identifier}, names))
        if found:
            own = min(found, key=_standing)
            criteria = {"uuid": own["uuid"], "index": own["index"]}
            return dict(store.query_one(criteria, load=True) or {})
    raise BadInputError(f"nothing in the store is called {shown(identifier)}")


def _standing(found: dict[str, Any]) -> tuple[bool, bool, int]:
    """Computed before taken over, converged before the others, then the latest."""
    output = found.get("output")
    output = output if isinstance(output, dict) else {}
    return output.get("reused_from") is not None, output.get("status") != "converged", -int(found["index"])


def structure_in(document: dict[str, Any]) -> Structure:
    """Structure that a document has, relaxed or built.

    Raises
    ------
    BadInputError
        If it has none.
    """
    output = document.get("output")
    found = output.get("structure") if isinstance(output, dict) else None
    if not found:
        raise BadInputError("there is no structure in this document")
    if isinstance(found, Structure):
        return found
    require_data(found, "a structure of the store")
    return Structure.from_dict(found)
