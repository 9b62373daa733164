"""Engine blocks: what is written, how it is stored, and engines that other packages add."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jobflow import Job
from pymatgen.core import Lattice, Structure

import hebe
from hebe.config.engines import BUILT_IN, EngineBlock, EngineSpec, engine_names
from hebe.config.engines.ase import ASEBlock
from hebe.config.engines.base import block_of
from hebe.config.engines.gpaw import GPAWBlock
from hebe.config.engines.potentials import potentials
from hebe.config.plugins import plugins
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.config.stage import Stage
from hebe.doctor.health import examine
from hebe.engines import get_engine
from hebe.engines.protocol import Engine
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from support.campaigns import rocksalt
from support.engine_package import install

if TYPE_CHECKING:
    from collections.abc import Iterator

_POTENTIAL = {"arguments": {}, "check_minimum": True, "fmax": 0.01, "steps": 300}
_DFT = {"arguments": {}, "check_minimum": False, "fmax": 0.05, "steps": 300}
_VASP = {
    "bader": False,
    "corrections": "none",
    "incar": {},
    "keep_files": [],
    "magnetic_order": "ferromagnetic",
    "potcars": {},
    "symmetry": "auto",
}
_SPRINGS = {"ase": "support.spring_crystal:make", "energy_scale": "springs"}
STORED: list[tuple[Any, dict[str, Any]]] = [
    ("chgnet", {"name": "chgnet", **_POTENTIAL}),
    (
        {"name": "chgnet", "fmax": "50 meV/A", "steps": 200},
        {"name": "chgnet", **_POTENTIAL, "fmax": 0.05, "steps": 200},
    ),
    ({"name": "chgnet", "check_minimum": False}, {"name": "chgnet", **_POTENTIAL, "check_minimum": False}),
    ({"name": "chgnet", "model": "0.3.0"}, {"name": "chgnet", **_POTENTIAL}),
    ({"name": "chgnet", "model": "r2scan"}, {"name": "chgnet", **_POTENTIAL, "model": "r2scan"}),
    (
        {"name": "chgnet", "mixing_error": "19 meV/atom", "voltage_error": "340 mV"},
        {"name": "chgnet", **_POTENTIAL, "mixing_error": 0.019, "voltage_error": 0.34},
    ),
    ({"name": "sevennet", "model": 0}, {"name": "sevennet", **_POTENTIAL, "model": "0"}),
    ("gpaw", {"name": "gpaw", **_DFT}),
    (
        {"name": "gpaw", "preset": "ci", "settings": {"spin": False, "cutoff": 500}},
        {"name": "gpaw", **_DFT, "preset": "ci", "settings": {"cutoff": 500.0, "spin": "off"}},
    ),
    ("abinit", {"name": "abinit", **_DFT}),
    (
        {"name": "abinit", "settings": {"variables": {"nline": 6}}, "check_minimum": True},
        {"name": "abinit", **_DFT, "settings": {"variables": {"nline": 6}}, "check_minimum": True},
    ),
    ("vasp", {"name": "vasp", **_DFT}),
    (
        {"name": "vasp", "preset": "mp-gga", "settings": {"k_spacing": 0.6}},
        {"name": "vasp", **_DFT, "preset": "mp-gga", "settings": {**_VASP, "k_spacing": 0.6}},
    ),
    ("atomate2", {"name": "atomate2", **_POTENTIAL, "check_minimum": False}),
    (
        {"name": "atomate2", "arguments": {"force_field_name": "MACE-MP-0"}, "energy_scale": "mace"},
        {
            "name": "atomate2",
            **_POTENTIAL,
            "check_minimum": False,
            "arguments": {"force_field_name": "MACE-MP-0"},
            "energy_scale": "mace",
        },
    ),
    (_SPRINGS, {**_SPRINGS, **_POTENTIAL}),
    ({**_SPRINGS, "arguments": {"depth": 2.6}}, {**_SPRINGS, **_POTENTIAL, "arguments": {"depth": 2.6}}),
]
"""What is written, and what ids of jobs were made with before engines had blocks of their own."""


@pytest.mark.parametrize(("written", "stored"), STORED)
def test_blocks_are_stored_as_they_always_were(written: Any, stored: dict[str, Any]) -> None:
    block = EngineSpec.model_validate(written)
    plain = block.model_dump(mode="json", exclude_none=True)
    assert json.dumps(plain, sort_keys=True) == json.dumps(stored, sort_keys=True)
    assert EngineSpec.model_validate(plain) == block
    stage = Stage.model_validate({"engine": written})
    assert stage.engine == block
    assert stage.model_dump(mode="json", exclude_none=True)["engine"] == plain
    errors = {"mixing_error", "voltage_error"}
    assert not (errors - stored.keys()) & block.model_dump(mode="json").keys(), (
        "ids of later stages hold what is null too"
    )
    assert block.of_calculations() == {key: value for key, value in plain.items() if key not in errors}


@pytest.mark.parametrize(
    ("block", "line", "key", "words"),
    [
        ("chgnt", 1, "engine", "unknown name 'chgnt' (did you mean chgnet?)"),
        ({"name": "ase"}, 2, "engine.name", "unknown name 'ase' (known: chgnet"),
        ({"name": "chgnt"}, 2, "engine.name", "did you mean chgnet?"),
        ({"name": "chgnet", "fmx": 1}, 3, "engine.fmx", "unknown key 'fmx' (did you mean fmax?)"),
        ({"name": "gpaw", "settings": {"cutof": 9}}, 4, "engine.settings.cutof", "did you mean cutoff?"),
        ({"name": "vasp", "settings": {"cutof": 9}}, 4, "engine.settings.cutof", "known keys: base, incar"),
        ({"name": "chgnet", "preset": "ci"}, 3, "engine.preset", "can belong to gpaw, abinit or vasp, not to chgnet"),
        ({"name": "gpaw", "preset": "cii"}, 3, "engine.preset", "gpaw has no preset 'cii' (did you mean ci?)"),
        (
            {"name": "chgnet", "arguments": {"a": 1}},
            3,
            "engine.arguments",
            "belong to an ASE calculator, atomate2, mace",
        ),
        ({"ase": "a.b:c"}, 1, "engine", "an ASE calculator needs energy_scale"),
        ({"ase": "abc", "energy_scale": "x"}, 2, "engine.ase", "expected a text of the form"),
        ({"fmax": 0.1}, 1, "engine", "give the name of an engine (chgnet, sevennet, gpaw"),
        ({"ase": "a:b", "name": "gpaw"}, 1, "engine", "give the name of an engine (chgnet, sevennet, gpaw"),
        ({"check_minimum": True, "name": "vasp"}, 2, "engine.check_minimum", "has an optimizer of its own"),
        (5, 1, "engine", "expected a mapping, got 5"),
        ({"name": "chgnet", "mixing_error": "0.3 V"}, 3, "engine.mixing_error", "with the unit eV/atom or meV/atom"),
        ({"name": "chgnet", "mixing_error": 0}, 3, "engine.mixing_error", "expected more than 0"),
        ({"name": "gpaw", "voltage_error": "3 eV"}, 3, "engine.voltage_error", "with the unit V or mV"),
    ],
)
def test_mistakes_name_line_key_and_what_would_do(block: Any, line: int, key: str, words: str) -> None:
    text = yaml.safe_dump({"engine": block}, sort_keys=False)
    with pytest.raises(BadInputError, match=re.escape(words)) as caught:
        load_model(Stage, parse_yaml(text.encode(), file="stage.yaml"))
    assert (caught.value.key, caught.value.line) == (key, line)


def test_a_block_of_no_engine_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="the class of its engine"):
        EngineBlock(fmax=0.1)


@pytest.mark.parametrize("name", BUILT_IN)
def test_engines_of_the_package_give_what_their_traits_say(name: str) -> None:
    block = block_of(name)
    written: Any = _SPRINGS if name == "ase" else name
    spec = EngineSpec.model_validate(written)
    assert type(spec) is block
    engine = get_engine(spec)
    assert engine.capabilities >= block.traits.capabilities
    assert not (spec.check_minimum and spec.traits.costly)
    assert spec.traits.default_preset in (spec.traits.presets or ("",))


def test_cells_do_not_relax_with_a_small_basis() -> None:
    low = GPAWBlock(preset="ci")
    assert low.refuses("static") is None
    assert low.refuses("relax-ions") is None
    reason, hint = low.refuses("relax") or ("", "")
    assert "400 eV" in reason
    assert "600 eV" in hint
    assert GPAWBlock(preset="screen").refuses("relax") is None


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder on the path with a package that adds the engine ``springs``."""
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    plugins.cache_clear()
    yield folder
    plugins.cache_clear()
    sys.modules.pop("other_springs", None)


