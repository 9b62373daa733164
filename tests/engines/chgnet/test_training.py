"""Whether a cell lies outside what CHGNet was trained on: what is known passes, what is wrong on purpose does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Element, Lattice, Structure

from hebe.engines.chgnet.engine import CHGNetEngine
from hebe.engines.chgnet.training import LIMIT, SCALE, UNTRAINED, load_references, outside_training
from hebe.engines.chgnet.weights import load_weights
from hebe.makers.start import Start
from hebe.makers.static import StaticMaker
from hebe.science.hulls.competing import load_phases

if TYPE_CHECKING:
    from hebe.engines.protocol import Relaxation


def phase(name: str) -> Structure:
    (found,) = [phase.structure() for phase in load_phases() if phase.id == name]
    found.remove_oxidation_states()
    return found


def result(structure: Structure) -> Relaxation:
    return CHGNetEngine().static(structure)


def test_elements_without_training_are_those_whose_features_are_as_initialised() -> None:
    # rows of 64 numbers drawn from N(0, 1): their length is near 8, that of trained elements is not
    lengths = load_weights().elements.norm(dim=1).numpy()
    symbols = [Element.from_Z(z).symbol for z in range(1, 95)]
    assert {symbol for symbol, length in zip(symbols, lengths, strict=True) if length < 10} == set(UNTRAINED)


@pytest.mark.parametrize("name", ["MgO", "NiO", "Co3O4", "MnCo2O4-spinel"])
def test_relaxed_phases_are_inside(name: str) -> None:
    relaxed = CHGNetEngine().relax(phase(name))
    assert outside_training(relaxed, SCALE) == []


def test_oxygen_dimers_metals_and_compressed_cells_are_outside() -> None:
    pair = phase("NiO").copy()
    pair.make_supercell([2, 2, 2])
    oxygen = [i for i, site in enumerate(pair) if site.specie.symbol == "O"]
    near = min(oxygen[1:], key=lambda i: float(pair.get_distance(oxygen[0], i)))
    distance, image = pair[oxygen[0]].distance_and_image(pair[near])
    step = (pair[near].frac_coords + image - pair[oxygen[0]].frac_coords) * (1 - 1.3 / distance)
    pair.translate_sites([oxygen[0]], step)
    assert any("an environment of O" in text for text in outside_training(result(pair), SCALE))
    alloy = Structure(Lattice.cubic(2.85), ["Fe", "Co"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    assert any("an environment of" in text for text in outside_training(result(alloy), SCALE))
    pressed = phase("MgO")
    pressed.scale_lattice(0.8 * pressed.volume)
    (told,) = [text for text in outside_training(result(pressed), SCALE) if "pressure" in text]
    # bulk modulus of MgO 160 GPa, its derivative 4: Birch-Murnaghan gives 53 GPa at 0.8 of the volume
    assert 30 < float(told.split("is ")[1].split(" GPa")[0]) < 80


def test_documents_say_it_and_their_keys_do_not_change() -> None:
    pressed = phase("MgO")
    pressed.scale_lattice(0.8 * pressed.volume)
    maker = StaticMaker(engine={"name": "chgnet"})
    document = maker.document(result(pressed), Start(pressed), "pressed")
    assert any("pressure" in text for text in document.outside_training)
    assert document.status == "converged"
    assert "training" not in str(document.settings)
    assert maker.document(result(phase("MgO")), Start(phase("MgO")), "as it is").outside_training == []


def test_elements_are_named_and_other_models_are_not_judged() -> None:
    made = Structure(Lattice.cubic(6.2), ["Fr", "F"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    told = outside_training(result(made), SCALE)
    assert "nothing was trained on Fr" in told
    assert outside_training(result(made), "another model") == []


def test_references_are_found_at_no_distance() -> None:
    references = load_references()
    assert set(references.features) >= {"O", "F", "Li", "Na", "Mn", "Fe", "Ni"}
    for element, rows in references.features.items():
        assert rows.shape[1] == 64
        assert references.distance(element, rows[0]) == 0
    far, _ = references.farthest(["Mg"], references.features["Mg"][:1] + np.float32(1e3))
    assert far > LIMIT
    assert references.distance("Cl", np.zeros(64, dtype=np.float32)) == 0
