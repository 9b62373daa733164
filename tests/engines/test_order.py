"""A cell that no engine can calculate is refused by name: shared sites, and what is no element."""

from __future__ import annotations

from typing import Any

import pytest
from pymatgen.core import Composition, DummySpecies, Lattice, Structure

from hebe.engines import get_engine
from hebe.engines.tasks import Relax
from hebe.exceptions import BadInputError, EngineError
from hebe.science.structures import generate_sqs


def cell(cation: Any) -> Structure:
    return Structure(Lattice.cubic(4.2), [cation, "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize("engine", ["chgnet", "vasp", "gpaw", "atomate2"])
@pytest.mark.parametrize(
    ("cation", "said"),
    [
        (Composition({"Mg": 0.5, "Ni": 0.5}), "disordered.*sqs_of_host"),
        (Composition({"Mg": 0.5}), "disordered.*sqs_of_host"),
        (DummySpecies("X"), "X.* is no element"),
    ],
)
def test_no_engine_takes_such_a_cell(engine: str, cation: object, said: str) -> None:
    chosen = get_engine(engine)
    for calculate in (
        lambda: chosen.evaluate(cell(cation)),
        lambda: chosen.static(cell(cation)),
        lambda: chosen.relax(cell(cation), fmax=0.05),
        lambda: chosen.run(Relax(fmax=0.05), cell(cation)),
    ):
        with pytest.raises(EngineError, match=said) as caught:
            calculate()
        assert caught.value.deterministic


@pytest.mark.parametrize(("name", "hint"), [("Xx", "Xe"), ("Mgg", "Mg"), ("X", "symbol of an element"), ("Vac", "Va")])
def test_species_of_a_random_cell_are_elements(name: str, hint: str) -> None:
    with pytest.raises(BadInputError, match="is no element") as caught:
        generate_sqs("rocksalt", {"M": {name: "1/2", "Co": "1/2"}}, 4)
    assert hint in str(caught.value.suggestion) or "did you mean" in str(caught.value.suggestion)
