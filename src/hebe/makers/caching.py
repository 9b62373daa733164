"""Ask before computing: references to finished work, and claims on work that somebody is doing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from jobflow import CURRENT_JOB, JobStore, OutputReference

from hebe.schemas.base import Document
from hebe.stores.cache import Claims, lookup

Doc = TypeVar("Doc", bound=Document)


def running_store() -> JobStore | None:
    """Store of the running job, None outside a job (a maker called by hand)."""
    return getattr(CURRENT_JOB, "store", None)


def reuse(key: str, schema: type[Doc]) -> Doc | OutputReference | None:
    """Finished document with this key.

    Returns
    -------
    OutputReference or document or None
        A reference when another job of the store owns it; the document itself when the owner is the
        running job (a reference to oneself would lose it); None when there is none.
    """
    store = running_store()
    hit = None if store is None else lookup(store, key)
    if hit is None:
        return None
    job = CURRENT_JOB.job
    if job is not None and hit.uuid == job.uuid:
        document = schema.model_validate(hit.output)
        return document.model_copy(update={"reused_from": hit.uuid})
    return OutputReference(hit.uuid)


@contextmanager
def claimed(key: str) -> Iterator[None]:
    """Hold the claim on a calculation while it runs; without a store that has claims, do nothing.

    Raises
    ------
    ClaimedElsewhere
        If somebody else is calculating it; launchers put the job back.
    """
    store = running_store()
    claims = None if store is None else Claims.of(store)
    if claims is None:
        yield
        return
    with claims.hold(key):
        yield
