"""The calculation cache: what was computed before, found by its content key; and who is computing what now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hebe.config.decoding import require_data
from hebe.stores.claims import ClaimedElsewhere, Claims
from hebe.stores.healing import has_no_energy

if TYPE_CHECKING:
    from jobflow.core.store import JobStore

__all__ = ["ClaimedElsewhere", "Claims", "Hit", "lookup", "lookup_or_claim"]


@dataclass(frozen=True)
class Hit:
    """A finished calculation of the store.

    Parameters
    ----------
    uuid, index
        The job that owns it.
    output
        Its document, as stored.
    """

    uuid: str
    index: int
    output: dict[str, Any]


def lookup(store: JobStore, key: str) -> Hit | None:
    """Find a converged calculation by its content key.

    A calculation that was made in this store is preferred to one that was taken over from another; a job that
    returned a reference to another job's calculation is never found, since its output has no key of its own. Neither is
    one whose energy is not a finite number, whatever it says of itself.

    Parameters
    ----------
    store
        Any connected job store.
    key
        Content key of the calculation.

    Returns
    -------
    Hit or None
        The one of the preferred ones that was stored first; None where the running job is to compute it in any case.

    Raises
    ------
    hebe.exceptions.UntrustedError
        If objects of it would be of classes that nobody knows.
    """
    if getattr(store, "recomputes", False):
        return None
    criteria = {"output.key": key, "output.status": "converged"}
    found = [
        (doc.get("output", {}).get("reused_from") is not None, doc["uuid"], doc["index"])
        for doc in store.query(criteria, properties=["uuid", "index", "output.reused_from"])
    ]
    for _, uuid, index in sorted(found, key=lambda one: one[0]):
        doc = store.query_one({"uuid": uuid, "index": index}, properties=["output"], load=True)
        if doc is not None and not has_no_energy(doc["output"]):
            require_data(doc["output"], "a calculation of the store")
            return Hit(uuid, index, doc["output"])
    return None


def lookup_or_claim(store: JobStore, key: str, claims: Claims) -> Hit | None:
    """Find a calculation, or take the right to compute it.

    Parameters
    ----------
    store
        Any connected job store.
    key
        Content key of the calculation.
    claims
        The claims of the store.

    Returns
    -------
    Hit or None
        None when it is not there; the caller then holds the claim and must compute it.

    Raises
    ------
    hebe.stores.cache.ClaimedElsewhere
        If another process is computing it.
    """
    hit = lookup(store, key)
    if hit is not None:
        return hit
    if not claims.acquire(key):
        raise ClaimedElsewhere(key, claims.holder(key))
    hit = lookup(store, key)
    if hit is not None:
        claims.release(key)
    else:
        will_compute(store, key)
    return hit


def will_compute(store: JobStore, key: str) -> None:
    """Tell a store that wants to hear it that a result is not there, so that whoever has asked begins to compute.

    A launcher whose workers have no store has jobs look up what they need before it sends them off; this is where they
    leave for their worker.
    """
    told = getattr(store, "will_compute", None)
    if told is not None:
        told(key)


def found_own(store: JobStore, hit: Hit) -> None:
    """Tell a store that wants to hear it that the running job has found its own result, which is to stay as it is."""
    told = getattr(store, "found_own", None)
    if told is not None:
        told(hit)
