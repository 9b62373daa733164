"""Potentials by the file of their weights: what is refused, what is trusted, what enters the key."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pytest
import yaml

import hebe
from hebe.config.engines import EngineSpec, engine_names
from hebe.config.engines.base import Traits, block_of
from hebe.config.engines.fingerprint import fingerprint
from hebe.config.engines.potentials import Potential, PotentialBlock, potentials
from hebe.config.reading.wording import RefusedValueError
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.config.stage import Stage
from hebe.engines import get_engine
from hebe.engines.ase import ASEEngine
from hebe.engines.potentials import PotentialEngine
from hebe.exceptions import BadInputError, EngineError, MissingDependencyError
from support.campaigns import rocksalt
from support.crystals import sodium

if TYPE_CHECKING:
    from pathlib import Path

TRUST = "can run any program when it is opened, and nobody has said that it is trusted"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class SpringsBlock(PotentialBlock):
    """A potential like the rows of the table, whose package is that of the tests."""

    potential: ClassVar[Potential] = Potential(
        package="springs",
        module="support.torch_spring",
        licence="MIT",
        factory=("support.no_such_module:read", "support.torch_spring:read_torch"),
        arguments=("weights",),
        energy_scale="springs-{weights}",
        get="write a number into a file",
    )
    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.potentials:from_block", called="springs", takes_arguments=True
    )

    name: Literal["springs"] = "springs"


class LoadedBlock(SpringsBlock):
    """The same with a loader, which returns more than one thing."""

    potential: ClassVar[Potential] = SpringsBlock.potential.model_copy(
        update={
            "factory": ("support.torch_spring:TorchSpring",),
            "arguments": ("depth", "length"),
            "loader": "support.torch_spring:{model}",
            "from_file": "weights",
            "runs_code": False,
        }
    )


def trust(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    monkeypatch.setenv("HEBE_TRUST", ",".join(["support", *(f"sha256:{sha256(text)}" for text in texts)]))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    trust(monkeypatch, "1.5")
    path = tmp_path / "springs.pt"
    path.write_text("1.5", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", potentials())
def test_without_weights_it_is_said_how_to_get_them(name: str) -> None:
    assert name in engine_names()
    text = yaml.safe_dump({"engine": {"name": name}})
    with pytest.raises(BadInputError, match=f"{name} needs path, its weights: none are downloaded") as caught:
        load_model(Stage, parse_yaml(text.encode(), file="stage.yaml"))
    assert str(caught.value.suggestion).startswith(potentials()[name].get)
    assert "as in docs/engines.md" in str(caught.value.suggestion)
    assert caught.value.key == "engine"


@pytest.mark.parametrize("name", potentials())
def test_a_package_that_is_missing_is_named_with_what_to_install(name: str, weights: Path) -> None:
    row = potentials()[name]
    keys = {"name": name, "path": str(weights), "energy_scale": "x", "sha256": sha256("1.5")}
    engine = get_engine(EngineSpec.model_validate(keys | ({"model": "any"} if row.names_a_model else {})))
    assert engine.settings["weights"] == sha256("1.5")[:16]
    with pytest.raises(MissingDependencyError, match=re.escape(f"engine {name} needs {row.package}: pip install")):
        engine.check()


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"name": "mace", "path": "a"}, "engine", "models of several functionals: give energy_scale"),
        ({"name": "orb", "path": "a", "energy_scale": "x"}, "engine", "orb needs model"),
        ({"name": "mace", "path": "a", "energy_scale": "x", "model": "y"}, "engine.model", "says which model of mace"),
        (
            {"name": "mace", "path": "a", "energy_scale": "x", "arguments": {"device": "cpu"}},
            "engine.arguments",
            "device is given by the engine",
        ),
        ({"name": "mace", "path": "a", "sha256": "abc", "energy_scale": "x"}, "engine.sha256", "expected a text"),
        ({"name": "sevennet", "path": "a"}, "engine", "a file of weights needs energy_scale"),
        ({"name": "sevennet", "path": "a", "model": "l3i5"}, "engine.model", "give model or path, not both"),
        (
            {"name": "sevennet", "model": "omat"},
            "engine.model",
            "no weights of the model omat, and none are downloaded",
        ),
        ({"name": "sevennet", "model": "l3i6"}, "engine.model", "no model 'l3i6' (did you mean l3i5?)"),
        ({"name": "sevennet", "model": "mf-0"}, "engine", "the model mf-0 has the modals PBE, R2SCAN"),
        ({"name": "sevennet", "modal": "PBE"}, "engine.modal", "the model l3i5 has no modals"),
        ({"name": "sevennet", "sha256": "0" * 64}, "engine.sha256", "sha256 belongs to a file of weights"),
        ({"name": "chgnet", "model": "r2scam"}, "engine.model", "chgnet has no model 'r2scam' (did you mean r2scan?)"),
        ({"name": "chgnet", "path": "a"}, "engine.path", "path can belong to sevennet, mace"),
    ],
)
def test_mistakes_name_the_key_and_what_would_do(keys: dict[str, Any], key: str, words: str) -> None:
    text = yaml.safe_dump({"engine": keys}, sort_keys=False)
    with pytest.raises(BadInputError, match=re.escape(words)) as caught:
        load_model(Stage, parse_yaml(text.encode(), file="stage.yaml"))
    assert caught.value.key == key


def test_a_file_that_is_a_program_is_not_opened_unless_its_content_is_trusted(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PotentialEngine(SpringsBlock(path=str(weights))).check()
    trust(monkeypatch, "1.25")
    for named in (None, sha256("1.5")):
        unknown = PotentialEngine(SpringsBlock(path=str(weights), sha256=named))
        with pytest.raises(BadInputError, match=TRUST) as caught:
            unknown.evaluate(sodium())
        assert sha256("1.5") in str(caught.value.suggestion)
        assert f"hebe trust --weights {weights}" in str(caught.value.suggestion)
    other = PotentialEngine(SpringsBlock(path=str(weights), sha256=sha256("1.25")))
    with pytest.raises(BadInputError, match=f"another content .* its sha256 is {sha256('1.5')}"):
        other.check()
    lost = PotentialEngine(SpringsBlock(path=str(weights.parent / "none"), sha256=sha256("1.5")))
    with pytest.raises(BadInputError, match="cannot be read"):
        lost.check()


def test_it_computes_like_its_own_calculator(weights: Path) -> None:
    engine = PotentialEngine(SpringsBlock(path=str(weights), sha256=sha256("1.5")))
    engine.check()
    own = ASEEngine("support.torch_spring:read_torch", {"weights": str(weights)}, "springs")
    found, expected = engine.evaluate(sodium(3.9)), own.evaluate(sodium(3.9))
    assert found.energy_eV == expected.energy_eV != 0
    assert (found.stress == expected.stress).all()
    for bad in (
        {"model": "other.pt"},
        {"a": {"@module": "os"}},
        {"a": [{"_target_": "os.system"}]},
        {"a": "a/b"},
        {"a": "."},
    ):
        with pytest.raises(BadInputError, match=r"stages.engine.arguments: .*hebe trust springs"):
            PotentialEngine(SpringsBlock(path=str(weights), arguments=bad)).check()
    PotentialEngine(SpringsBlock(path=str(weights), arguments={"a": ["", "float64", 1.5, None]})).check()
    with pytest.raises(EngineError, match="cannot be made: TypeError"):
        PotentialEngine(SpringsBlock(path=str(weights), sha256=sha256("1.5"), arguments={"nothing": 1})).evaluate(
            sodium()
        )


def test_a_loader_reads_the_file_first(weights: Path) -> None:
    engine = PotentialEngine(LoadedBlock(path=str(weights), model="numbers"))
    own = PotentialEngine(SpringsBlock(path=str(weights), sha256=sha256("1.5")))
    assert engine.evaluate(sodium(3.9)).energy_eV == own.evaluate(sodium(3.9)).energy_eV
    assert engine.settings["model"] == "numbers"


def test_the_content_of_the_file_enters_the_key_and_the_scale(weights: Path) -> None:
    copy = weights.with_name("copy.pt")
    copy.write_text("1.5", encoding="utf-8")
    other = weights.with_name("other.pt")
    other.write_text("1.25", encoding="utf-8")
    first, same, third = (PotentialEngine(SpringsBlock(path=str(path))) for path in (weights, copy, other))
    assert first.settings == same.settings
    assert first.settings["weights"] != third.settings["weights"]
    assert first.energy_scale == f"springs-{sha256('1.5')[:8]}"
    assert PotentialEngine(SpringsBlock(path=str(other), energy_scale="mine")).energy_scale == "mine"
    copy.write_text("2.5", encoding="utf-8")
    assert same.settings["weights"] == sha256("2.5")[:16], "the file was written again"


def test_a_folder_has_the_hash_of_the_names_and_the_content_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    (folder / "b").write_text("2")
    (folder / "inner" / "a").write_text("1")
    lines = f"{sha256('2')}  b\n{sha256('1')}  inner/a\n"
    assert fingerprint(folder) == sha256(lines)
    (folder / "b").rename(folder / "c")
    assert fingerprint(folder) != sha256(lines)


def test_paths_are_relative_to_the_campaign_and_the_content_is_fixed_when_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, "1.5")
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / "some.model"
    path.write_text("1.5", encoding="utf-8")
    keys = f"name: mace, path: weights/some.model, energy_scale: x, sha256: {sha256('1.5')}"
    campaign = hebe.load_campaign(rocksalt(tmp_path, engine=f"{{{keys}}}"))
    block = campaign.stages[0].engine
    assert isinstance(block, PotentialBlock)
    assert (block.path, block.sha256) == (str(path), sha256("1.5"))
    path.write_text("1.25", encoding="utf-8")
    with pytest.raises(BadInputError, match="another content than the one that is named") as caught:
        hebe.load_campaign(rocksalt(tmp_path, engine=f"{{{keys}}}"))
    assert caught.value.key == "stages[0].engine.sha256"
    assert caught.value.line is not None
    with pytest.raises(BadInputError, match=TRUST):
        hebe.load_campaign(rocksalt(tmp_path, engine="{name: mace, path: weights/some.model, energy_scale: x}"))
    orb = "{name: orb, path: weights/some.model, energy_scale: x, model: orb_v2}"
    found = hebe.load_campaign(rocksalt(tmp_path, engine=orb)).stages[0].engine
    assert isinstance(found, PotentialBlock)
    assert found.sha256 == sha256("1.25"), "numbers alone need no trust, but a file that changes is another one"


def test_the_same_block_class_reads_a_name_every_time() -> None:
    assert block_of("mace") is block_of("mace")
    assert block_of("mace") is not block_of("orb")
    with pytest.raises(RefusedValueError, match="unknown name"):
        block_of("mace-mp-0")
