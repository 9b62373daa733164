"""Every optional package that is absent is one line with what pip is to install, from every command that wants it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support import absent
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from pathlib import Path

EMT = "{ase: 'ase.calculators.emt:EMT', energy_scale: x}"

CASES: list[tuple[str, str, str, str]] = [
    ("chgnet", "chgnet", "run", "engine chgnet needs chgnet: pip install 'hebe-flows[mlip]'"),
    ("torch", "chgnet", "run", "engine chgnet needs torch: pip install 'hebe-flows[mlip]'"),
    ("sevenn", "sevennet", "run", "engine sevennet needs sevenn: pip install 'hebe-flows[sevennet]'"),
    ("torch", "sevennet", "run", "engine sevennet needs torch: pip install 'hebe-flows[sevennet]'"),
    ("atomate2", "atomate2", "run", "engine atomate2 needs atomate2: pip install 'hebe-flows[atomate2]'"),
    ("atomate2", "vasp", "run", "engine vasp needs atomate2: pip install 'hebe-flows[vasp]'"),
    ("custodian", "vasp", "run", "engine vasp needs custodian: pip install 'hebe-flows[vasp]'"),
    ("atomate2", "abinit", "run", "engine abinit needs atomate2: pip install 'hebe-flows[abinit]'"),
    ("abipy", "abinit", "run", "engine abinit needs abipy: pip install 'hebe-flows[abinit]'"),
    (
        "mace",
        "{name: mace, path: w.pt, energy_scale: x}",
        "run",
        "engine mace needs mace-torch: pip install mace-torch",
    ),
    ("fireworks", EMT, "launch", "a LaunchPad needs FireWorks: pip install 'hebe-flows[cluster]'"),
    ("qtoolkit", EMT, "launch", "hebe launch needs qtoolkit: pip install 'hebe-flows[cluster]'"),
    ("phonopy", EMT, "run", "mixing.vibrations needs phonopy: pip install 'hebe-flows[phonons]'"),
    ("mp_api", EMT, "run", "mixing.materials_project needs mp-api: pip install 'hebe-flows[materials-project]'"),
]


def answers(package: str, commands: list[list[str]], folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, absent.__file__, package],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "MP_API_KEY": "x" * 32},
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(("package", "engine", "command", "said"), CASES)
def test_a_missing_package_is_one_line(
    package: str, engine: str, command: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "w.pt").write_text("1")
    mixing = {"phonopy": "mixing: {vibrations: {}}\n", "mp_api": "mixing: {materials_project: true}\n"}.get(package, "")
    file = rocksalt(tmp_path, engine=engine)
    file.write_text(file.read_text() + mixing)
    if command == "launch":
        (tmp_path / "hebe.yaml").write_text("store: {kind: mongodb, uri: 'mongodb://127.0.0.1:9/x'}\n")
    name = file.name
    asked = {"run": ["run", name, "--inline"], "launch": ["launch"]}[command]
    asked_too = [["doctor", name], ["run", name, "--dry-run"]]
    _, found, doctor, dry = answers(package, [["trust", "--weights", "w.pt"], asked, *asked_too], tmp_path)
    assert found["code"] == 1, found
    assert found["err"] == f"error: {said}\n"
    for other in (doctor, dry):
        assert isinstance(other["code"], int), other["code"]
        assert "Traceback" not in other["err"]
    assert said.partition(": ")[2] in doctor["out"] + doctor["err"]
