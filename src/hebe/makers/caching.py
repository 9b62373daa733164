"""Ask before computing: references to finished work, and claims on work that somebody is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from jobflow import CURRENT_JOB, OutputReference

from hebe.config.decoding import require_data
from hebe.exceptions import StoreError
from hebe.schemas.base import Document
from hebe.stores.cache import Claims, found_own, lookup, lookup_or_claim, will_compute

if TYPE_CHECKING:
    from jobflow import JobStore

    from hebe.stores.cache import Hit

Doc = TypeVar("Doc", bound=Document)


def running_store() -> JobStore | None:
    """Store of the running job, None outside a job (a maker called by hand)."""
    return getattr(CURRENT_JOB, "store", None)


def reuse(
    key: str, schema: type[Doc], *, claim: bool = False, otherwise: str | None = None
) -> Doc | OutputReference | None:
    """Finished document with this key.

    Parameters
    ----------
    key
        Content key.
    schema
        Class of the document.
    claim
        Take the right to compute it when it is not there. The claim is given up when the output of the job is
        stored, or with the process.
    otherwise
        Key of a document that serves as well, if there is none with the first one.

    Returns
    -------
    OutputReference or document or None
        A reference when another job of the store owns it; the document itself, as it is, when the owner is the
        running job (a reference to oneself would lose it); None when there is none.

    Raises
    ------
    ClaimedElsewhere
        If somebody else is computing it; launchers put the job back.
    """
    store = running_store()
    if store is None:
        return None
    hit = None if otherwise is None else lookup(store, key) or lookup(store, otherwise)
    hit = hit or _find(store, key, claim=claim)
    if hit is None:
        will_compute(store, key)
        return None
    if hit.uuid == CURRENT_JOB.job.uuid:
        found_own(store, hit)
        return schema.model_validate(hit.output)
    return OutputReference(hit.uuid)


def unfinished(key: str, schema: type[Doc]) -> Doc | None:
    """Furthest document of a calculation with this key that was cut off, to continue from; None without one."""
    store = running_store()
    if store is None:
        return None
    found = store.query_one({"output.key": key, "output.status": "cut"}, sort={"output.n_steps": -1}, load=True)
    if found is None:
        return None
    require_data(found["output"], "a calculation of the store")
    return schema.model_validate(found["output"])


def _find(store: JobStore, key: str, *, claim: bool) -> Hit | None:
    if not claim:
        return lookup(store, key)
    try:
        claims = Claims(store)
    except StoreError:
        return lookup(store, key)
    return lookup_or_claim(store, key, claims)
