"""Models that ``hebe learn`` keeps beside the outputs of a store."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from hebe.schemas.learned import LearnedDoc
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jobflow import JobStore

COLLECTION: Final = "models"
"""Collection of the documents of models."""


def keep_models(store: JobStore, document: LearnedDoc) -> None:
    """Keep models under their key."""
    with closing(open_collection(store, COLLECTION, "key")) as models:
        models.update([document.model_dump(mode="json")], key="key")


def kept_models(store: JobStore, campaign: str, current: Collection[str] = ()) -> LearnedDoc | None:
    """Models of the first stage of a campaign that know most candidates; None where there are none.

    Parameters
    ----------
    current
        Jobs of the campaign as it is now: models that know no document of theirs are of an earlier version of its file.
    """
    with closing(open_collection(store, COLLECTION, "key")) as models:
        plain = list(models.query({"campaign": campaign, "stage": 0}))
    found = [one for document in plain if (one := _read(document)) is not None]
    jobs = set(current)
    best = max(found, key=lambda one: (_known(one, jobs), len(one.jobs), one.key), default=None)
    return best if best is not None and _known(best, jobs) else None


def _read(document: Mapping[str, Any]) -> LearnedDoc | None:
    """Models of a stored document; None where it is damaged."""
    try:
        return LearnedDoc.model_validate(document)
    except ValidationError:
        return None


def _known(one: LearnedDoc, jobs: Collection[str]) -> int:
    """How many of some jobs models know, of all where nobody says which count."""
    return len(set(one.jobs).intersection(jobs) if jobs else one.jobs)
