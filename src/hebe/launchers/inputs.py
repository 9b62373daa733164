"""Outputs as the objects that jobs read: each is decoded once in a process, and every job gets a copy of its own.

jobflow decodes an output for every job that reads it, and a campaign's candidates all read the same hundred phases.
Objects are kept by the content of the output, so that one that was computed anew is never taken for the one before.
A job whose maker says that it ``only_reads`` gets what is kept itself.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import orjson
from jobflow.core.reference import OutputReference
from monty.json import MontyDecoder, jsanitize
from pydantic import BaseModel
from pymatgen.core import Structure

from hebe.launchers.graph import references
from hebe.schemas.base import Document
from hebe.schemas.structure_objects import copied, structure_of
from hebe.stores.content import content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jobflow.core.job import Job

_MOST_BYTES: Final = 1 << 23
"""Of the outputs as text; their objects take about three times as much."""

_LEAVES: Final = frozenset({int, float, str, bool, type(None)})
_STRUCTURE: Final = ("pymatgen.core.structure", "Structure")


class UnresolvedError(Exception):
    """A reference that jobflow should resolve, or say why it cannot."""


class Decoder(MontyDecoder):
    """As monty's, with structures put together at once."""

    def process_decoded(self, d: Any) -> Any:
        """Make objects of plain data, however deep they are in it."""
        if isinstance(d, dict) and (d.get("@module"), d.get("@class")) == _STRUCTURE:
            return structure_of(d)
        return super().process_decoded(d)


class Inputs:
    """Objects of outputs, by content.

    Parameters
    ----------
    fetch
        Returns the latest output of a job as plain data.
    """

    def __init__(self, fetch: Callable[[str], Any]) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._shares = False

    def missing(self, contents: Mapping[str, str]) -> list[str]:
        """Jobs of which no output of this content is kept."""
        return [uuid for uuid, content in contents.items() if content not in self._kept]

    def put_into(self, job: Job, contents: Mapping[str, str]) -> bool:
        """Replace all references in the arguments of a job by what they refer to, as jobflow does.

        Parameters
        ----------
        job
            Stays as it is if one of them cannot be resolved here.
        contents
            Content of the latest output of each job that it reads.

        Returns
        -------
        bool
            Whether that was done.
        """
        found: dict[OutputReference, Any] = {}
        self._shares = bool(getattr(job.maker, "only_reads", False))
        try:
            arguments = [self._filled(part, contents, found) for part in (job.function_args, job.function_kwargs)]
        except (UnresolvedError, LookupError, AttributeError, TypeError, ValueError):
            return False
        job.function_args, job.function_kwargs = tuple(arguments[0]), arguments[1]
        return True

    def _filled(self, part: Any, contents: Mapping[str, str], found: dict[OutputReference, Any]) -> Any:
        return self._walked(part, contents, found) if references(part) else part

    def _walked(self, value: Any, contents: Mapping[str, str], found: dict[OutputReference, Any]) -> Any:
        kind = type(value)
        if kind in _LEAVES:
            return value
        if kind is OutputReference:
            if value not in found:
                found[value] = self._object(value, contents.get(value.uuid, ""))
            return found[value]
        if kind is list or kind is tuple:
            return [self._walked(inner, contents, found) for inner in value]
        if kind is dict and "@module" not in value and "@class" not in value:
            return {str(key): self._walked(inner, contents, found) for key, inner in value.items()}
        if isinstance(value, Document) and _is_plain(vars(value)):
            return own_copy(value)
        if references(value):
            raise UnresolvedError
        return Decoder().process_decoded(jsanitize(value, strict=True, enum_values=True, allow_bson=True))

    def _object(self, reference: OutputReference, content: str) -> Any:
        """What a reference refers to, as nobody else has it unless the job shares it."""
        if not content:
            raise UnresolvedError
        value = self._output(reference.uuid, content)
        for kind, name in reference.attributes:
            if kind == "i" or isinstance(value, dict):
                value = value[name]
            else:
                is_plain = isinstance(value, BaseModel) and name in type(value).model_fields
                value = getattr(value if is_plain else own_copy(value), name)
        return value if self._shares else own_copy(value)

    def _output(self, uuid: str, content: str) -> Any:
        kept = self._kept.get(content)
        if kept is not None:
            self._kept.move_to_end(content)
            return kept[0]
        plain = self._fetch(uuid)
        is_content = content_of(plain) == content
        size = len(orjson.dumps(plain, default=str)) if is_content else 0
        value = Decoder().process_decoded(plain)
        if is_content and size < _MOST_BYTES // 8:
            self._keep(content, value, size)
        return value

    def _keep(self, content: str, value: Any, size: int) -> None:
        self._kept[content] = value, size
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1][1]


def _is_plain(value: Any) -> bool:
    """Whether a value is the same after a journey through JSON: documents, mappings, lists and what they hold."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and (type(one) in _LEAVES or _is_plain(one)) for key, one in value.items())
    if kind is list:
        return all(type(one) in _LEAVES or _is_plain(one) for one in value)
    return kind in _LEAVES or (isinstance(value, Document) and _is_plain(vars(value)))


def own_copy(value: Any) -> Any:
    """Copy that shares nothing with the original which could be changed."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is dict:
        return {key: inner if type(inner) in _LEAVES else own_copy(inner) for key, inner in value.items()}
    if kind is list:
        return [inner if type(inner) in _LEAVES else own_copy(inner) for inner in value]
    if kind is Structure:
        return copied(value)
    if isinstance(value, BaseModel):
        model = value.model_copy()
        for name, inner in value.__dict__.items():
            if type(inner) not in _LEAVES:
                model.__dict__[name] = own_copy(inner)
        return model
    return deepcopy(value)
