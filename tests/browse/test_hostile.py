"""A store that was written to harm: its texts are texts, what is damaged is a line, and nothing outside is opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from hebe.browse.logs import folder_within, tails
from hebe.campaigns.api import project_store
from support.browsed import Browsed, Page
from support.poisoned import EVIL, assert_sane, names, poisoned_campaign

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return poisoned_campaign(tmp_path_factory.mktemp("poisoned"))


@pytest.mark.filterwarnings("ignore:candidate .* is left out")
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/", {}),
        ("/candidates", {}),
        ("/candidates", {"campaign": "rs", "where": EVIL}),
        ("/candidates", {"campaign": EVIL, "with_": EVIL, "sort": EVIL}),
        ("/candidate", {"campaign": "rs", "id": "{id}"}),
        ("/candidate", {"campaign": EVIL, "id": EVIL}),
        ("/compare", {"row": ["rs/{id}", "rs/{other}"]}),
        ("/failures", {}),
        ("/document", {"id": "00000000-job"}),
        ("/document", {"id": EVIL}),
        ("/structure", {"id": "00000000-job"}),
    ],
)
def test_no_text_of_a_store_or_an_address_is_markup(campaign: Path, path: str, fields: dict[str, Any]) -> None:
    first, other = names(campaign)[:2]

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(one) for one in value]
        return str(value).replace("{id}", first).replace("{other}", other)

    answer = Browsed.of(campaign.parent).get(path, **{name: filled(value) for name, value in fields.items()})
    page = Page(answer.body.decode())
    assert "img" not in page.tags
    assert [value for tag, name, value in page.attributes if tag == "script" and name == "src"] == [
        "/static/figures.js",
        "/static/viewer.js",
        "/static/browse.js",
    ]
    assert page.tags.count("script") == 3
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(link.startswith("/") and not link.startswith("//") for link in page.links)
    assert_sane(answer.body.decode())
    assert "Traceback" not in page.text


@pytest.mark.parametrize(
    "damage",
    [
        {"values": "none"},
        {"values": {"average_voltage": {"mean": "high"}}},
        {"composition": None},
        {"results": {"voltage": [{"x_states": "no"}]}},
        {"calculations": ["a"]},
        {"entropy_R": {"mixed-site": {}}},
        {"stage": "last"},
    ],
)
@pytest.mark.filterwarnings("ignore:candidate .* is left out")
def test_a_damaged_document_is_a_line_and_the_others_are_shown(tmp_path: Path, damage: dict[str, Any]) -> None:
    campaign = poisoned_campaign(tmp_path)
    store = project_store(tmp_path)
    document = store.docs_store.query_one({"uuid": "00000000-job"})
    document["output"] = {**document["output"], **damage}
    store.docs_store.update([document], key=["uuid", "index"])
    store.close()
    pages = Browsed.of(tmp_path)
    overview, table = pages.get("/"), pages.get("/candidates")
    assert overview.status == 200
    assert b"Traceback" not in table.body
    page = Page(table.body.decode())
    assert ("wrong" in [v for _, n, v in page.attributes if n == "class"]) or "remark" in page.text
    if table.status == 200:
        assert names(campaign)[1] in page.text


def test_made_from_that_runs_in_circles_ends(tmp_path: Path) -> None:
    campaign = poisoned_campaign(tmp_path)
    store = project_store(tmp_path)
    (one, two) = list(store.docs_store.query({"uuid": {"$in": ["00000000-job", "00000001-job"]}}))
    one["made_from"] = {"all": "", "each": [[two["uuid"], ""], [one["uuid"], ""], "x", ["nobody", ""], []]}
    two["made_from"] = {"all": "", "each": [[one["uuid"], ""]]}
    store.docs_store.update([one, two], key=["uuid", "index"])
    store.close()
    pages = Browsed.of(tmp_path)
    assert "Provenance" in pages.page("/candidate", campaign="rs", id=names(campaign)[0]).text


def test_a_store_that_breaks_or_vanishes_is_a_line(tmp_path: Path) -> None:
    campaign = poisoned_campaign(tmp_path)
    pages = Browsed.of(tmp_path)
    (tmp_path / ".hebe" / "store.db").rename(tmp_path / "away.db")
    for path in ("/", "/candidates", "/failures", "/document"):
        answer = pages.get(path, id=names(campaign)[0])
        assert answer.status in (404, 500)
        assert b"Traceback" not in answer.body
    (tmp_path / "away.db").rename(tmp_path / ".hebe" / "store.db")
    assert pages.get("/failures").status == 200


def test_only_run_folders_of_the_project_are_looked_into(tmp_path: Path) -> None:
    runs = tmp_path / ".hebe" / "runs"
    inside = runs / "launch" / "job"
    inside.mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (runs / "link").symlink_to(tmp_path / "secret")
    assert folder_within(runs, str(inside)) == inside.resolve()
    outside = [
        tmp_path / "secret",
        runs / "link",
        runs,
        runs / ".." / "..",
        tmp_path,
        "/etc",
        "",
        "\0",
        "x" * 5000,
        runs / "launch" / ".." / "..",
    ]
    for path in outside:
        assert folder_within(runs, str(path)) is None, path
    assert folder_within(tmp_path / "nothing", str(inside)) is None


def test_ends_of_logs_are_texts_of_the_folder_itself(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("password")
    folder = tmp_path / "job"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "out.log").write_text(
        "\n".join(f"line {n}" for n in range(1000)) + "\nend mongodb://me:pw@host/x"
    )
    (folder / "data.bin").write_bytes(b"\0\1\2" * 100)
    (folder / "empty").write_text("")
    (folder / "link.log").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    found = tails(folder)
    assert [tail.name for tail in found] == ["inner/out.log"]
    assert found[0].text.splitlines()[0] == "line 971"
    assert "pw" not in found[0].text
    assert "password" not in str(found)


def test_a_run_folder_elsewhere_is_named_and_not_opened(tmp_path: Path) -> None:
    poisoned_campaign(tmp_path)
    store = project_store(tmp_path)
    error = {"error_class": "EngineError", "message": "m"}
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("the key itself")
    output = {"status": "failed", "run_dir": str(tmp_path / "secret"), "error": error}
    body = {"uuid": "elsewhere", "index": 1, "name": "n", "metadata": {}, "output": output}
    store.docs_store.update([body], key=["uuid", "index"])
    store.close()
    page = Browsed.of(tmp_path).page("/failures")
    assert "not in this project" in page.text
    assert "the key itself" not in page.text
