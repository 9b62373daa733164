"""Nothing of a campaign file, store or project folder of somebody else runs code: four ways, and their siblings."""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, Job
from monty.json import jsanitize

from hebe.campaigns.loading import load_campaign
from hebe.cli.main import main
from hebe.config.engines.ase import ASEBlock
from hebe.config.engines.fingerprint import fingerprint
from hebe.config.settings import get_settings
from hebe.config.trust import is_signed, is_trusted, sign
from hebe.engines import get_engine
from hebe.exceptions import BadInputError, UntrustedError
from hebe.launchers.diversions import flows_of, signed_content
from hebe.launchers.fireworks.letters import LETTERS
from hebe.launchers.fireworks.mailbox import Writer
from hebe.launchers.fireworks.relay import _Box
from hebe.launchers.fireworks.seal import Seal, is_own
from hebe.launchers.launcher import Project
from hebe.launchers.registry import get_launcher
from hebe.makers.relax import RelaxMaker
from hebe.stores.service import Service

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """\
name: innocent
host:
  family: rocksalt
  sublattices:
    M: {{species: {{Mg: [2], Ni: [2]}}, n_species: 2, grid: 2}}
structures: {{cations: 4, per_candidate: 1, seed: 1}}
stages:
  - engine: {{ase: '{path}', energy_scale: x, arguments: {arguments}}}
    analyses: [mixing]
rank: {{minimize: [mixing_temperature_same_host]}}
"""
NOBODY = 65534


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, for a user who has trusted nothing yet."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEBE_TRUST")
    monkeypatch.setattr("hebe.config.trust._accepted", set())
    monkeypatch.chdir(project)
    return project


def campaign(folder: Path, path: str, arguments: str = "{}") -> Path:
    file = folder / "campaign.yaml"
    file.write_text(CAMPAIGN.format(path=path, arguments=arguments))
    return file


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("os:system", "{command: 'touch PWNED'}"),
        ("subprocess:call", "{args: [touch, PWNED]}"),
        ("ase.calculators.vasp:Vasp", "{command: 'touch PWNED'}"),
        ("hebe.engines.program:subprocess", "{}"),
        ("evil:make", "{}"),
    ],
)
def test_a_campaign_imports_nothing_that_is_not_trusted(
    path: str, arguments: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "evil.py").write_text("open('PWNED', 'w')\ndef make(): ...\n")
    monkeypatch.syspath_prepend(str(folder))
    file = campaign(folder, path, arguments)
    for words in (["run", "--inline"], ["space"], ["results"], ["run", "--dry-run"], ["submit"], ["doctor"]):
        code = main([words[0], str(file), *words[1:]])
        assert code in ((1, 2) if words == ["doctor"] else (2,))
        assert f"hebe trust {path.partition(':')[0]}" in capsys.readouterr().err or words == ["doctor"]
    with pytest.raises(UntrustedError):
        get_engine(ASEBlock(ase=path, energy_scale="x"))
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


@pytest.mark.parametrize(
    "engine",
    [
        "{ATOMATE2 {force_field_name: os.system, calculator_kwargs: {command: 'touch PWNED'}}}",
        "{ATOMATE2 {force_field_name: evil.make}}",
        "{ATOMATE2 {force_field_name: {'@module': os, '@callable': system}}}",
        "{ATOMATE2 {force_field_name: MACE, calculator_kwargs: {model: 'https://x/a.model'}}}",
        "{ATOMATE2 {force_field_name: SevenNet, calculator_kwargs: {model: weights.pt}}}",
        "{ATOMATE2 {force_field_name: SevenNet, calculator_kwargs: {model: weights}}}",
        "{name: mace, energy_scale: x, path: weights.pt, sha256: SHA256}",
        "{name: mace, energy_scale: x, path: weights.pt}",
        "{name: orb, energy_scale: x, path: weights.pt, model: orb_v2, arguments: {a: {'_target_': os.system}}}",
        "{name: sevennet, energy_scale: x, path: weights.pt, sha256: SHA256}",
        "{name: sevennet, energy_scale: x, path: pipe}",
    ],
)
def test_no_engine_opens_or_imports_what_a_campaign_brings(
    engine: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "evil.py").write_text("open('PWNED', 'w')\ndef make(): ...\n")
    monkeypatch.syspath_prepend(str(folder))
    os.mkfifo(folder / "pipe")
    for name in ("weights", "weights.pt"):
        (folder / name).write_bytes(pickle.dumps(Evil()))
    file = campaign(folder, "x:y")
    named = "{ase: 'x:y', energy_scale: x, arguments: {}}"
    engine = engine.replace("ATOMATE2", "name: atomate2, energy_scale: x, arguments:")
    engine = engine.replace("SHA256", fingerprint(folder / "weights.pt"))
    file.write_text(file.read_text().replace(named, engine))
    assert main(["run", str(file), "--inline"]) == 2
    said = capsys.readouterr().err
    assert "hebe trust" in said or "a named pipe" in said
    assert f"{file}:8: stages[0].engine." in said
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


