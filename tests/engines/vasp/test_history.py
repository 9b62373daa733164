"""Which structure a restart begins from: the last one that is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp.inputs import Poscar

from hebe.engines.vasp.history import History
from hebe.engines.vasp.inputs import ordered

if TYPE_CHECKING:
    from pathlib import Path


def start() -> Structure:
    """Cell whose order is not that of POSCAR."""
    sites = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 0.5]]
    return Structure(Lattice.tetragonal(2.97, 4.2), ["O", "Mg", "O", "Ni"][::-1], sites)


def moved(by: float) -> Structure:
    """The cell in POSCAR's order after a relaxation: its first atom moved, the cell a little larger."""
    cell = ordered(start()).structure
    cell.translate_sites([0], [0, 0, by])
    cell.scale_lattice(1.02 * cell.volume)
    return cell


def doubled() -> Structure:
    """The cell blown up to twice its volume."""
    cell = moved(0.02)
    cell.scale_lattice(2 * cell.volume)
    return cell


def text_of(structure: Structure) -> str:
    return str(Poscar(structure).get_str(significant_figures=16))


def attempts(folder: Path, *contcars: str) -> History:
    """History of attempts that left these as CONTCAR."""
    history = History(folder, start(), "relax", "settings")
    for text in contcars:
        attempt = history.begin()
        (attempt.path / "POSCAR").write_text(text_of(ordered(start()).structure))
        (attempt.path / "CONTCAR").write_text(text)
    return History(folder, start(), "relax", "settings")


GOOD = text_of(moved(0.02))
BROKEN = {
    "half a file": GOOD[: len(GOOD) // 2],
    "nothing": "",
    "not finite": GOOD.replace("0.02", "nan", 1),
    "another composition": GOOD.replace("Mg", "Mn"),
    "an atom less": GOOD.replace("2\ndirect", "1\ndirect"),
    "two atoms in one place": text_of(moved(0.5)),
    "a cell twice as large": text_of(doubled()),
}


def test_the_last_whole_structure_counts(tmp_path: Path) -> None:
    history = attempts(tmp_path, GOOD)
    found = history.last_structure(ordered(start()))
    assert found.volume == pytest.approx(1.02 * start().volume)
    assert [s.specie.symbol for s in found] == [s.specie.symbol for s in start()]
    shifts = (found.frac_coords - start().frac_coords)[:, 2]
    assert sorted(shifts.round(6)) == [0, 0, 0, 0.02]
    assert start()[int(shifts.argmax())].specie == ordered(start()).structure[0].specie


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_one_is_passed_over(tmp_path: Path, text: str) -> None:
    wanted = attempts(tmp_path / "good", GOOD).last_structure(ordered(start()))
    alone = attempts(tmp_path / "alone", text).last_structure(ordered(start()))
    assert alone.cart_coords == pytest.approx(start().cart_coords), "the attempt began there"
    after = attempts(tmp_path / "after", GOOD, text)
    (after.attempts[-1].path / "POSCAR").write_text(GOOD)
    assert after.last_structure(ordered(start())).cart_coords == pytest.approx(wanted.cart_coords)


def test_other_structures_and_settings_have_folders_of_their_own(tmp_path: Path) -> None:
    first = attempts(tmp_path, GOOD)
    other = start()
    other.translate_sites([0], [0, 0, 0.01])
    assert History(tmp_path, other, "relax", "settings").attempts == []
    assert History(tmp_path, start(), "relax", "others").attempts == []
    assert History(tmp_path, start(), "static", "settings").attempts == []
    reached = first.last_structure(ordered(start()))
    first.reached(reached)
    assert len(History(tmp_path, reached, "relax", "settings").attempts) == 1, "it had come to this one"


def test_after_a_failure_everything_begins_anew(tmp_path: Path) -> None:
    history = attempts(tmp_path, GOOD)
    history.attempts[-1].outcome = "failed"
    history.attempts[-1].write()
    again = History(tmp_path, start(), "relax", "settings")
    assert again.attempts == []
    assert again.last_structure(ordered(start())) == start()
    assert again.begin().path.name == "02", "what failed stays"
