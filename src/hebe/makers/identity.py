"""Stable identity of jobs: the same campaign has the same job ids however often it is built."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any, Final

from jobflow import Job, OutputReference
from pydantic import BaseModel
from pymatgen.core import Structure

from hebe.schemas.spec import MemberSpec
from hebe.science.keys import canonical_json, structure_content

NAMESPACE: Final = uuid.UUID("5d6d9a52-6f0c-5b0e-9a38-0b6f7f3b9a11")

ADDED_LATER: Final = {"identity": "when changed"}
"""Metadata of a maker's field that came after its first version: it identifies a job only when it is not the default,
so that jobs from before keep their ids."""


def stable(job: Job, *, campaign: str, label: str, priority: int = 0, **metadata: Any) -> Job:
    """Give a job its content-derived uuid and its labels.

    The uuid is ``uuid5`` of campaign, label, maker class, fields and version, upstream uuids in order and
    literal inputs.

    Parameters
    ----------
    job
        A job made by a Maker.
    campaign
        Name of the campaign.
    label
        ``candidate/configuration/x-state/stage`` or ``shared/<phase or parent>``.
    priority
        Higher runs earlier.
    **metadata
        More facts for the job's metadata.
    """
    maker = job.maker
    content = [
        campaign,
        label,
        type(maker).__name__,
        identity(maker),
        getattr(maker, "version", 1),
        identity(list(job.function_args)),
        identity(dict(job.function_kwargs)),
    ]
    job.set_uuid(str(uuid.uuid5(NAMESPACE, canonical_json(content))))
    job.name = f"{job.name} {label}"
    job.metadata.update({"campaign": campaign, "label": label, "priority": priority, **metadata})
    return job


def identity(value: Any) -> Any:
    """Plain JSON that identifies a value; structures by content, references by uuid, no package versions.

    What follows from a composition (entropies, descriptors) or its family's name does not identify it.
    """
    if isinstance(value, OutputReference):
        return {"uuid": value.uuid, "attributes": [[kind, str(name)] for kind, name in value.attributes]}
    if isinstance(value, Structure):
        return structure_content(value)
    if isinstance(value, MemberSpec):
        return value.model_dump(mode="json", exclude={"entropy_R", "descriptors", "host"})
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in fields(value) if not _is_new_and_default(f, value)}
    if isinstance(value, Mapping):
        return {str(key): identity(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [identity(item) for item in value]
    return value


def _is_new_and_default(field: Field[Any], maker: Any) -> bool:
    return field.metadata == ADDED_LATER and getattr(maker, field.name) == field.default
