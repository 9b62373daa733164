"""Folders as VASP 5, custodian and atomate leave them, and numbers that VASP could not write.

The forms are those of public files: LDAUTYPE as an array in the vasprun.xml of VASP 5.2 to 5.4.4 (pymatgen's test
files), ``.relax1`` and ``.relax2`` and compression as in custodian's and emmet's, ``****`` where a number is too wide.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shutil
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.campaigns.api import project_store
from hebe.campaigns.vasp_folders import adopt
from hebe.engines.vasp.adoption import RECORD, read_result, write_folder
from hebe.engines.vasp.inputs import RELAX, STATIC, Job
from support.vasp import distorted, engine, run_folders, use_stand_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static calculation and a relaxation in two runs, without records."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        use_stand_in(folder, patch)
        for name, job in (("static", Job(STATIC)), ("double", Job(RELAX, 0.05))):
            write_folder(engine(), job, distorted(), folder / name, {})
            (folder / name / RECORD).unlink()
            run_folders(folder / name)
        double = folder / "double"
        _rename(double, ".relax1")
        for name in ("INCAR", "KPOINTS", "POTCAR"):
            shutil.copy(double / f"{name}.relax1", double / name)
        shutil.copy(double / "CONTCAR.relax1", double / "POSCAR")
        run_folders(double)
        _rename(double, ".relax2", but=".relax1")
    return folder


@pytest.fixture
def project(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of them in an empty project; a good one stands beside the one that a test changes."""
    use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished / "static", tmp_path / "tree" / "a")
    return tmp_path


@pytest.fixture
def place(project: Path) -> Path:
    return project / "tree" / "a"


@pytest.fixture
def double(project: Path, finished: Path) -> Path:
    shutil.rmtree(project / "tree" / "a")
    return shutil.copytree(finished / "double", project / "tree" / "double")


def _rename(folder: Path, ending: str, but: str = "\0") -> None:
    for file in list(folder.iterdir()):
        if but not in file.name:
            file.rename(folder / (file.name + ending))


def replace(file: Path, pattern: str, text: str, count: int = 0) -> None:
    before = file.read_text()
    after = re.sub(pattern, text, before, count=count)
    assert after != before, pattern
    file.write_text(after)


def as_array(tag: str) -> Callable[[Path], object]:
    """What VASP 5 writes of a single number."""
    pattern = rf'<i( type="\w+")? name="{tag}">([^<]*)</i>'
    return lambda place: replace(place / "vasprun.xml", pattern, rf'<v\1 name="{tag}">\2</v>')


def packed(ending: str) -> Callable[[Path], object]:
    opener = {".gz": gzip, ".bz2": bz2, ".xz": lzma}[ending]

    def pack(place: Path) -> None:
        for file in list(place.iterdir()):
            file.with_name(file.name + ending).write_bytes(opener.compress(file.read_bytes()))
            file.unlink()

    return pack


def broken_sides(place: Path) -> None:
    """Files beside the output that nothing is read from."""
    (place / "custodian.json").write_text('[{"job": ')
    (place / "transformations.json").write_bytes(b"\xff\xfe")
    (place / "INCAR.orig").write_text("NSW = what\n= =")
    (place / "KPOINTS").write_text("")
    (place / "POTCAR").write_bytes(b"\x00" * 40)
    (place / "OSZICAR").write_text("*" * 100)
    (place / "CHGCAR").write_text("half a")
    (place / "vaspout.h5").write_bytes(b"not hdf")


def renamed_and_packed(place: Path) -> None:
    _rename(place, ".relax2")
    packed(".gz")(place)


def a_folder_instead(place: Path) -> None:
    (place / "vasprun.xml").unlink()
    (place / "vasprun.xml").mkdir()


TAKEN: dict[str, Callable[[Path], object]] = {
    "as it is": lambda _place: None,
    "LDAUTYPE of VASP 5": as_array("LDAUTYPE"),
    "LDAUPRINT of VASP 5": as_array("LDAUPRINT"),
    "another single number as an array": as_array("EDIFF"),
    "gz": packed(".gz"),
    "bz2": packed(".bz2"),
    "xz": packed(".xz"),
    "broken side files": broken_sides,
    "the only run of custodian": partial(_rename, ending=".relax1"),
    "renamed and packed": renamed_and_packed,
}


@pytest.mark.parametrize("change", TAKEN.values(), ids=TAKEN.keys())
def test_real_forms_are_taken_in(place: Path, change: Callable[[Path], object]) -> None:
    before = adopt(place, dry_run=True)["adopted"]
    change(place)
    found = adopt(place)
    assert found["refused"] == []
    assert found["adopted"] == before, "the same calculation"


