"""What workers have sent back, put into the store of the launcher."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobflow.core.reference import OutputReference

from hebe.launchers.executor.parcel import KEY
from hebe.launchers.outcome import Digest, Outcome
from hebe.stores.cache import lookup

if TYPE_CHECKING:
    from jobflow.core.store import JobStore

    from hebe.launchers.executor.parcel import Delivery
    from hebe.launchers.records import Records


def accept(delivery: Delivery, identity: dict[str, Any], store: JobStore, records: Records) -> Outcome:
    """Store what a job has left, in one commit where the store can do that, and return how it ended.

    The time of an output is that of its arrival, since clocks of workers may differ.
    If somebody else has stored the same calculation meanwhile, the first one counts, and this one becomes a reference.

    Raises
    ------
    hebe.exceptions.StoreError
        If the store cannot be written.
    """
    outcome = delivery.outcome or Outcome("failed")
    if outcome.kind == "failed" and outcome.failure is not None:
        records.fail(identity, outcome.failure)
    if outcome.kind != "done":
        return outcome
    inner: Any = store
    with records.together_with(inner.docs_store):
        if delivery.records:
            records.store.update(_plain(delivery.records), key=KEY)
        else:
            records.settle(identity["uuid"], identity["index"])
        for name, blobs in delivery.additional.items():
            if blobs:
                inner.additional_stores[name].update(_plain(blobs), key="blob_uuid")
        outputs = [_first(store, document) for document in _plain(delivery.outputs)]
        inner.docs_store.update(outputs, key=KEY)
    if outputs:
        digest = Digest.of(outputs[-1])
        outcome = replace(outcome, digest=digest, reused=outcome.reused or digest.is_reference)
    return outcome


def _first(store: JobStore, document: dict[str, Any]) -> dict[str, Any]:
    """The document as of now, its output the calculation that was stored first."""
    stamped = {**document, "completed_at": datetime.now().isoformat()}  # noqa: DTZ005 - as jobflow's
    output: Any = document.get("output")
    if Digest.of(document).is_calculation and output.get("status") == "converged":
        hit = lookup(store, output["key"])
        if hit is not None and hit.uuid != document["uuid"]:
            stamped["output"] = OutputReference(hit.uuid).as_dict()
    return stamped


def _plain(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents without the mark of the store in memory that they come from."""
    return [{name: value for name, value in document.items() if name != "_id"} for document in documents]
