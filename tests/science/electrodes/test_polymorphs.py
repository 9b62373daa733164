"""What relaxed polymorphs count as: by the order of their cations or their tilts, not by what they were called."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from hebe.config.family import load_family
from hebe.config.polymorphs import get_polymorph
from hebe.schemas.calculation import CalculationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, member_spec
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.phases_document import PhasesInput, phases_document
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.polymorphs import polymorph, polymorph_spec
from hebe.science.structures.tilts import tilted
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.phases_along_x import PhasesDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


def calculated(cell: Structure, energy: float, topology: str = "host", stacking: str | None = None) -> CalculationDoc:
    known: dict[str, Any] = {"engine": "none", "energy_scale": "none", "task": "relax", "status": "converged"}
    facts = {"topology": topology, "stacking": stacking, "label": "cell"}
    return CalculationDoc(key=f"{energy}", structure=cell, energy_eV=energy, **known, **facts)


def layered() -> tuple[MemberSpec, ConfigurationDoc]:
    made = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Co": Fraction(1)}})
    spec = member_spec(made, {"TM": {Ion("Co", 3): Fraction(1)}}, "TM", {"TM": {"Co": (3,)}})
    return spec, build_configuration(made, "TM", n_sites=4)


def full(spec: MemberSpec, configuration: ConfigurationDoc) -> Structure:
    assert configuration.structure is not None
    ordering = choose_orderings(spec, configuration, Fraction(1), 1)
    return apply_ordering(configuration.structure, ordering.occupied[0], composition_of(spec).host.working_of("Na"))


def compared(own: CalculationDoc, other: CalculationDoc, started: str) -> PhasesDoc:
    spec, configuration = layered()
    held = {
        "O3": StateInput(spec, configuration.n_fu, own, [], []),
        started: StateInput(polymorph_spec(spec, started), configuration.n_fu, other, [], []),
    }
    return phases_document(PhasesInput("O3", held, None, (0.5, 1.0)))


@pytest.mark.parametrize("started", ["spinel", "rock-salt"])
def test_a_cell_counts_as_what_its_cations_say(started: str) -> None:
    spec, configuration = layered()
    own = calculated(full(spec, configuration), -40.0, stacking="O3")
    other = full(polymorph_spec(spec, started), polymorph(spec, configuration, started))
    found = compared(own, calculated(other, -39.0), started)
    assert [(s.stacking, s.started_as, s.relative_eV_per_fu) for s in found.states] == [
        ("O3", "O3", None),
        (started, started, pytest.approx(0.25)),
    ]
    layers = compared(own, calculated(full(spec, configuration), -41.0), started)
    assert [(s.stacking, s.started_as) for s in layers.states] == [("O3", started)]
    assert any(f"started as {started} relaxed to O3" in text for text in layers.warnings)


def test_layers_whose_metals_moved_count_only_where_they_are_in_order_again() -> None:
    spec, configuration = layered()
    spinel = full(polymorph_spec(spec, "spinel"), polymorph(spec, configuration, "spinel"))
    anything = full(polymorph_spec(spec, "rock-salt"), polymorph(spec, configuration, "rock-salt"))
    for cell, expected in ((spinel, ["spinel"]), (anything, [])):
        held = {"O3": StateInput(spec, 4, calculated(cell, -41.0, "migrated"), [], [])}
        document = phases_document(PhasesInput("O3", held, None, (0.5, 1.0)))
        assert [s.stacking for s in document.states] == expected
    assert any("no stacking any more (migrated)" in text for text in document.warnings)


def test_distorted_layers_are_told_where_they_are_compared() -> None:
    spec, configuration = layered()
    flat, primed = full(spec, configuration), full(spec, polymorph(spec, configuration, "O'3"))
    own = StateInput(spec, 4, calculated(flat, -40.0, stacking="O3"), [], [])
    relaxed = StateInput(spec, 4, calculated(primed, -41.0, stacking="O3"), [], [])
    found = phases_document(PhasesInput("O3", {"O3": own, "O'3": relaxed}, None, (0.5, 1.0)))
    assert [(s.stacking, s.relative_eV_per_fu) for s in found.states] == [("O'3", pytest.approx(-0.25)), ("O3", None)]
    turned = phases_document(PhasesInput("O3", {"O3": relaxed, "O'3": own}, None, (0.5, 1.0)))
    assert (turned.own, turned.preference_stacking) == ("O'3", "O3")
    assert turned.preference_eV_per_fu == pytest.approx(0.25)
    assert any("relaxed from O3 to O'3" in text for text in turned.warnings)
    alone = phases_document(PhasesInput("O3", {"O3": relaxed}, None, (0.5, 1.0)))
    assert [s.stacking for s in alone.states] == ["O3"]


def test_a_host_that_distorts_at_one_content_is_compared_as_it_is_there() -> None:
    spec, configuration = layered()
    flat, stretched = full(spec, configuration), full(spec, polymorph(spec, configuration, "O'3"))
    cells = {"flat": flat, "stretched": stretched}
    half = {name: cell.copy() for name, cell in cells.items()}
    for cell in half.values():
        ions = [i for i, label in enumerate(cell.site_properties["sublattice"]) if label == "A"]
        cell.remove_sites(ions[::2])
    made = calculated(flat, -40.0, stacking="O3")
    own = StateInput(spec, 4, made, [calculated(half["stretched"], -33.0, stacking="O3")], [])
    other = StateInput(spec, 4, None, [calculated(half["flat"], -32.0, stacking="P3")], [])
    found = phases_document(PhasesInput("O3", {"O3": own, "P3": other, "O'3": replace(own, states=[])}, None, (0.5, 1)))
    assert {(s.stacking, s.x): s.relative_eV_per_fu for s in found.states} == {
        ("O3", 1.0): None,
        ("O'3", 0.5): None,
        ("P3", 0.5): pytest.approx(0.25),
    }
    assert (found.preference_stacking, found.preference_x) == ("P3", 0.5)


def test_a_cubic_prussian_blue_that_tilts_counts_as_what_it_became() -> None:
    made = HostComposition("pba", "Na", Fraction(2), {"M": {"Mn": Fraction(1)}, "X": {"Fe": Fraction(1)}})
    split = {"M": {Ion("Mn", 2): Fraction(1)}, "X": {Ion("Fe", 2): Fraction(1)}}
    spec = member_spec(made, split, "M", {"M": {"Mn": (2,)}, "X": {"Fe": (2,)}})
    cubic = build_configuration(made, "M", n_sites=2).structure
    assert cubic is not None
    cells = {name: tilted(load_family("pba"), cubic, get_polymorph(name)) for name in ("rhombohedral", "monoclinic")}
    held = {
        "cubic": StateInput(spec, 2, calculated(cells["rhombohedral"], -10.0), [], []),
        "monoclinic": StateInput(polymorph_spec(spec, "monoclinic"), 2, calculated(cells["monoclinic"], -21.0), [], []),
    }
    found = phases_document(PhasesInput("cubic", held, None, (1.0, 2.0)))
    assert [(s.stacking, s.started_as) for s in found.states] == [
        ("monoclinic", "monoclinic"),
        ("rhombohedral", "cubic"),
    ]
