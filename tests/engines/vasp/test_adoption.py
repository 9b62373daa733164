"""Finished folders that are not what they should be: each is refused in one line that says why."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from pymatgen.io.vasp.inputs import Poscar

from hebe.campaigns.vasp_folders import adopt
from hebe.config.engines import EngineSpec
from hebe.engines.vasp.adoption import RECORD, read_input, read_result, write_folder
from hebe.engines.vasp.inputs import STATIC, Job
from hebe.exceptions import BadInputError
from support.mixed_cells import mixed_cells
from support.vasp import distorted, engine, run_folders, set_faults, use_stand_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static calculation that was written by Hebe and run by hand."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        use_stand_in(folder, patch)
        spec = EngineSpec.model_validate("vasp").model_dump(mode="json", exclude_none=True)
        write_folder(engine(), Job(STATIC), distorted(), folder / "run", {"engine": spec, "label": "good"})
        run_folders(folder / "run")
    return folder / "run"


@pytest.fixture
def place(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in an empty project."""
    use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, tmp_path / "mine" / "run")
    return tmp_path / "mine" / "run"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, text
    path.write_text(text.replace(old, new, 1))


def add_tag(place: Path, tag: str, value: str) -> None:
    """Another tag, in the input and in what VASP says of it."""
    change(place / "vasprun.xml", "<incar>\n", f'<incar>\n<i type="string" name="{tag}"> {value} </i>\n')


def move_an_atom(place: Path) -> None:
    """A folder whose POSCAR somebody has changed."""
    structure = Poscar.from_file(place / "POSCAR").structure
    structure.translate_sites([1], [0.02, 0, 0])
    (place / "POSCAR").write_text(Poscar(structure).get_str(significant_figures=16))
    run_folders(place)


def stretch(place: Path) -> None:
    structure = Poscar.from_file(place / "POSCAR").structure
    structure.scale_lattice(1.01 * structure.volume)
    (place / "POSCAR").write_text(Poscar(structure).get_str(significant_figures=16))
    run_folders(place)


def another(place: Path) -> None:
    """Another material below the record of this one."""
    write_folder(engine(), Job(STATIC), mixed_cells()[3].structure, place / "other", {})
    for name in ("INCAR", "KPOINTS", "POSCAR", "POTCAR"):
        shutil.copy(place / "other" / name, place / name)
    shutil.rmtree(place / "other")
    run_folders(place)


def without_record(place: Path, name: str, old: str, new: str) -> None:
    (place / RECORD).unlink()
    change(place / name, old, new)


def without_poscar(place: Path) -> None:
    (place / RECORD).unlink()
    (place / "POSCAR").unlink()


def unconverged(place: Path) -> None:
    set_faults(place.parents[1] / "faults.json", {"fault": "never-converges", "step": 1})
    run_folders(place)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no vasprun": (lambda place: (place / "vasprun.xml").unlink(), "there is no vasprun.xml"),
    "an empty OUTCAR": (lambda place: (place / "OUTCAR").write_text(""), "OUTCAR is empty"),
    "no text": (lambda place: (place / "OUTCAR").write_bytes(bytes(range(200, 256))), "the output cannot be read"),
    "half a vasprun": (
        lambda place: (place / "vasprun.xml").write_text((place / "vasprun.xml").read_text()[:9000]),
        "the output cannot be read: .*XML",
    ),
    "a broken record": (lambda place: (place / RECORD).write_text("{"), "hebe.json cannot be read"),
    "another record": (lambda place: (place / RECORD).write_text("[1]"), "hebe.json cannot be read"),
    "an unknown task": (lambda place: change(place / RECORD, '"static"', '"dream"'), "asks for 'dream'"),
    "an unknown engine": (lambda place: change(place / RECORD, '"vasp"', '"mine"'), "engine block"),
    "an atom elsewhere": (move_an_atom, "another structure: an atom is 0.059 A away"),
    "another cell": (stretch, "another cell: vectors differ by 0.0"),
    "another material": (another, "its atoms are Li2 Ti1 Mn1 O4, not Mg1 Ni1 O2"),
    "dispersion": (lambda place: add_tag(place, "IVDW", "12"), "IVDW is 12, which is not part of the settings"),
    "a hybrid": (lambda place: add_tag(place, "LHFCALC", "T"), "LHFCALC is True"),
    "another functional": (lambda place: add_tag(place, "GGA", "PS"), "GGA is Ps"),
    "an unconverged density": (unconverged, "its last density is not self-consistent"),
    "no POSCAR": (without_poscar, "no POSCAR and INCAR to read"),
    "an unreadable INCAR": (lambda place: without_record(place, "INCAR", "NSW = 0", "NSW = many"), "INCAR to read"),
    "an unknown ISIF": (lambda p: without_record(p, "INCAR", "NSW = 0", "NSW = 9\nISIF = 4"), "ISIF = 4 is no task"),
}


def test_a_folder_that_is_as_it_should_be_is_taken(place: Path) -> None:
    assert adopt(place)["refused"] == []
    add_tag(place, "GGA", "PE")
    assert [entry["folder"] for entry in adopt(place)["known"]] == [str(place)], "what VASP does anyway changes nothing"


@pytest.mark.parametrize(("damage", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused_in_a_line(place: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(place)
    found = adopt(place, dry_run=True)
    assert found["adopted"] == []
    (refused,) = found["refused"]
    assert re.search(words, refused["reason"]), refused["reason"]
    assert "\n" not in refused["reason"]


def test_a_meta_gga_is_known_by_its_whole_name(place: Path) -> None:
    """Its first letter says nothing: R2SCAN, RSCAN, RTPSS."""
    other = engine("mp24")
    spec = EngineSpec.model_validate({"name": "vasp", "preset": "mp24"}).model_dump(mode="json", exclude_none=True)
    folder = place.with_name("meta")
    write_folder(other, Job(STATIC), distorted(), folder, {"engine": spec})
    run_folders(folder)
    assert read_result(other, read_input(folder, 0.05)).converged
    change(folder / "INCAR", "METAGGA = R2scan", "METAGGA = Rscan")
    run_folders(folder)
    with pytest.raises(BadInputError, match="METAGGA is Rscan, not R2scan"):
        read_result(other, read_input(folder, 0.05))
