"""Nothing that a message shows holds a password or steers a terminal, whatever the shape of the mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hebe.cli.main import main
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.config.reading.hiding import given_text, printable, without_passwords
from hebe.config.reading.yamlfile import read_bytes
from hebe.config.settings import get_settings
from hebe.exceptions import BadInputError, HebeWarning
from hebe.stores.copying import open_place
from hebe.stores.factory import store_of_file

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "hunter2"  # noqa: S105 - nobody's
URI = f"mongodb://ann:{PASSWORD}@host/db"

MISTAKES = [
    f"store: {URI}",
    f"store:\n  uri: {URI}\n   kind: mongodb",
    f"store:\n  kind: {URI}",
    URI,
    f"{URI}: 1",
    f"store: {{{URI}: 1}}",
    f"store: {{uri: !{PASSWORD} x}}",
    f"store: {{uri: &{PASSWORD} x}}",
    f"store: {{uri: *{PASSWORD}}}",
    f"%{PASSWORD}\n---\nworkers: 1",
    f"store: {{password: {PASSWORD}}}",
    f"store:\n  password: {PASSWORD}\n bad",
    f"store: {PASSWORD}",
    f"store: [{PASSWORD}]",
    f"- {PASSWORD}",
    f"store: {{uri: {PASSWORD}}}",
    f"store: {{kind: mongodb, uri: '{PASSWORD}'}}",
    f"store: {{kind: maggma, spec: {PASSWORD}}}",
    f"store: {{path: {{a: {PASSWORD}}}}}",
    f"store: '{PASSWORD}",
    f"store: {{uri: {PASSWORD}",
    f"workers: {URI}",
    f"workers: mongodb://ann:{PASSWORD}",
    f"launcher: {{executor: '{PASSWORD}'}}",
    f"cluster: {{scheduler: {PASSWORD}}}",
    f"cluster: {{uri: [{PASSWORD}]}}",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_settings_with_a_mistake_show_no_password(text: str, tmp_path: Path) -> None:
    (tmp_path / "hebe.yaml").write_text(text)
    with pytest.raises(BadInputError) as caught:
        get_settings(tmp_path)
    assert PASSWORD not in caught.value.message


@pytest.mark.parametrize("variable", ["HEBE_STORE_KIND", "HEBE_STORE_URI", "HEBE_WORKERS", "HEBE_STORE_COLLECTION"])
def test_variables_with_a_mistake_show_no_password(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, URI.replace("mongodb", "mongo"))
    with pytest.raises(BadInputError) as caught:
        get_settings()
    assert PASSWORD not in caught.value.message


def test_descriptions_of_stores_show_no_password(tmp_path: Path) -> None:
    file = tmp_path / "jobflow.yaml"
    for text in (f"docs_store: {{type: '{URI}'}}", f"docs_store: {URI}", f"{URI}: 1", f"docs_store: '{PASSWORD}"):
        file.write_text(text)
        with pytest.raises(BadInputError) as caught:
            store_of_file(file)
        assert PASSWORD not in caught.value.message
    with pytest.raises(BadInputError) as caught:
        open_place(URI.replace("mongodb", "mongod"))
    assert PASSWORD not in caught.value.message


def test_the_command_line_shows_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["space", URI]) == 2
    assert main([URI]) == 2
    assert main(["space", "a", URI]) == 2
    assert PASSWORD not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("no answer of mongodb://u:p@ss/w@h1,h2/db", "no answer of mongodb://***@h1,h2/db"),
        ("http://h:80/a?b=c", "http://h:80/a?b=c"),
        ("amqp://tok:s3<c", "amqp://***"),
        ("u:pass@host", "***@host"),
        ("campaign.yaml:3: host.family: unknown name 'x'", "campaign.yaml:3: host.family: unknown name 'x'"),
    ],
)
def test_hosts_stay_and_passwords_go(text: str, safe: str) -> None:
    assert without_passwords(text) == safe


def test_a_uri_that_is_cut_off_shows_its_scheme_alone() -> None:
    assert given_text(URI[:20]) == "mongodb://***"


def test_a_terminal_is_not_steered(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b]0;title\x07\x9b31m\u202eb\r[/red][bold]c"
    shown = "a\\x1b]0;title\\x07\\x9b31m\\u202eb\\x0d[/red][bold]c"
    assert printable(evil) == shown
    write_line(evil)
    table = new_table(["x"], title=evil)
    table.add_row(evil)
    write_table(table)
    assert capsys.readouterr().out.count(shown) == 3
    write_json({"x": evil + "\x7f\ud800"})
    out = capsys.readouterr().out
    assert not set("\x1b\x07\x9b\u202e\x7f\ud800") & set(out)
    assert json.loads(out)["x"] == evil + "\x7f\ud800"
    assert main([evil]) == 2  # a command of that name
    assert "\x1b" not in capsys.readouterr().err


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInputError, match="expected a regular file, got a named pipe"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(BadInputError, match="expected a regular file, got a device"):
        read_bytes("/dev/zero")
    assert main(["space", str(tmp_path / "pipe")]) == 2


def test_an_unknown_variable_is_warned_of_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment = {**os.environ, "HEBE_WORKER": "2", "HEBE_OF_OTHERS": PASSWORD}
    words = [sys.executable, "-m", "hebe", "store"]
    done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert lines[1:] == ["warning: HEBE_WORKER in the environment means nothing to Hebe (did you mean HEBE_WORKERS?)"]
    assert lines[0].startswith("warning: HEBE_OF_OTHERS in the environment means nothing")
    assert PASSWORD not in done.stderr
    monkeypatch.setenv("HEBE_ANOTHER", "2")
    with pytest.warns(HebeWarning, match="HEBE_ANOTHER"):
        get_settings(tmp_path)
