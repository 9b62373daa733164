"""Exports that other programs read: crates by rocrate, structures by pymatgen and ASE, tables by pandas."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from pymatgen.core import Structure

from hebe.campaigns.api import project_store, results, run
from hebe.campaigns.structure_files import structure_text
from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign that has run."""
    folder = tmp_path_factory.mktemp("archived")
    (folder / ".hebe").mkdir()
    path = rocksalt(folder, "Mg: [2], Ni: [2]")
    run(path, launcher="inline", progress=False, start=folder)
    return path


@pytest.fixture(scope="module")
def crate(campaign: Path) -> Path:
    """Its crate."""
    from hebe.cli.main import main

    target = campaign.with_name("crate")
    words = ["export", str(campaign), "--format", "ro-crate", "-o", str(target), "--author", "A. Person"]
    assert main(words) == 0
    return target


def graph(crate: Path) -> dict[str, dict[str, Any]]:
    """Entities of a crate by their id."""
    told = json.loads((crate / "ro-crate-metadata.json").read_text())
    assert told["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {one["@id"]: one for one in told["@graph"]}


def test_every_file_is_described_and_every_description_has_its_file(crate: Path) -> None:
    entities = graph(crate)
    files = {str(path.relative_to(crate)): path for path in crate.rglob("*") if path.is_file()}
    described = {name for name, one in entities.items() if one["@type"] == "File"}
    assert described == set(files) - {"ro-crate-metadata.json"}
    assert {part["@id"] for part in entities["./"]["hasPart"]} == described
    for name in described:
        assert int(entities[name]["contentSize"]) == files[name].stat().st_size
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license", "author"} <= set(entities["./"])
    used = [one["@id"] for one in entities["#run"]["instrument"]]
    assert "#hebe" in used
    assert all(name in entities for name in used)


def test_rocrate_reads_it(crate: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate", reason="needs the package rocrate")
    found = rocrate.ROCrate(crate)
    assert found.name == "Campaign rs"
    assert found.license.id == "https://creativecommons.org/licenses/by/4.0/"
    assert [person["name"] for person in found.get_by_type("Person")] == ["A. Person"]
    assert len(found.data_entities) == len([one for one in graph(crate).values() if one["@type"] == "File"])


def test_documents_are_those_of_the_store(crate: Path, campaign: Path) -> None:
    lines = [json.loads(line) for line in gzip.decompress((crate / "documents.jsonl.gz").read_bytes()).splitlines()]
    store = project_store(campaign.parent)
    try:
        kept = {doc["uuid"]: doc for doc in store.docs_store.query({"metadata.campaign": "rs"})}
    finally:
        store.close()
    assert {line["uuid"] for line in lines} == set(kept)
    for line in lines:
        assert line["output"] == json.loads(json.dumps(kept[line["uuid"]]["output"], default=str))


def test_candidates_are_those_of_results_to_the_last_digit(crate: Path, campaign: Path) -> None:
    import pandas as pd

    found = results(campaign).candidates
    assert json.loads((crate / "candidates.json").read_text()) == json.loads(json.dumps(found))
    table = pd.read_csv(crate / "candidates.csv")
    assert list(table["candidate_id"]) == [one["candidate_id"] for one in found]
    energies = [one["mixing"]["same_host"]["dH_eV_per_site"] for one in found]
    assert list(table["mixing.same_host.dH_eV_per_site"]) == energies


def structures(crate: Path) -> Iterator[tuple[Path, Structure]]:
    """Files of structures without their suffix, and what the documents have."""
    lines = [json.loads(line) for line in gzip.decompress((crate / "documents.jsonl.gz").read_bytes()).splitlines()]
    by_key = {line["output"]["key"]: line["output"] for line in lines if line["output"].get("energy_eV") is not None}
    for one in json.loads((crate / "candidates.json").read_text()):
        key = one["calculations"][one["configuration"]]
        yield crate / "structures" / one["candidate_id"], Structure.from_dict(by_key[key]["structure"])


def test_pymatgen_and_ase_read_the_structures_without_loss(crate: Path) -> None:
    for stem, stored in structures(crate):
        symbols = [site.specie.symbol for site in stored]
        poscar = Structure.from_file(stem.with_suffix(".vasp"))
        assert poscar.lattice.matrix == pytest.approx(stored.lattice.matrix, abs=1e-12)
        assert same_sites(poscar, stored, 1e-10)
        assert same_sites(Structure.from_file(stem.with_suffix(".cif")), stored, 1e-5)
        atoms = read(stem.with_suffix(".xyz"))
        assert isinstance(atoms, Atoms)
        assert atoms.get_chemical_symbols() == symbols
        assert atoms.get_positions() == pytest.approx(stored.cart_coords, abs=1e-7)
        assert atoms.get_cell()[:] == pytest.approx(stored.lattice.matrix, abs=1e-7)
        assert atoms.info["candidate_id"] == stem.name
        assert isinstance(atoms.info["energy_eV"], float)
        by_ase = read(stem.with_suffix(".vasp"), format="vasp")
        assert isinstance(by_ase, Atoms)
        assert sorted(by_ase.get_chemical_symbols()) == sorted(symbols)
        assert by_ase.get_volume() == pytest.approx(stored.volume, rel=1e-12)


def same_sites(found: Structure, stored: Structure, tolerance_A: float) -> bool:
    """Whether each site of one has a site of the other with its element in its place, in a lattice of equal lengths."""
    assert found.lattice.parameters == pytest.approx(stored.lattice.parameters, abs=1e-6)
    for site in stored:
        near = [
            other
            for other in found
            if other.specie.symbol == site.specie.symbol
            and np.linalg.norm(stored.lattice.get_cartesian_coords(shortest(other.frac_coords - site.frac_coords)))
            < tolerance_A
        ]
        if len(near) != 1:
            return False
    return len(found) == len(stored)


def shortest(difference: Any) -> Any:
    """Difference of fractions to the nearest image."""
    return difference - np.round(difference)


def test_a_zip_holds_the_same(crate: Path, campaign: Path, capsys: Captured, tmp_path: Path) -> None:
    target = tmp_path / "crate.zip"
    done = hebe(capsys, "export", campaign, "--format", "ro-crate", "-o", target, "--json")
    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None
    assert names == {str(path.relative_to(crate)) for path in crate.rglob("*") if path.is_file()}
    assert done.json["documents"] == len(names)


@pytest.mark.parametrize("suffix", [".vasp", ".xyz", ".cif"])
def test_one_structure_goes_to_a_file_by_its_suffix(
    campaign: Path, capsys: Captured, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(campaign.parent)
    first = results(campaign)[0].candidate_id
    file = tmp_path / f"one{suffix}"
    assert hebe(capsys, "export", first, "-o", file).code == 0
    atoms = read(file, format={".vasp": "vasp", ".xyz": "extxyz", ".cif": "cif"}[suffix])
    assert isinstance(atoms, Atoms)
    assert len(atoms) == 8


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["CAMPAIGN", "--format", "ro-crate"], "a crate goes to a folder"),
        (["nothing-here", "--format", "ro-crate", "-o", "TARGET"], "of a campaign"),
        (["CAMPAIGN", "--format", "ro-crate", "-o", "FULL"], "there is something already"),
        (["CAMPAIGN", "--format", "ro-crate", "-o", "TARGET", "--license", "mine"], "no licence is called"),
    ],
)
def test_what_cannot_be_packed_is_refused(
    campaign: Path, capsys: Captured, tmp_path: Path, words: list[str], reason: str
) -> None:
    places = {"CAMPAIGN": str(campaign), "TARGET": str(tmp_path / "new"), "FULL": str(campaign.parent)}
    outcome = hebe(capsys, "export", *(places.get(word, word) for word in words))
    assert outcome.code == 2
    assert reason in outcome.err
    assert not (tmp_path / "new").exists()


def test_extended_xyz_says_what_it_is_told() -> None:
    structure = Structure([[4.2, 0, 0], [0, 4.2, 0], [0, 0, 4.2]], ["Mg2+", "O2-"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    about = {"energy_eV": -1.25, "engine": "a b=c", "nothing": None}
    atoms = read(io.StringIO(structure_text(structure, "extxyz", about)), format="extxyz")
    assert isinstance(atoms, Atoms)
    assert atoms.info == {"energy_eV": -1.25, "engine": "a b=c"}
    assert atoms.get_chemical_symbols() == ["Mg", "O"]