def test_weights_that_the_user_trusts_are_known_by_their_content(folder: Path) -> None:
    weights = folder / "weights.pt"
    weights.write_bytes(b"1")
    file = campaign(folder, "x:y")
    named = "{ase: 'x:y', energy_scale: x, arguments: {}}"
    file.write_text(file.read_text().replace(named, "{name: mace, energy_scale: x, path: weights.pt}"))
    assert main(["trust", "--weights", "weights.pt", "--weights", "none"]) == 2
    with pytest.raises(BadInputError, match="can run any program"):
        load_campaign(file)
    assert main(["trust", "--weights", "weights.pt"]) == 0
    load_campaign(file)
    weights.write_bytes(b"2")
    with pytest.raises(BadInputError, match="can run any program"):
        load_campaign(file)


def test_what_is_known_and_what_the_user_trusts_may_be_named(folder: Path) -> None:
    file = campaign(folder, "ase.calculators.emt:EMT")
    load_campaign(file)
    file = campaign(folder, "support.spring_crystal:make")
    with pytest.raises(BadInputError) as caught:
        load_campaign(file)
    assert (caught.value.line, caught.value.key) == (8, "stages[0].engine.ase")
    assert main(["trust", "support.spring_crystal"]) == 0
    load_campaign(file)
    get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="x"))
    assert is_trusted("support.spring_crystal", folder / "deep" / "below")
    assert not is_trusted("support", folder)
    assert not is_trusted("support.spring_crystal", folder.parent)
    assert not is_trusted("support.spring_crystal_of_others", folder)