def stars(pattern: str, file: str = "vasprun.xml") -> Callable[[Path], object]:
    return lambda place: replace(place / file, pattern, r"\1 **************** \2")


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "energy": (stars(r'(<i name="e_0_energy">)[^<]*(</i>)'), "not a number in vasprun.xml: energy"),
    "free energy": (stars(r'(<i name="e_fr_energy">)[^<]*(</i>)'), "not a number in vasprun.xml: .*last step"),
    "NaN": (lambda p: replace(p / "vasprun.xml", r'(<i name="e_0_energy">)[^<]*', r"\1 NaN "), "not a number"),
    "infinite": (
        lambda p: replace(p / "vasprun.xml", r'(<i name="e_0_energy">)[^<]*', r"\1 Infinity "),
        "not a number",
    ),
    "a force": (
        lambda p: replace(p / "vasprun.xml", r'(<varray name="forces" ?>\s*<v>)\s*\S+', r"\1 **************"),
        "not a number in vasprun.xml: forces",
    ),
    "a stress": (
        lambda p: replace(p / "vasprun.xml", r'(<varray name="stress" ?>\s*<v>)\s*\S+', r"\1 **************"),
        "not a number in vasprun.xml: stress",
    ),
    "half a gz": (
        lambda p: (packed(".gz")(p), (p / "OUTCAR.gz").write_bytes((p / "OUTCAR.gz").read_bytes()[:99])),
        "OUTCAR.gz cannot be decompressed",
    ),
    "a bz2 that is none": (
        lambda p: (packed(".bz2")(p), (p / "vasprun.xml.bz2").write_bytes(b"no archive")),
        "vasprun.xml.bz2 cannot be decompressed",
    ),
    "other names": (lambda p: (p / "OUTCAR").rename(p / "OUTCAR.static"), "the output is called OUTCAR.static"),
    "an array where a number belongs": (
        lambda p: replace(
            p / "vasprun.xml", r'<i type="int" name="LDAUTYPE">[^<]*</i>', '<v type="int" name="LDAUTYPE"> 2 2 </v>'
        ),
        "LDAUTYPE is \\[2, 2\\], not 2",
    ),
    "a folder called vasprun.xml": (a_folder_instead, "there is no vasprun.xml"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_read_is_a_line_and_the_tree_goes_on(
    place: Path, change: Callable[[Path], object], words: str
) -> None:
    shutil.copytree(place, place.with_name("b"))
    change(place)
    found = adopt(place.parent)
    (refused,) = found["refused"]
    assert refused["folder"] == str(place)
    assert re.search(words, refused["reason"]), refused["reason"]
    assert "\n" not in refused["reason"]
    assert "hebe-vasp-" not in refused["reason"], "the folder that it was read in is nobody's business"
    assert [entry["folder"] for entry in found["adopted"]] == [str(place.with_name("b"))]
    assert np.isfinite(found["adopted"][0]["energy_eV"])


def test_any_error_of_a_parser_is_a_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no test has foreseen."""
    shutil.copytree(place, place.with_name("b"))
    (place / "POSCAR").write_text("odd " + (place / "POSCAR").read_text())

    def sometimes(made: object, folder: object) -> object:
        if (folder.path / "POSCAR").read_text().startswith("odd"):  # type: ignore[attr-defined]
            raise RecursionError("two\nlines")
        return read_result(made, folder)  # type: ignore[arg-type]

    monkeypatch.setattr("hebe.campaigns.vasp_folders.read_result", sometimes)
    found = adopt(place.parent)
    assert [one["reason"] for one in found["refused"]] == ["it cannot be read: RecursionError: two lines"]
    assert len(found["adopted"]) == 1


def test_a_double_relaxation_is_its_last_run_from_its_first_start(double: Path) -> None:
    second = double.with_name("second")
    second.mkdir()
    for file in double.glob("*.relax2"):
        shutil.copy(file, second / file.name.removesuffix(".relax2"))
    found = adopt(double.parent)
    assert found["refused"] == []
    energies = {entry["folder"]: entry["energy_eV"] for entry in found["adopted"]}
    keys = {entry["folder"]: entry["key"] for entry in found["adopted"]}
    assert energies[str(double)] == energies[str(second)]
    assert keys[str(double)] != keys[str(second)], "one began at POSCAR.relax1, the other where the first run ended"
    store = project_store(double)
    document = store.query_one({"output.key": keys[str(double)]}, load=True)
    store.close()
    assert document is not None
    output = document["output"]
    assert output["run_dir"] == str(double)
    start = np.array(output["input_structure"]["lattice"]["matrix"])
    assert np.allclose(start, distorted().lattice.matrix, atol=1e-6)


@pytest.mark.parametrize("change", [packed(".gz"), packed(".bz2")], ids=["gz", "bz2"])
def test_a_packed_double_relaxation_is_the_same(double: Path, change: Callable[[Path], object]) -> None:
    before = adopt(double, dry_run=True)["adopted"]
    change(double)
    assert adopt(double)["adopted"] == before


def test_a_second_run_that_did_not_end_is_no_result(double: Path) -> None:
    """Files without an ending are of the run that custodian has not renamed yet."""
    for file in list(double.glob("*.relax2")):
        file.rename(double / file.name.removesuffix(".relax2"))
    half = (double / "vasprun.xml").read_text()
    (double / "vasprun.xml").write_text(half[: len(half) // 2])
    found = adopt(double)
    assert found["adopted"] == []
    assert "cannot be read" in found["refused"][0]["reason"]
