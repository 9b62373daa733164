"""DefectsMaker: which cell it takes, what it says where there is none; defects of springs and the size of the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.ase import ASEEngine
from hebe.exceptions import BadInputError
from hebe.makers.defects import DefectsMaker
from hebe.makers.start import Displacement, defect_start
from support.defects import calculation, cell
from support.insertion_states import spec

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.defects import DefectsDoc

N_FU = 8


def made(*calculations: CalculationDoc | None, kind: str = "octahedral", accept: tuple[str, ...] = ()) -> DefectsDoc:
    maker = DefectsMaker(kind=kind, number=2, accept=accept)  # type: ignore[arg-type]
    make: Any = maker.make
    document: DefectsDoc = make.original(maker, spec(), list(calculations), N_FU, label="c0/x1/2/octahedral")
    return document


def test_defects_are_made_in_the_lowest_cell_of_the_host() -> None:
    higher, lower = calculation(cell("1/2"), -180.0, "high"), calculation(cell("1/2"), -181.0, "low")
    gone = calculation(cell("1/2"), -190.0, "gone", topology="migrated")
    document = made(higher, None, lower, gone)
    assert (document.perfect, document.x, document.status) == ("low", 0.5, "converged")
    assert document.n_sites == {"Mn": 4, "Ni": 4}
    assert len(document.cells) == 4
    assert made(higher, lower, gone, accept=("migrated",)).perfect == "gone"


def test_a_key_follows_from_the_perfect_cell_and_what_is_made() -> None:
    first, other = calculation(cell("1/2"), -180.0, "a"), calculation(cell("1/2"), -180.0, "b")
    keys = {made(first).key, made(other).key, made(first, kind="antisite").key}
    assert len(keys) == 3
    assert made(first).key in keys


def test_without_a_cell_there_is_a_reason() -> None:
    failed = calculation(cell("1/2"), 0.0, status="failed")
    absent = calculation(cell("1/2"), 0.0, status="absent")
    gone = calculation(cell("1/2"), -1.0, topology="exploded")
    assert (made(failed, None).status, made(failed, None).reason) == ("failed", "no cell at this content was computed")
    assert made(absent).status == "absent"
    assert (made(gone).status, made(gone).reason) == ("absent", "no cell at this content is the host")
    start, reason = defect_start(made(failed), 0, Displacement())
    assert (start, reason) == (None, "no cell at this content was computed")
    assert defect_start(made(gone), 0, Displacement()) == (None, "")


def test_a_start_is_identified_by_the_perfect_cell_and_the_sites() -> None:
    document = made(calculation(cell("1/2"), -180.0, "a"))
    starts = [defect_start(document, slot, Displacement(0.05, 0))[0] for slot in range(4)]
    derived = [start.derived for start in starts if start is not None]
    assert len(derived) == 4
    assert all(d is not None and d["perfect"] == "a" for d in derived)
    assert len({str(d) for d in derived}) == 4
    assert defect_start(document, 4, Displacement()) == (None, "")
    first = starts[0]
    assert first is not None
    moved = first.structure.frac_coords - document.cells[0].structure.frac_coords
    lengths = np.linalg.norm(first.structure.lattice.get_cartesian_coords(moved), axis=1)
    assert lengths == pytest.approx([0.05] * len(lengths), abs=1e-5)


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInputError, match="octaedral"):
        DefectsMaker(kind="octaedral")  # type: ignore[arg-type]


def test_the_energy_of_a_vacancy_converges_with_the_size_of_the_cell() -> None:
    """Rock salt of springs in its own lattice: relaxation around an oxygen that is missing, in growing cells."""
    engine = ASEEngine("support.spring_crystal:make", {"length": 2.25}, "springs")
    unit = Structure(Lattice([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    unit.scale_lattice(4.3**3 / 4)
    relaxed = engine.relax(unit, fmax=0.001, steps=200).structure
    energies = []
    for n in (2, 3, 4):
        perfect = relaxed * (n, n, n)
        whole = engine.evaluate(perfect).energy_eV
        perfect.remove_sites([next(i for i, site in enumerate(perfect) if site.specie.symbol == "O")])
        energies.append(engine.relax(perfect, fmax=0.003, steps=200, cell=False).energy_eV - whole)
    first, second = np.abs(np.diff(energies))
    assert first > 0.002
    assert second < first / 3
    assert energies[-1] > 0