def test_trust_is_never_read_from_the_project_nor_from_what_others_can_write(folder: Path, tmp_path: Path) -> None:
    for name in ("trust.json", ".hebe/trust.json", ".config/hebe/trust.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'{{"{folder}": ["os"]}}')
    assert not is_trusted("os", folder)
    main(["trust", "os"])
    record = tmp_path / "home" / ".config" / "hebe" / "trust.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert is_trusted("os", folder)
    record.chmod(0o666)
    assert not is_trusted("os", folder)


def forms_of_a_call() -> list[dict[str, Any]]:
    """Jobs that would run a program, as a store can hold them."""
    call = jsanitize(Flow([Job(os.system, function_args=("touch PWNED",))]).as_dict(), strict=True)
    maker = jsanitize(Flow([RelaxMaker(engine={"name": "chgnet"}).make(None)]).as_dict(), strict=True)
    found = [call]
    for changes in (
        {"@module": "hebe.engines.program", "@callable": "os.system", "@bound": None},
        {"@module": "hebe.engines.program", "@callable": "subprocess.run", "@bound": None},
        {"@callable": "RelaxMaker.make.__globals__"},
        {"@callable": "make"},
        {"@bound": {"@module": "evil", "@class": "Evil"}},
        {"@bound": {"@module": "hebe.engines.program", "@class": "subprocess"}},
        {"@bound": {"@module": "os", "@callable": "system"}},
    ):
        other = jsanitize(maker)
        other["jobs"][0]["function"] |= changes
        found.append(other)
    hidden = jsanitize(maker)
    hidden["jobs"][0]["function_args"] = [{"a": [{"@module": "evil", "@class": "Evil"}]}]
    return [*found, hidden]


@pytest.mark.parametrize("number", range(9))
def test_a_store_runs_makers_of_hebe_alone(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "evil.py").write_text("open('PWNED', 'w')\nclass Evil: ...\n")
    monkeypatch.syspath_prepend(str(folder))
    diversion = {"addition": forms_of_a_call()[number]}
    for signature in (None, "", "0" * 64, 7):
        with pytest.raises(UntrustedError, match="this user did not write it there"):
            flows_of({"diversion": diversion, "signature": signature})
    assert not (folder / "PWNED").exists()
    assert "evil" not in sys.modules


def test_makers_of_hebe_and_what_the_user_wrote_himself_run() -> None:
    maker = jsanitize(Flow([RelaxMaker(engine={"name": "chgnet"}).make(None)]).as_dict(), strict=True)
    assert isinstance(flows_of({"diversion": {"replace": maker}})["replace"], Flow)
    own = {"addition": jsanitize(Flow([Job(os.getpid)]).as_dict(), strict=True)}
    record = {"diversion": own, "signature": sign(signed_content(own))}
    assert isinstance(flows_of(record)["addition"], Flow)
    own["addition"]["name"] = "changed"
    with pytest.raises(UntrustedError):
        flows_of(record)


def test_signatures_of_another_user_count_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sign(b"a")
    assert is_signed(b"a", mine)
    assert not is_signed(b"b", mine)
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    assert not is_signed(b"a", mine)
    assert sign(b"a") != mine


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_settings_of_another_user_are_refused_until_they_are_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "hebe.yaml"
    file.write_text("vasp_command: touch PWNED\n")
    assert get_settings().vasp_command == "touch PWNED"
    os.chown(file, NOBODY, NOBODY)
    deep = folder / "deep"
    deep.mkdir()
    with pytest.raises(UntrustedError, match="belongs to another user"):
        get_settings(deep)
    assert main(["status"]) == 2
    assert f"hebe trust --folder {folder}" in capsys.readouterr().err
    assert main(["trust", "--folder", str(folder)]) == 0
    assert get_settings(deep).vasp_command == "touch PWNED"
    assert not (folder / "PWNED").exists()


def test_settings_name_no_executor_that_is_not_trusted(folder: Path) -> None:
    (folder / "hebe.yaml").write_text("launcher: {executor: 'os:system', arguments: {command: touch PWNED}}\n")
    launcher: Any = get_launcher(None, Project(folder))
    with pytest.raises(UntrustedError, match="hebe trust os"):
        launcher.run_flow(Flow([]), None)
    assert [check.status for check in launcher.checks()] == ["failed"]
    assert not (folder / "PWNED").exists()


class Evil:
    """Runs a program when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch PWNED",)


def test_a_forged_question_is_dropped(folder: Path) -> None:
    box = folder / "runs" / "q" / "mail" / "x"
    box.mkdir(parents=True, mode=0o700)
    body = pickle.dumps(Evil())
    Writer(box / "questions").write(1, body)
    Writer(box / "questions").write(2, b"0" * 64 + body)
    Writer(box / "questions").write(3, (sign(body) or "").encode() + body)
    assert _Box(box, Service({}, {}, 10**9, LETTERS)).look()
    assert not (folder / "PWNED").exists()
    assert (box / "answers.0").stat().st_size == 0


def test_not_even_a_question_that_this_user_has_signed_is_unpickled(folder: Path) -> None:
    box = folder / "runs" / "q" / "mail" / "x"
    box.mkdir(parents=True, mode=0o700)
    Writer(box / "questions").write(1, Seal(box).closed("questions", 1, pickle.dumps(Evil())))
    assert _Box(box, Service({}, {}, 10**9, LETTERS)).look()
    assert not (folder / "PWNED").exists()
    assert (box / "answers.0").stat().st_size > 0, "it is told that this is no question"


def test_a_mailbox_of_others_is_none(folder: Path) -> None:
    box = folder / "box"
    box.mkdir(mode=0o700)
    assert is_own(box)
    (folder / "link").symlink_to(box)
    assert not is_own(folder / "link")
    box.chmod(0o777)
    assert not is_own(box)
    assert not is_own(folder / "none")
