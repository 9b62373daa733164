"""``hebe browse`` as a process: it prints an address, serves this machine, and ends with Ctrl-C."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import urllib.parse
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from hebe.stores import open_store
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path


def test_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    words = [sys.executable, "-m", "hebe", "browse", str(tmp_path), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        address = urllib.parse.urlsplit(told["address"])
        token = urllib.parse.parse_qs(address.query)["token"][0]
        assert told["project"] == str(tmp_path)
        with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)) as connection:
            cookie = f"hebe-{address.port}={token}"
            connection.request("GET", "/", headers={"Cookie": cookie})
            found = connection.getresponse()
            assert (found.status, "There is no campaign" in found.read().decode()) == (200, True)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["FOLDER"], "there is no store yet"),
        (["nothing.db"], "there is no such store"),
        (["nothing.yaml"], "there is no such file"),
        (["FOLDER", "--port", "99999"], "expected a port"),
        (["FOLDER", "--prot", "1"], "--port"),
    ],
)
def test_what_cannot_be_served_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = hebe(capsys, "browse", *(str(tmp_path) if word == "FOLDER" else word for word in words))
    assert (outcome.code, outcome.out) == (2, "")
    assert reason in outcome.err
    assert not (tmp_path / ".hebe").exists(), "looking makes nothing"
