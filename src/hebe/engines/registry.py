"""From the engine that a campaign names to one that calculates; made once per process and kept warm."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING

from hebe.config.engines import EngineBlock, engine_names
from hebe.config.engines.base import block_of
from hebe.config.reading.yamlfile import Document, Source, load_model
from hebe.exceptions import BadInputError, HebeError
from hebe.science.keys import canonical_json

if TYPE_CHECKING:
    from hebe.engines.protocol import Engine

_NOT_OF_THE_ENGINE = {"fmax", "steps", "check_minimum", "mixing_error", "voltage_error"}
"""Keys of a block that say how far it relaxes, and how far it is wrong."""


def get_engine(spec: str | EngineBlock) -> Engine:
    """Engine of a name or of a campaign's engine block.

    Raises
    ------
    BadInputError
        If there is no such engine, or what makes it cannot be imported.
    """
    if isinstance(spec, str):
        spec = _named(spec)
    return _make(canonical_json(spec.model_dump(mode="json", exclude=_NOT_OF_THE_ENGINE)), type(spec))


def energy_scale_of(block: EngineBlock) -> str | None:
    """Energy scale of an engine, None where it cannot be known here: its packages or data lie elsewhere."""
    try:
        return get_engine(block).energy_scale
    except HebeError:
        return None


def _named(name: str) -> EngineBlock:
    """Block of an engine with nothing chosen."""
    if name not in engine_names():
        raise BadInputError(f"no engine is called {name!r}", suggestion=f"known: {', '.join(engine_names())}")
    try:
        block = block_of(name)
    except ValueError as err:
        raise BadInputError(f"engine {name}: {err}", suggestion=getattr(err, "suggestion", None)) from err
    return load_model(block, Document({"name": name}, Source()))


@cache
def _make(content: str, block: type[EngineBlock]) -> Engine:
    path = block.traits.factory
    module, _, function = path.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as err:
        raise BadInputError(f"engine {block.traits.called} cannot be imported: {err}", key="stages.engine") from err
    from hebe.engines.batched import Batched

    engine: Engine = make(block.model_validate_json(content))
    if isinstance(engine, Batched):
        engine.shared_as = content
    return engine
