"""What pydantic found wrong, in the words of the file: which key, what was given, what would do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Unit
from hebe.config.reading.wording import KeyPath, RefusedValueError, kind_of, nearest, shown, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from pydantic_core import ErrorDetails

_EXPECTED: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_LONGEST_REASON: Final = 400


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a file."""

    path: KeyPath
    reason: str
    suggestion: str | None = None
    meant: str | None = None
    """The key that an unknown key was probably meant to be."""


def first_mistake(
    error: ValidationError,
    model_class: type[BaseModel],
    data: object,
    line: Callable[[KeyPath], int | None],
    secret: Collection[str] = (),
) -> Mistake:
    """Find the mistake that stands first in the file; its reason says how many more there are.

    Parameters
    ----------
    error
        What `model_class` raised for `data`.
    line
        Line of a key path, or of the nearest one around it.
    secret
        Keys at the top below which a value is never shown, only its kind.
    """
    items = error.errors(include_url=False)
    found = [_mistake(item, model_class, data, secret) for item in items if not _follows(item, items)]
    misspelt = {(*m.path[:-1], m.meant) for m in found if m.meant is not None}
    found = [m for m in found if m.path not in misspelt]
    found.sort(key=lambda m: line(m.path) or 0)
    first = found[0]
    reason = first.reason[:_LONGEST_REASON]
    if len(found) > 1:
        reason += f" [and {len(found) - 1} more mistake{'s' if len(found) > 2 else ''} in this file]"
    return Mistake(first.path, reason, first.suggestion)


def _follows(item: ErrorDetails, items: list[ErrorDetails]) -> bool:
    """Whether a list only counts as too short because something in it is wrong."""
    end = len(item["loc"])
    return item["type"] == "too_short" and any(
        other["loc"][:end] == item["loc"] and len(other["loc"]) > end for other in items
    )


def _mistake(item: ErrorDetails, model_class: type[BaseModel], data: object, secret: Collection[str]) -> Mistake:
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    path = _written(item["loc"], data)
    is_secret = bool(item["loc"]) and item["loc"][0] in secret
    show = kind_of if is_secret else shown
    if kind == "missing":
        key = str(item["loc"][-1])
        return Mistake((*path, key), f"the key {key!r} is missing", f"add {key}: ...")
    if kind == "extra_forbidden":
        known = _fields(model_class, item["loc"][:-1], data)
        if is_secret and not str(path[-1]).isidentifier():
            return Mistake(path[:-1], "a key that is no name", suggest("", known, known="known keys"))
        reason = f"unknown key {shown(path[-1])}"
        return Mistake(path, reason, suggest(path[-1], known, known="known keys"), nearest(path[-1], known))
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        return Mistake(
            path,
            f"unknown name, got {show(given)}" if is_secret else f"unknown name {shown(given)}",
            suggest(given, choices),
        )
    if kind == "value_error":
        return _refused(context["error"], path, data)
    unit = _unit(model_class, item["loc"], data) if kind in _BOUNDS else None
    return Mistake(
        path, _reason(kind, _converted(show(given), given, unit), context, item["msg"], unit), _hint(kind, given)
    )


def _unit(model_class: type[BaseModel], location: tuple[str | int, ...], data: object) -> Unit | None:
    """Unit of the value at `location`."""
    for model in _models(model_class, location[:-1], data):
        field = model.model_fields.get(str(location[-1])) if location else None
        if field is not None:
            return next((one for one in _metadata(field.annotation, field.metadata) if isinstance(one, Unit)), None)
    return None


def _metadata(annotation: Any, known: list[Any]) -> Iterator[Any]:
    yield from known
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for inner in get_args(annotation):
        yield from _metadata(inner, [])


def _converted(text: str, given: object, unit: Unit | None) -> str:
    """A quantity as it was given, with what it is in the unit of the bound."""
    value = None if unit is None else unit.value_of(given)
    return text if unit is None or value is None else f"{text}, which is {value:.6g} {unit.name}".rstrip()


def _refused(error: ValueError, path: KeyPath, data: object) -> Mistake:
    if not isinstance(error, RefusedValueError):
        return Mistake(path, str(error))
    inner = path if error.key is None else _written((*path, error.key), data)
    return Mistake(inner, str(error), error.suggestion)


def _reason(kind: str, given: str, context: Mapping[str, Any], message: str, unit: Unit | None = None) -> str:
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {given}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        bound = f"{context[key]} {unit.name}".rstrip() if unit is not None else context[key]
        return f"expected {words} {bound}, got {given}"
    if kind == "string_pattern_mismatch":
        return f"expected a text of the form {context['pattern']}, got {given}"
    if kind == "too_short":
        return f"expected at least {context['min_length']} in the list, got {context['actual_length']}"
    if kind == "too_long":
        return f"expected at most {context['max_length']} in the list, got {context['actual_length']}"
    return f"{message[:1].lower()}{message[1:]}, got {given}"


def _hint(kind: str, given: object) -> str | None:
    if kind == "string_type" and isinstance(given, int | float):
        return "put it in quotes"
    if kind == "tuple_type":
        return "write a list such as [1, 2]"
    return None


def _written(location: tuple[str | int, ...], data: object) -> KeyPath:
    """Cut pydantic's location to what exists in the file."""
    path: list[str | int] = []
    here = data
    for part in location:
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            path.append(part)
            here = here[part]  # type: ignore[index]
        else:
            break
    return tuple(path)


def _fields(model_class: type[BaseModel], location: tuple[str | int, ...], data: object) -> list[str]:
    """Keys that the model at `location` knows, which may be one of several that the data choose between."""
    return [name for model in _models(model_class, location, data) for name in model.model_fields]


def _models(model_class: type[BaseModel], location: tuple[str | int, ...], data: object) -> list[type[BaseModel]]:
    """Models that may stand at `location`."""
    here: list[Any] = [model_class]
    for part in location:
        data = _part(data, part)
        here = [_chosen(inner, data) for kind in here for inner in _inside(kind, part)]
    return [kind for kind in here if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _part(data: object, part: str | int) -> object:
    """What stands at a key or in a list; None if nothing does."""
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None


def _chosen(kind: Any, given: object) -> Any:
    return kind.model_for(given) if isinstance(kind, type) and issubclass(kind, ConfigModel) else kind


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if part in kind.model_fields:
            yield from _plain_types(kind.model_fields[str(part)].annotation)
    elif get_origin(kind) in (dict, tuple, list):
        yield from _plain_types(get_args(kind)[0 if get_origin(kind) is not dict else 1])


def _plain_types(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for choice in get_args(annotation):
            yield from _plain_types(choice)
    elif get_origin(annotation) is Annotated:
        yield from _plain_types(get_args(annotation)[0])
    elif annotation is not type(None):
        yield annotation