def test_another_package_adds_an_engine_with_settings_of_its_own(installed: Path) -> None:
    assert installed.is_dir()
    assert engine_names()[-1] == "springs"
    soft, stiff = (EngineSpec.model_validate({"name": "springs", "stiffness": {"depth": d}}) for d in (1.0, 3.0))
    same = get_engine(ASEBlock(ase=_SPRINGS["ase"], energy_scale="springs", arguments={"depth": 3.0}))
    engine = get_engine(stiff)
    assert isinstance(engine, Engine)
    assert engine.settings == {"depth": 3.0}
    assert get_engine(soft).settings == {"depth": 1.0}
    assert get_engine("springs").settings == {"depth": 2.0}
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    relaxed, expected = (one.relax(cell, fmax=0.01) for one in (engine, same))
    assert relaxed.converged
    assert relaxed.energy_eV == expected.energy_eV
    assert engine.static(cell).energy_eV == engine.evaluate(cell).energy_eV > relaxed.energy_eV


def test_mistakes_in_settings_of_another_package_are_found(installed: Path) -> None:
    assert installed.is_dir()
    source = parse_yaml(b"engine:\n  name: springs\n  stiffness:\n    deph: 3\n", file="stage.yaml")
    with pytest.raises(BadInputError, match=r"unknown key 'deph' \(did you mean depth\?\)") as caught:
        load_model(Stage, source)
    assert (caught.value.line, caught.value.key) == (4, "engine.stiffness.deph")
    with pytest.raises(BadInputError, match=r"did you mean springs\?"):
        load_model(Stage, parse_yaml(b"engine: sprngs\n", file="stage.yaml"))


