"""Calculations that are called converged and have no energy: what such a document has touched is taken out.

An earlier version adopted a folder of VASP with ``****`` for its energy so. Jobs whose outputs are taken out run
again at the next launch, and what reads from them after them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

__all__ = ["has_no_energy", "heal"]

_FIELDS = ["uuid", "index", "name", "output.status", "output.energy_eV", "output.key"]
_CHUNK = 500


def has_no_energy(output: Any) -> bool:
    """Whether an output says that it is a converged calculation, and its energy is not a finite number."""
    if not isinstance(output, Mapping) or output.get("status") != "converged" or "energy_eV" not in output:
        return False
    energy = output["energy_eV"]
    return isinstance(energy, bool) or not isinstance(energy, int | float) or not math.isfinite(energy)


def heal(store: JobStore, *, dry_run: bool = False) -> dict[str, Any]:
    """Take converged calculations without an energy out of a store, and outputs that stand for them.

    Parameters
    ----------
    store
        Any connected job store.
    dry_run
        Only say which they are.

    Returns
    -------
    dict
        ``calculations`` (uuid, index, name, key), ``followers``: number of outputs that refer to them; ``dry_run``.

    Raises
    ------
    hebe.exceptions.StoreError
        If the store cannot be read or written.
    """
    criteria = {"output.status": "converged"}
    found = [one for one in store.docs_store.query(criteria, _FIELDS) if has_no_energy(one.get("output"))]
    gone = sorted({one["uuid"] for one in found})
    followers = [one for one in _followers(store, gone) if one["uuid"] not in set(gone)]
    if not dry_run:
        for one in [*found, *followers]:
            store.docs_store.remove_docs({"uuid": one["uuid"], "index": one["index"]})
    named = [
        {"uuid": one["uuid"], "index": one["index"], "name": one.get("name"), "key": one["output"].get("key")}
        for one in found
    ]
    return {"calculations": named, "followers": len(followers), "dry_run": dry_run}


def _followers(store: JobStore, uuids: list[str]) -> Iterator[dict[str, Any]]:
    """Outputs that are references to some jobs, or copies of theirs."""
    for start in range(0, len(uuids), _CHUNK):
        part = {"$in": uuids[start : start + _CHUNK]}
        either = [{"output.@class": "OutputReference", "output.uuid": part}, {"output.reused_from": part}]
        yield from store.docs_store.query({"$or": either}, ["uuid", "index"])
