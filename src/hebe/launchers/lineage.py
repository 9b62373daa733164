"""What outputs were computed from: the content of each input is noted with an output, and compared when jobs resume.

No time of day has a part in it: an output is current as long as the outputs that its job reads are what they were.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from hebe.launchers.outcome import DIGESTED, Digest
from hebe.stores.content import content_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from maggma.core.store import Store

_CHUNK = 500
_NONE: Final = ""
"""Content of the output of a job that has none."""


def read_digests(documents: Store, uuids: Collection[str]) -> dict[tuple[str, int], Digest]:
    """Digests of the outputs of some jobs, all with their content."""
    wanted, found = sorted(uuids), dict[tuple[str, int], Digest]()
    for start in range(0, len(wanted), _CHUNK):
        criteria = {"uuid": {"$in": wanted[start : start + _CHUNK]}}
        part = {(one["uuid"], one["index"]): Digest.of(one) for one in documents.query(criteria, list(DIGESTED))}
        bare = sorted({uuid for (uuid, _), digest in part.items() if not digest.content})
        if bare:  # the store keeps nothing at hand
            for one in documents.query({"uuid": {"$in": bare}}, ["uuid", "index", "output", "made_from"]):
                part[one["uuid"], one["index"]] = Digest.of(one).with_content(content_of(one.get("output")))
        found |= part
    return found


def made_from(contents: Mapping[str, str]) -> dict[str, Any]:
    """What an output notes: the content of each job that its job reads, and a hash of all of them."""
    each = sorted(contents.items())
    return {"all": _hash(each), "each": [list(one) for one in each]}


def _hash(each: Iterable[tuple[str, str]]) -> str:
    return hash_of(pair(uuid, content) for uuid, content in each)


def pair(uuid: str, content: str) -> str:
    """A job that is read, and the content of its output, as `hash_of` takes them."""
    return f"{uuid} {content}"


def hash_of(pairs: Iterable[str]) -> str:
    """Hash of what an output was made from, in the order of the jobs."""
    text = "\n".join(pairs)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Lineage:
    """Contents of the latest outputs of jobs, as far as they were asked for.

    Parameters
    ----------
    documents
        Store of outputs.
    """

    def __init__(self, documents: Store) -> None:
        self._documents = documents
        self._latest: dict[str, tuple[int, Digest | None]] = {}

    def learn(self, uuids: Iterable[str], digests: Mapping[tuple[str, int], Digest]) -> None:
        """Take over what was read of some jobs."""
        self._latest |= dict.fromkeys(uuids, (0, None))
        for (uuid, index), digest in digests.items():
            if index >= self._latest.get(uuid, (0, None))[0]:
                self._latest[uuid] = index, digest

    def forget(self, uuid: str) -> None:
        """Ask the store again for the output of a job."""
        self._latest.pop(uuid, None)

    def contents(self, uuids: Collection[str]) -> dict[str, str]:
        """Content of the latest output of each job, that of the other job where it refers to one; empty without."""
        left = {uuid: uuid for uuid in uuids}
        found, seen = dict[str, str](), set[str]()
        while left:
            self._load(set(left.values()))
            seen |= set(left.values())
            further: dict[str, str] = {}
            for uuid, place in left.items():
                digest = self._latest[place][1]
                if digest is not None and digest.refers_to is not None and digest.refers_to not in seen:
                    further[uuid] = digest.refers_to
                else:
                    found[uuid] = _NONE if digest is None else digest.content
            left = further
        return found

    def is_stale(self, name: tuple[str, int], stored: Digest, inputs: Collection[str]) -> bool:
        """Whether an output was computed from other outputs than those that its job reads now.

        An output without a note is of an earlier version: it is stale where one of its inputs has a note, and was
        therefore computed later.
        """
        if not inputs and stored.made_from is not None:
            return False
        if stored.made_from is None:
            self._load(inputs)
            return any(digest is not None and digest.made_from is not None for digest in map(self._digest, inputs))
        now = self.contents(inputs)
        return stored.made_from != _hash(sorted(now.items())) and self._differs(name, now)

    def _differs(self, name: tuple[str, int], now: Mapping[str, str]) -> bool:
        """Whether one of the inputs that an output has noted is another one now."""
        document = self._documents.query_one({"uuid": name[0], "index": name[1]}, ["made_from"]) or {}
        noted = dict((document.get("made_from") or {}).get("each") or ())
        return any(uuid in noted and noted[uuid] != content for uuid, content in now.items())

    def _digest(self, uuid: str) -> Digest | None:
        return self._latest[uuid][1]

    def _load(self, uuids: Iterable[str]) -> None:
        missing = {uuid for uuid in uuids if uuid not in self._latest}
        if missing:
            self.learn(missing, read_digests(self._documents, missing))