def test_a_campaign_runs_with_the_engine_of_another_package(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installed.is_dir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    path = rocksalt(tmp_path, engine="{name: springs, stiffness: {depth: 2.6}}")
    jobs = [job for job in campaign_flow(hebe.load_campaign(path)).jobs if isinstance(job, Job)]
    makers: list[Any] = [job.maker for job in jobs if hasattr(job.maker, "engine")]
    assert makers
    assert all(maker.engine["stiffness"] == {"depth": 2.6} for maker in makers)
    (tmp_path / "weak").mkdir()
    weak = rocksalt(tmp_path / "weak", engine="{name: springs, stiffness: {depth: 0.01}}")
    with pytest.raises(BadInputError, match="springs of no depth have no volume"):
        hebe.load_campaign(weak)


def test_what_is_no_block_is_refused(installed: Path) -> None:
    (installed / "other_springs-1.0.dist-info" / "entry_points.txt").write_text(
        "[hebe.engines]\nsprings = json:loads\n"
    )
    plugins.cache_clear()
    with pytest.raises(ValueError, match="is no engine block"):
        EngineSpec.model_validate("springs")
    with pytest.raises(BadInputError, match="is no engine block"):
        get_engine("springs")
    (check,) = (check for check in examine() if check.name == "engine springs")
    assert (check.status, check.needed) == ("absent", False), (
        "one broken package is a line of the doctor's, not its end"
    )


SOURCE = Path(hebe.__file__).parent
NAMED_THERE = (
    "config/engines/",
    "engines/",
    "makers/gpaw.py",  # makers of atomate2 that compute with GPAW
    "campaigns/vasp_folders.py",  # the commands inputs and adopt are about VASP's folders
    "cli/vasp.py",
    "cli/main.py",  # lists the modules of commands
    "cli/template.py",  # the text of an example
    "config/cluster.py",  # an example in a message
    "science/structures/given_cells.py",  # formats of files
    "campaigns/literature.py",  # the text of a campaign
    "campaigns/archive.py",  # formats of files
    "campaigns/structure_files.py",  # the same
    "config/decoding.py",  # packages whose classes may be decoded
    "config/settings.py",  # where programs are on this machine
)
"""Files that may name an engine."""


def named(path: Path) -> set[str]:
    """Engines that the code of a file names; what its documentation says does not count.

    Those of the table are short words, such as grace: they count as texts alone.
    """
    names = re.compile("|".join({*engine_names(), *BUILT_IN} - {"ase"} - potentials().keys()), re.IGNORECASE)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    words: list[str] = []
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                words.append(text)
                found |= {text} & potentials().keys()
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.alias(name=text) | ast.arg(arg=text):
                words.append(text)
            case ast.ImportFrom(module=str(text)):
                words.append(text)
    return found | {name.lower() for word in words for name in names.findall(word)}


def test_no_other_file_names_an_engine() -> None:
    assert named(SOURCE / "engines" / "gpaw" / "engine.py") == {"gpaw"}
    files = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    assert len(files) > 200
    found = {name: named(path) for name, path in files.items() if not name.startswith(NAMED_THERE)}
    assert {name: engines for name, engines in found.items() if engines} == {}
