"""A stand-in for a MongoDB server: the wire protocol (OP_MSG) over documents that mongomock keeps in memory.

It listens on loopback only and is no MongoDB. Started as a program, it keeps every write in a log and reads it again
when it starts, so that it can be killed and come back. Tests run on a real server instead when
``HEBE_TEST_MONGODB_URI`` is set.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import mongomock_ng
from bson import Int64, ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Document = dict[str, Any]

_HEADER = struct.Struct("<iiii")
_OP_QUERY, _OP_REPLY, _OP_MSG = 2004, 1, 2013
_MORE_TO_COME = 2
_LARGEST = 12_000_000
_WRITES = frozenset(
    {"insert", "update", "delete", "findandmodify", "drop", "dropdatabase", "createindexes", "dropindexes"}
)
_OF_SESSION = ("lsid", "$clusterTime", "txnNumber", "$readPreference", "$db")


class Commands:
    """Executes commands one after the other on documents in memory.

    Parameters
    ----------
    log
        File of the writes so far, which are repeated; None keeps none.
    """

    def __init__(self, log: Path | None = None) -> None:
        self.count = 0
        self._client: Any = mongomock_ng.MongoClient()
        self._lock = threading.RLock()
        self._cursors: dict[int, tuple[list[Document], str]] = {}
        self._numbers = itertools.count(1000)
        if log is not None and log.exists():
            with log.open("rb") as stream:
                for command in bson.decode_file_iter(stream):
                    self._answer(dict(command))
        self._log = None if log is None else log.open("ab")

    def run(self, command: Document) -> Document:
        """Execute a command and return the answer, errors as MongoDB words them."""
        with self._lock:
            self.count += 1
            name = next(iter(command)).lower()
            if name in _WRITES:
                _with_ids(name, command)
            answer = self._answer(command)
            if self._log is not None and name in _WRITES:
                kept = {key: value for key, value in command.items() if key == "$db" or key not in _OF_SESSION}
                self._log.write(bson.encode(kept))
                self._log.flush()
            return answer

    def _answer(self, command: Document) -> Document:
        name = next(iter(command))
        if name.lower() in _CONSTANT:
            return {**_CONSTANT[name.lower()], "ok": 1.0}
        known = getattr(self, f"_{name.lower()}", None)
        if known is None:
            return {"ok": 0.0, "errmsg": f"the stand-in does not know {name}", "code": 59}
        try:
            return {**known(command, self._client[command["$db"]]), "ok": 1.0}
        except (PyMongoError, mongomock_ng.PyMongoError, NotImplementedError, ValueError, TypeError, KeyError) as err:
            return {"ok": 0.0, **_error(err)}

    def _hello(self, _command: Document, _database: Any) -> Document:
        sizes = {"maxBsonObjectSize": 1 << 24, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000}
        versions = {"minWireVersion": 0, "maxWireVersion": 17, "localTime": datetime.now(UTC), "connectionId": 1}
        return {"helloOk": True, "isWritablePrimary": True, "ismaster": True, "readOnly": False, **sizes, **versions}

    _ismaster = _hello

    def _insert(self, command: Document, database: Any) -> Document:
        collection, errors, done = database[command["insert"]], [], 0
        for index, document in enumerate(command["documents"]):
            try:
                collection.insert_one(document)
                done += 1
            except (PyMongoError, mongomock_ng.PyMongoError) as err:
                errors.append({"index": index, **_error(err)})
                if command.get("ordered", True):
                    break
        return {"n": done, **({"writeErrors": errors} if errors else {})}

    def _update(self, command: Document, database: Any) -> Document:
        collection, matched, modified, upserted = database[command["update"]], 0, 0, []
        for index, one in enumerate(command["updates"]):
            if not _is_change(one["u"]):
                change: Callable[..., Any] = collection.replace_one
            else:
                change = collection.update_many if one.get("multi") else collection.update_one
            filters = {"array_filters": one["arrayFilters"]} if one.get("arrayFilters") else {}
            try:
                result = change(one["q"], one["u"], upsert=one.get("upsert", False), **filters)
            except (PyMongoError, mongomock_ng.PyMongoError) as err:
                return {"n": matched, "nModified": modified, "writeErrors": [{"index": index, **_error(err)}]}
            matched += result.matched_count + (result.upserted_id is not None)
            modified += result.modified_count or 0
            if result.upserted_id is not None:
                upserted.append({"index": index, "_id": result.upserted_id})
        return {"n": matched, "nModified": modified, **({"upserted": upserted} if upserted else {})}

    def _delete(self, command: Document, database: Any) -> Document:
        collection, done = database[command["delete"]], 0
        for one in command["deletes"]:
            remove = collection.delete_one if one.get("limit") == 1 else collection.delete_many
            done += remove(one["q"]).deleted_count
        return {"n": done}

    def _find(self, command: Document, database: Any) -> Document:
        cursor = database[command["find"]].find(command.get("filter") or {}, command.get("projection") or None)
        if command.get("sort"):
            cursor = cursor.sort(list(command["sort"].items()))
        if command.get("skip"):
            cursor = cursor.skip(int(command["skip"]))
        if command.get("limit"):
            cursor = cursor.limit(abs(int(command["limit"])))
        found = list(cursor)
        return self._first(found, command, "find", len(found) if command.get("singleBatch") else None)

    def _aggregate(self, command: Document, database: Any) -> Document:
        found = list(database[command["aggregate"]].aggregate(command["pipeline"]))
        size = (command.get("cursor") or {}).get("batchSize")
        return self._first(found, command, "aggregate", size)

    def _listcollections(self, command: Document, database: Any) -> Document:
        names = sorted(database.list_collection_names())
        wanted = (command.get("filter") or {}).get("name")
        found = [{"name": name, "type": "collection", "options": {}} for name in names if wanted in (None, name)]
        return self._first(found, {**command, "c": "$cmd.listCollections"}, "c", len(found))

    def _listindexes(self, command: Document, database: Any) -> Document:
        indexes = database[command["listIndexes"]].index_information().items()
        found = [{"v": 2, "name": name, "key": dict(index["key"])} for name, index in indexes]
        return self._first(found, command, "listIndexes", len(found))

    def _first(self, found: list[Document], command: Document, name: str, size: int | None) -> Document:
        namespace = f"{command['$db']}.{command[name]}"
        batch, rest = _cut(found, command.get("batchSize", 101) if size is None else size)
        number = next(self._numbers) if rest else 0
        if rest:
            self._cursors[number] = rest, namespace
        return {"cursor": {"firstBatch": batch, "id": Int64(number), "ns": namespace}}

    def _getmore(self, command: Document, _database: Any) -> Document:
        number = int(command["getMore"])
        found, namespace = self._cursors.pop(number, ([], f"{command['$db']}.{command['collection']}"))
        batch, rest = _cut(found, int(command.get("batchSize") or 5000))
        if rest:
            self._cursors[number] = rest, namespace
        return {"cursor": {"nextBatch": batch, "id": Int64(number if rest else 0), "ns": namespace}}

    def _findandmodify(self, command: Document, database: Any) -> Document:
        collection, query = database[command[next(iter(command))]], command.get("query") or {}
        if command.get("sort"):  # mongomock would copy every document that matches
            first = next(iter(collection.find(query, {"_id": 1}).sort(list(command["sort"].items())).limit(1)), None)
            query = query if first is None else {"_id": first["_id"]}
        options: Document = {"projection": command["fields"]} if command.get("fields") else {}
        if command.get("remove"):
            gone = collection.find_one_and_delete(query, **options)
            return {"value": gone, "lastErrorObject": {"n": int(gone is not None)}}
        update, upsert = command["update"], bool(command.get("upsert"))
        existed = collection.count_documents(query, limit=1) > 0
        change = collection.find_one_and_update if _is_change(update) else collection.find_one_and_replace
        when = ReturnDocument.AFTER if command.get("new") else ReturnDocument.BEFORE
        value = change(query, update, upsert=upsert, return_document=when, **options)
        return {"value": value, "lastErrorObject": {"n": int(existed or upsert), "updatedExisting": existed}}

    def _count(self, command: Document, database: Any) -> Document:
        return {"n": database[command["count"]].count_documents(command.get("query") or {})}

    def _distinct(self, command: Document, database: Any) -> Document:
        return {"values": list(database[command["distinct"]].distinct(command["key"], command.get("query") or {}))}

    def _createindexes(self, command: Document, database: Any) -> Document:
        collection = database[command["createIndexes"]]
        for index in command["indexes"]:
            keys = [
                (key, int(order) if isinstance(order, (int, float)) else order) for key, order in index["key"].items()
            ]
            collection.create_index(keys, unique=bool(index.get("unique")), name=index.get("name"))
        return {"createdCollectionAutomatically": False, "numIndexesBefore": 1, "numIndexesAfter": 2}

    def _drop(self, command: Document, database: Any) -> Document:
        database[command["drop"]].drop()
        return {}

    def _dropdatabase(self, command: Document, _database: Any) -> Document:
        self._client.drop_database(command["$db"])
        return {}


_CONSTANT: dict[str, Document] = {
    "ping": {},
    "endsessions": {},
    "killcursors": {},
    "buildinfo": {"version": "6.0.0", "versionArray": [6, 0, 0, 0], "maxBsonObjectSize": 1 << 24},
    "saslstart": {"conversationId": 1, "done": True, "payload": b""},  # PLAIN: whoever asks is let in
}


def _is_change(update: Any) -> bool:
    return isinstance(update, list) or any(str(key).startswith("$") for key in update)


def _error(err: Exception) -> Document:
    duplicate = "Duplicate" in type(err).__name__ or "E11000" in str(err)
    return {"errmsg": f"{type(err).__name__}: {err}", "code": 11000 if duplicate else getattr(err, "code", None) or 8}


def _cut(found: list[Document], most: int) -> tuple[list[Document], list[Document]]:
    """Part of the documents that fits into one answer, and the rest."""
    size = number = 0
    while number < min(len(found), max(most, 1)) and size < _LARGEST:
        size += len(bson.encode(found[number]))
        number += 1
    return found[:number], found[number:]


def _with_ids(name: str, command: Document) -> None:
    """Choose the ids of new documents, so that the log gives the same ones again."""
    for document in command["documents"] if name == "insert" else ():
        document.setdefault("_id", ObjectId())
    for one in command["updates"] if name == "update" else ():
        if one.get("upsert") and isinstance(one["u"], dict) and _is_change(one["u"]) and "_id" not in one["q"]:
            one["u"].setdefault("$setOnInsert", {}).setdefault("_id", ObjectId())


class _Connection(socketserver.BaseRequestHandler):
    """One client: messages in, answers out."""

    server: _Server

    def handle(self) -> None:
        while (message := self._receive()) is not None:
            number, code, body = message
            command, is_answered = _command_of(code, body)
            answer = bson.encode(self.server.commands.run(command))
            if code == _OP_QUERY:
                self._send(number, _OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + answer)
            elif is_answered:
                self._send(number, _OP_MSG, struct.pack("<I", 0) + b"\0" + answer)

    def _receive(self) -> tuple[int, int, bytes] | None:
        try:
            header = self._exactly(_HEADER.size)
            length, number, _, code = _HEADER.unpack(header)
            return number, code, self._exactly(length - _HEADER.size)
        except (EOFError, ConnectionError):
            return None

    def _exactly(self, size: int) -> bytes:
        got = bytearray()
        while len(got) < size:
            part = self.request.recv(min(size - len(got), 1 << 20))
            if not part:
                raise EOFError
            got += part
        return bytes(got)

    def _send(self, number: int, code: int, body: bytes) -> None:
        self.request.sendall(_HEADER.pack(_HEADER.size + len(body), 0, number, code) + body)


def _command_of(code: int, body: bytes) -> tuple[Document, bool]:
    """The command in a message, and whether the client waits for an answer."""
    if code == _OP_QUERY:  # the first message of a client that does not know the server yet
        start = body.index(b"\0", 4) + 9
        (size,) = struct.unpack_from("<i", body, start)
        return {**bson.decode(body[start : start + size]), "$db": "admin"}, True
    (flags,) = struct.unpack_from("<I", body)
    command: Document = {}
    sequences: Document = {}
    position, end = 4, len(body) - (4 if flags & 1 else 0)
    while position < end:
        kind = body[position]
        (size,) = struct.unpack_from("<i", body, position + 1)
        part = body[position + 1 : position + 1 + size]
        if kind == 0:
            command = bson.decode(part)
        else:
            name_end = part.index(b"\0", 4)
            sequences[part[4:name_end].decode()] = bson.decode_all(part[name_end + 1 :])
        position += 1 + size
    return {**command, **sequences}, not flags & _MORE_TO_COME


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, commands: Commands) -> None:
        self.commands = commands
        super().__init__(("127.0.0.1", port), _Connection)


class StandIn:
    """A stand-in as a process of its own, which can be stopped, killed and started again.

    Parameters
    ----------
    folder
        Where its log of writes and its messages go.
    """

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._log, self._messages = folder / "mongo.bson", folder / "mongo.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it listens, with a user and a password that nobody may see."""
        return f"mongodb://somebody:open-sesame@127.0.0.1:{self.port}/hebe?authMechanism=PLAIN&authSource=$external"

    def start(self) -> None:
        """Start it and wait until it listens."""
        words = [sys.executable, __file__, "--port", str(self.port), "--log", str(self._log)]
        with self._messages.open("ab") as messages:
            self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=messages)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith(b"listening")

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@contextmanager
def stand_in(folder: Path) -> Iterator[StandIn]:
    """A running stand-in."""
    server = StandIn(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    with _Server(options.port, Commands(options.log)) as server:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        sys.stdout.write(f"listening on 127.0.0.1:{options.port}, a stand-in for MongoDB\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
