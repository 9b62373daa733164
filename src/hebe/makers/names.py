"""Names that makers are given, checked where a maker is made and not where its job runs, hours later."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from hebe.config.engines import EngineBlock
from hebe.config.family import family_names
from hebe.config.reading.mistakes import first_mistake
from hebe.config.reading.wording import dotted, shown, suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_engine(given: object) -> None:
    """See that an engine block can be read: its name, its keys, its units.

    Raises
    ------
    BadInputError
        Names the key, and the nearest that would do.
    """
    try:
        _read(orjson.dumps(given, default=repr))
    except ValidationError as err:
        mistake = first_mistake(err, EngineBlock.model_for(given), given, lambda _path: None)
        key = dotted(("engine", *mistake.path))
        raise BadInputError(mistake.reason, key=key, suggestion=mistake.suggestion) from None


@lru_cache(maxsize=256)
def _read(block: bytes) -> None:
    """Read a block; those of a campaign's thousands of makers are the same few."""
    EngineBlock.model_validate(orjson.loads(block))


def check_family(name: str) -> None:
    """See that there is a host family of a name.

    Raises
    ------
    BadInputError
        Names the nearest.
    """
    if name not in family_names():
        reason = f"no host family is called {shown(name)}"
        raise BadInputError(reason, key="family", suggestion=suggest(name, family_names()))


def check_analyses(names: Iterable[str], key: str) -> None:
    """See that there are analyses of some names; those of other packages are not loaded for it.

    Raises
    ------
    BadInputError
        Names the nearest.
    """
    from hebe.analyses.registry import analysis_names

    for name in names:
        if name not in analysis_names():
            reason = f"no analysis is called {shown(name)}"
            raise BadInputError(reason, key=key, suggestion=suggest(name, analysis_names()))


def check_choice(name: object, known: Iterable[str], key: str) -> None:
    """See that a name is one of a few.

    Raises
    ------
    BadInputError
        Names the nearest.
    """
    names = tuple(known)
    if name not in names:
        raise BadInputError(f"{shown(name)} is none of {', '.join(names)}", key=key, suggestion=suggest(name, names))
