"""Which store settings give, on every backend; what a wrong description is answered with."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore
from maggma.stores import JSONStore, MemoryStore, S3Store
from pydantic import SecretStr

from hebe.config.settings import StoreSettings, get_settings
from hebe.exceptions import BadInputError, HebeWarning, StoreError
from hebe.stores import Claims, SQLiteBlobStore, SQLiteStore, builders, lookup, open_collection, open_store
from hebe.stores.builders import build_candidates
from hebe.stores.cache import lookup_or_claim
from hebe.stores.factory import _mongodb, connect, embedded_path, store_of_spec
from hebe.stores.mongodb import MongoBlobs, MongoOutputs

if TYPE_CHECKING:
    from pathlib import Path

MONGODB = os.environ.get("HEBE_TEST_MONGODB_URI")
SECRET = "mongodb://somebody:hunter2@192.0.2.1:27017/hebe?serverSelectionTimeoutMS=20"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def plain_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("HEBE_STORE")]:
        monkeypatch.delenv(name)


def additional(store: JobStore) -> Any:
    return getattr(store, "additional_stores")["data"]  # noqa: B009 - jobflow leaves it untyped


def settings(tmp_path: Path, text: str) -> None:
    (tmp_path / "hebe.yaml").write_text(text)


BACKENDS = ["embedded", "memory", "json", *(["mongodb"] if MONGODB else [])]


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> JobStore:
    """A store as settings give it."""
    blocks = {
        "embedded": "store: {path: elsewhere/mine.db}",
        "memory": "store: {kind: maggma, spec: {docs_store: {type: MemoryStore}}}",
        "json": "store: {kind: maggma, spec: {docs_store: {type: JSONStore, paths: outputs.json, read_only: false}}}",
        "mongodb": f"store: {{kind: mongodb, uri: '{MONGODB}', database: hebe_tests, collection: {tmp_path.name}}}",
    }
    settings(tmp_path, blocks[request.param])
    made = open_store(tmp_path)
    made.remove_docs({})
    return made


def test_default_is_a_file_below_the_project(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert isinstance(store.docs_store, SQLiteStore)
    assert store.docs_store.path == str(tmp_path / ".hebe" / "store.db")
    assert embedded_path(tmp_path) == tmp_path / ".hebe" / "store.db"
    assert isinstance(additional(store), SQLiteBlobStore)
    store.close()


def test_cache_claims_and_candidates_on_every_backend(store: JobStore) -> None:
    claims = Claims(store)
    assert lookup_or_claim(store, "k", claims) is None
    assert claims.holder("k") is not None
    output: dict[str, Any] = {"key": "k", "status": "converged", "campaign": "c", "candidate_id": "layered-o3-1"}
    output |= {"entropy_R": {}, "calculations": {}, "stage": 0}
    document = {"uuid": "a", "index": 1, "output": output, "completed_at": "2026-01-01", "metadata": {"campaign": "c"}}
    store.update(document)
    claims.release("k")
    hit = lookup(store, "k")
    assert hit is not None
    assert hit.uuid == "a"
    candidates = open_collection(store, "candidates", "candidate_id")
    candidates.remove_docs({})
    assert build_candidates(store, candidates, "c") == 1
    assert build_candidates(store, candidates, "c") == 0, "up to date"
    assert [found["candidate_id"] for found in candidates.query({"campaign": "c"})] == ["layered-o3-1"]
    candidates.close()
    assert store.count() == 1, "closing a collection leaves the store open"


def test_candidates_that_are_up_to_date_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    plain: dict[str, Any] = {"campaign": "c", "entropy_R": {}, "calculations": {}, "stage": 0}

    def put(uuid: str, name: str, **more: Any) -> None:
        document = {"uuid": uuid, "index": 1, "output": {**plain, "candidate_id": name, **more}}
        store.docs_store.update([document], key=["uuid", "index"])

    put("a", "one")
    put("b", "two")
    put("c", "of-another", campaign="d")
    candidates = open_collection(store, "candidates", "candidate_id")
    assert build_candidates(store, candidates, "c") == 2
    seen, real = list[str](), builders.candidate_document

    def read(found: dict[str, Any]) -> dict[str, Any] | None:
        seen.append(found["uuid"])
        return real(found)

    monkeypatch.setattr(builders, "candidate_document", read)
    assert build_candidates(store, candidates, "c") == 0
    assert seen == ["c"], "nobody has asked for the other campaign yet"
    put("b", "two", stage=0, entropy_R={"mixed-site": 1.0})
    assert build_candidates(store, candidates) == 2
    assert {one["job_id"]: one["entropy_R"] for one in candidates.query({})}["b"] == {"mixed-site": 1.0}
    put("e", "two")
    assert build_candidates(store, candidates, current=["b"]) == 0, "that of a current job stays"
    assert build_candidates(store, candidates) == 1, "else the one that was stored last"
    assert {one["job_id"] for one in candidates.query({})} == {"a", "c", "e"}
    candidates.close()
    store.close()


def test_collection_of_a_project_and_of_a_store_with_one_collection_only(tmp_path: Path) -> None:
    collection = open_collection(tmp_path, "things", "name")
    assert isinstance(collection, SQLiteStore)
    collection.update({"name": "a"})
    assert open_collection(tmp_path, "things", "name").count() == 1
    index = SQLiteStore(tmp_path / "index.db", key="blob_uuid")
    index.connect()
    bucket = S3Store(index, "bucket", key="blob_uuid")
    other = open_collection(bucket, "things", "name")
    assert isinstance(other, MemoryStore)
    assert Claims(bucket).acquire("k")
    assert (tmp_path / ".hebe" / "claims.db").is_file()
    Claims(bucket).release("k")


def test_mongodb_with_gridfs_or_s3_shows_no_password(tmp_path: Path) -> None:
    with_gridfs = _mongodb(StoreSettings(kind="mongodb", uri=SecretStr(SECRET)))
    assert isinstance(with_gridfs.docs_store, MongoOutputs)
    blobs = additional(with_gridfs)
    assert isinstance(blobs, MongoBlobs)
    block = {"kind": "mongodb", "uri": SECRET, "blobs": "s3", "s3": {"bucket": "hebe", "folder": "x"}}
    with_s3 = _mongodb(StoreSettings.model_validate(block))
    assert isinstance(additional(with_s3), S3Store)
    for shown in (with_gridfs.docs_store.name, blobs.name, with_s3.name, repr(with_gridfs.docs_store)):
        assert "hunter2" not in shown
        assert "somebody" not in shown
    settings(tmp_path, f"store: {{kind: mongodb, uri: '{SECRET}'}}")
    assert "hunter2" not in repr(get_settings()) + get_settings().model_dump_json()


def test_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hebe.stores.mongodb._patience.seconds", 0.02)
    settings(tmp_path, "store: {kind: mongodb, uri: 'mongodb://me:hunter2@127.0.0.1:9/hebe'}")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9/hebe#outputs cannot be reached") as caught:
        open_store(tmp_path)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


BROKEN = [
    ("store: {kind: mongdb}", "did you mean mongodb?"),
    ("store: {kind: mongodb}", "needs a uri"),
    ("store: {kind: mongodb, uri: 'http://me:hunter2@host'}", "starts with mongodb://"),
    ("store: {kind: mongodb, uri: 'mongodb://me:hunter2@host'}", "database"),
    ("store: {kind: mongodb, uri: 'mongodb://me:hunter2@host:many/a'}", "Port"),
    ("store: {kind: mongodb, uri: 'mongodb://host/a', blobs: s3}", "belong together"),
    ("store: {path: a.db, uri: 'mongodb://me:hunter2@host/a'}", "means nothing to a store of kind 'embedded'"),
    ("store: {kind: maggma}", "needs either spec or file"),
    ("store: {kind: maggma, spec: {docs: {type: MemoryStore}}}", "unknown key 'docs'"),
    ("store: {kind: maggma, spec: {docs_store: {type: MemroyStore}}}", "did you mean MemoryStore?"),
    ("store: {kind: maggma, spec: {docs_store: {type: SQLiteStore, pth: a.db}}}", "pth"),
    (
        "store: {kind: maggma, spec: {docs_store: {type: MongoURIStore, uri: 'nonsense-hunter2', collection_name: a}}}",
        "refuses",
    ),
    ("store: {kind: maggma, spec: {docs_store: [hunter2]}}", "expected a mapping with the key 'type'"),
    ("store: {kind: maggma, file: none.yaml}", "there is no such file"),
    ("store: {pth: a.db}", "did you mean path?"),
    ("store: here.db", "expected a mapping"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_broken_settings_are_one_line_without_secrets(tmp_path: Path, text: str, said: str) -> None:
    settings(tmp_path, text)
    with pytest.raises(BadInputError) as caught:
        open_store(tmp_path)
    message = caught.value.message
    assert said in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_variables_name_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(tmp_path, "store: {path: file.db}")
    monkeypatch.setenv("HEBE_STORE_PATH", "~/variable.db")
    assert embedded_path(tmp_path) == tmp_path / "home" / "variable.db"
    monkeypatch.delenv("HEBE_STORE_PATH")
    monkeypatch.setenv("HEBE_STORE_KIND", "mongodb")
    monkeypatch.setenv("HEBE_STORE_URI", SECRET)
    chosen = get_settings().store
    assert (chosen.kind, chosen.path, embedded_path(tmp_path)) == ("mongodb", None, None)
    assert chosen.uri is not None
    assert chosen.uri.get_secret_value() == SECRET
    monkeypatch.setenv("HEBE_STORE_URI", "hunter2")
    with pytest.raises(BadInputError) as caught:
        get_settings()
    assert "HEBE_STORE_URI" in caught.value.message
    assert "hunter2" not in caught.value.message
    monkeypatch.setenv("HEBE_STORE_URI", SECRET)
    monkeypatch.setenv("HEBE_STORE_URL", "x")
    with pytest.warns(HebeWarning, match="did you mean HEBE_STORE_URI"):
        get_settings()


def test_spec_with_a_store_inside_a_store(tmp_path: Path) -> None:
    index = {"type": "SQLiteStore", "path": str(tmp_path / "index.db"), "key": "blob_uuid"}
    spec: dict[str, Any] = {
        "docs_store": {"type": "JSONStore", "paths": str(tmp_path / "a.json"), "read_only": False},
        "additional_stores": {"data": {"type": "S3Store", "index": index, "bucket": "b", "key": "blob_uuid"}},
    }
    made = store_of_spec(spec)
    assert isinstance(made.docs_store, JSONStore)
    assert isinstance(additional(made).index, SQLiteStore)


@pytest.mark.parametrize(
    ("spec", "pip"),
    [
        ({"type": "MontyStore", "database_path": "db", "database_name": "d", "collection_name": "c"}, "montydb"),
        ({"type": "VaultStore", "collection_name": "c", "vault_secret_path": "hunter2"}, "hvac"),
        (
            {"type": "AzureBlobStore", "index": {"type": "MemoryStore"}, "container_name": "hunter2"},
            "azure-storage-blob azure-identity",
        ),
    ],
)
def test_a_store_whose_package_is_missing_says_what_to_install(spec: dict[str, Any], pip: str) -> None:
    if find_spec(pip.partition("-")[0]) is not None:
        pytest.skip(f"{pip} is installed")
    with pytest.raises(BadInputError) as caught:
        store_of_spec({"docs_store": spec})
    assert f"pip install {pip}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_jobflow_yaml_may_name_our_stores(tmp_path: Path) -> None:
    """As docs/cli.md has it; jobflow reads the same file by itself."""
    file = tmp_path / "jobflow.yaml"
    file.write_text(
        "docs_store: {type: SQLiteStore, path: outputs.db}\n"
        "additional_stores: {data: {type: SQLiteBlobStore, path: outputs.db}}\n"
    )
    settings(tmp_path, f"store: {{kind: maggma, file: {file}}}")
    with_file = open_store(tmp_path)
    assert isinstance(with_file.docs_store, SQLiteStore)
    assert isinstance(additional(with_file), SQLiteBlobStore)
    with_file.update({"uuid": "a", "index": 1, "output": {"big": [1] * 9}}, save={"data": ["big"]})
    assert with_file.get_output("a", load=True) == {"big": [1] * 9}
    with_file.close()
    of_jobflow = JobStore.from_file(file)
    of_jobflow.connect()
    assert isinstance(of_jobflow.docs_store, SQLiteStore)
    assert of_jobflow.get_output("a", load=True) == {"big": [1] * 9}
    of_jobflow.close()


AWAY = {
    "host": "127.0.0.1",
    "port": 9,
    "database": "x",
    "collection_name": "y",
    "password": "hunter2",
    "username": "me",
}
SOON = {"mongoclient_kwargs": {"serverSelectionTimeoutMS": 100}}
OURS = {"type": "SQLiteStore", "path": "good.db"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"docs_store": {"type": "SQLiteStore", "path": "text"}}, "this is not a store of hebe"),
        ({"docs_store": {"type": "SQLiteStore", "path": "pipe"}}, "pipe: "),
        ({"docs_store": {"type": "SQLiteStore", "path": "folder"}}, "folder: "),
        ({"docs_store": {"type": "SQLiteStore", "path": "text/x.db"}}, "text/x.db: "),
        ({"docs_store": {"type": "JSONStore", "paths": "none.json"}}, "cannot be reached"),
        ({"docs_store": {"type": "MongoStore", **AWAY, **SOON}}, "cannot be reached"),
        ({"docs_store": OURS, "additional_stores": {"data": {"type": "MongoStore", **AWAY, **SOON}}}, "x/y cannot be"),
        ({"docs_store": OURS, "additional_stores": {"data": {"type": "GridFSStore", **AWAY, **SOON}}}, "gridfs://"),
        ({"docs_store": OURS, "additional_stores": {"data": {"type": "SQLiteBlobStore", "path": "text"}}}, "text: "),
    ],
)
def test_a_store_that_cannot_be_reached_is_one_line(
    spec: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no database " * 99)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match=said) as caught:
        connect(store_of_spec(spec))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
