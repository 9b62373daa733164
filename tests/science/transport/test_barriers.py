"""Barriers of a configuration: weights, what stands for hops that were not computed, where hops connect."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.hops import HopDoc, HopsDoc
from hebe.schemas.path import PathDoc
from hebe.schemas.structures import OrderingDoc
from hebe.science.transport.barriers_document import HopInput, barriers_document


def end(**changes: Any) -> CalculationDoc:
    cell = Structure(Lattice.cubic(3.0), ["Li"], [[0, 0, 0]])
    fields = {"key": "k", "engine": "e", "energy_scale": "s", "task": "relax-ions", "status": "converged"}
    return CalculationDoc(**{**fields, "energy_eV": -1.0, "structure": cell, **changes})


def path(start: float, top: float, last: float, **changes: Any) -> PathDoc:
    energies = [start, top, last]
    highest = max(energies)
    found = PathDoc(key="p", energies_eV=energies, barrier_eV=highest - start, backward_eV=highest - last, saddle=1)
    return found.model_copy(update=changes)


def ring(barriers: list[PathDoc | None], gates: list[str]) -> HopInput:
    """Sites along x, each with a hop to the next one, the last to the first one of the next cell."""
    n = len(gates)
    hops = [
        HopDoc(first=i, second=(i + 1) % n, image=(int(i == n - 1), 0, 0), length_A=3.0, gate=[gate])
        for i, gate in enumerate(gates)
    ]
    chosen = [i for i, one in enumerate(barriers) if one is not None]
    document = HopsDoc(key="h", hops=hops, chosen=chosen, orderings=OrderingDoc(key="h", x=1.0))
    return HopInput(document, [end()] * (2 * len(chosen)), [barriers[i] for i in chosen])


def test_forward_minus_backward_is_the_difference_of_the_ends() -> None:
    found = barriers_document(ring([path(-10.0, -9.6, -9.9)], ["Co"]))
    (hop,) = found.hops
    assert hop.forward_eV == pytest.approx(0.4)
    assert hop.backward_eV == pytest.approx(0.3)
    assert hop.forward_eV - hop.backward_eV == pytest.approx(-9.9 + 10.0)
    assert found.mean_eV == pytest.approx(0.35)
    assert (found.sd_eV, found.model_error_eV) == (None, None)


def test_environments_count_by_their_share_of_all_hops() -> None:
    """Three hops past Co of which one was computed, one past Ni that was."""
    found = barriers_document(ring([path(0, 0.4, 0), None, None, path(0, 0.8, 0)], ["Co", "Co", "Co", "Ni"]))
    assert [(e.environment, e.n_hops, e.n_computed) for e in found.environments] == [("Co", 3, 1), ("Ni", 1, 1)]
    assert found.mean_eV == pytest.approx(0.75 * 0.4 + 0.25 * 0.8)
    assert found.sd_eV == pytest.approx(np.std([0.4, 0.4, 0.4, 0.8]))
    assert (found.lowest_eV, found.median_eV, found.highest_eV) == pytest.approx((0.4, 0.4, 0.8))


def test_hops_of_an_environment_share_its_weight() -> None:
    """Two of three hops past Co were computed, the one past Ni: 1.5 hops each and 1."""
    found = barriers_document(ring([path(0, 0.4, 0), path(0, 0.6, 0), None, path(0, 0.9, 0)], ["Co"] * 3 + ["Ni"]))
    assert found.mean_eV == pytest.approx((1.5 * 0.4 + 1.5 * 0.6 + 0.9) / 4)


def test_saddles_are_above_the_lowest_end_of_all() -> None:
    """The lowest end is where a hop ends, and the barrier that connects is no mean of both ways."""
    found = barriers_document(ring([path(0.3, 0.7, 0.0), path(0.0, 0.6, 0.3)], ["Co", "Ni"]))
    (connection,) = found.connections
    assert connection.barrier_eV == pytest.approx(0.7)
    shifted = barriers_document(ring([path(0.3, 0.7, 0.1), path(0.1, 0.6, 0.3)], ["Co", "Ni"]))
    assert shifted.connections[0].barrier_eV == pytest.approx(0.6)


def test_the_highest_saddle_of_a_ring_decides_and_is_named() -> None:
    found = barriers_document(ring([path(0, 0.4, 0.1), path(0.1, 0.7, 0.2), path(0.2, 0.5, 0)], ["Co", "Ni", "Mn"]))
    (connection,) = found.connections
    assert (connection.directions, connection.first, connection.second, connection.computed) == (1, 1, 2, True)
    assert connection.barrier_eV == pytest.approx(0.7), "above the lowest site, not above its own start"


def test_what_was_not_computed_has_the_mean_of_its_environment_and_is_marked() -> None:
    found = barriers_document(ring([path(0, 0.4, 0), path(0, 0.6, 0), path(0, 0.3, 0), None], ["Co", "Ni", "Co", "Ni"]))
    (connection,) = found.connections
    assert connection.barrier_eV == pytest.approx(0.6)
    assert (connection.first, connection.computed) == (3, False), "of equal ones the last"
    found = barriers_document(ring([path(0, 0.4, 0), path(0, 0.6, 0), path(0, 0.3, 0), None], ["Co", "Co", "Co", "Mn"]))
    (connection,) = found.connections
    assert connection.barrier_eV == pytest.approx(0.6)
    assert found.model_error_eV == pytest.approx(np.sqrt(np.mean(np.square([0.4 - 0.45, 0.6 - 0.35, 0.3 - 0.5]))))


@pytest.mark.parametrize(
    ("ends", "paths", "said"),
    [
        ([end(), end(status="failed")], [path(0, 1, 0)], "an end is failed"),
        ([end(), None], [path(0, 1, 0)], "an end is missing"),
        ([end(), end(topology="migrated")], [path(0, 1, 0)], r"no longer the host \(migrated\)"),
        ([end(), end()], [path(0, 1, 0, status="cut")], "the path is cut"),
        ([end(), end()], [None], "the path is missing"),
        ([end(), end()], [], "the path is missing"),
    ],
)
def test_a_hop_that_cannot_be_used_is_a_warning(ends: list[Any], paths: list[Any], said: str) -> None:
    whole = ring([path(0, 1, 0)], ["Co"])
    found = barriers_document(HopInput(whole.hops, ends, paths))
    assert found.hops == []
    assert found.mean_eV is None
    (warning,) = found.warnings
    assert re.search(said, warning)


def test_a_departure_that_is_accepted_counts() -> None:
    whole = ring([path(0, 1, 0)], ["Co"])
    found = barriers_document(HopInput(whole.hops, [end(), end(topology="glide")], whole.paths, accept=("glide",)))
    assert len(found.hops) == 1


def test_a_path_of_several_steps_says_so() -> None:
    energies, lengths = [-5.0, -4.6, -4.8, -4.5, -4.9], [0.0, 0.8, 1.5, 2.2, 3.0]
    whole = path(-5.0, -4.5, -4.9, energies_eV=energies, lengths_A=lengths, resting=[2], bound_eV=0.9)
    (hop,) = barriers_document(ring([whole], ["Co"])).hops
    assert (hop.steps, hop.bound_eV) == (2, 0.9)
    (rest,) = hop.rests
    assert rest.along_A == 1.5
    assert rest.energy_eV == pytest.approx(0.2)


def high(start: float, top: float, last: float) -> PathDoc:
    """A hop that is too high before it is relaxed: images, a bound, no barrier."""
    return PathDoc(key="p", energies_eV=[start, top, last], bound_eV=top - start, too_high=True)


def test_a_hop_that_is_too_high_connects_at_its_bound_and_is_in_no_mean() -> None:
    """The lowest of all ends is one of it."""
    found = barriers_document(ring([path(0.1, 0.4, 0.1), high(0.1, 3.1, 0.0)], ["Co", "Co"]))
    assert [hop.forward_eV for hop in found.hops] == [pytest.approx(0.3)]
    (one,) = found.above
    assert one.first == 1
    assert [one.bound_eV, one.mean_eV, one.saddle_eV] == pytest.approx([3.0, 3.05, 3.1])
    assert [hop.mean_eV for hop in found.filled] == pytest.approx([3.05])
    assert found.hops[0].saddle_eV == pytest.approx(0.4)
    (connection,) = found.connections
    assert connection.barrier_eV == pytest.approx(3.1)
    assert not connection.computed
    assert found.warnings == ["hop 1 to 0: 3.00 eV above its start before it is relaxed: no band"]
    (kind,) = found.environments
    assert (kind.n_hops, kind.n_computed) == (2, 1)
    assert kind.mean_eV == pytest.approx(0.3)


def test_a_hop_that_is_too_high_from_another_crystal_counts_for_nothing() -> None:
    inputs = ring([path(0.1, 0.4, 0.1), high(-1.5, 3.1, 0.0)], ["Co", "Co"])
    lost = [*inputs.ends[:2], end(topology="collapsed"), inputs.ends[3]]
    found = barriers_document(HopInput(inputs.hops, lost, inputs.paths))
    assert found.above == []
    assert found.hops[0].saddle_eV == pytest.approx(0.3)


def test_other_hops_of_an_environment_without_a_band_have_its_bound() -> None:
    found = barriers_document(ring([path(0, 0.3, 0), high(0, 2.0, 0), None], ["Co", "Ni", "Ni"]))
    assert found.connections[0].barrier_eV == pytest.approx(2.0)
    assert (found.connections[0].first, found.connections[0].computed) == (2, False), "of equal ones the last"


def test_nothing_connects_where_all_hops_are_too_high() -> None:
    found = barriers_document(ring([high(0, 2.0, 0)], ["Co"]))
    assert (found.hops, found.connections, found.mean_eV, len(found.above)) == ([], [], None, 1)


def test_gate_ions_have_the_charge_that_their_moment_tells() -> None:
    lattice = Lattice.cubic(6.0)
    places: list[list[float]] = [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]
    cell = Structure(lattice, ["Li", "Mn", "Mn", "Ti"], places, site_properties={"configuration_site": [0, 4, 2, 7]})
    gate: dict[str, Any] = {"gate": ["Mn", "Mn", "Ti"], "gate_sites": [2, 4, 7], "anions": ["F", "O", "O", "O"]}
    hop = HopDoc(first=0, second=1, length_A=3.0, **gate)
    document = HopsDoc(key="h", hops=[hop], chosen=[0], orderings=OrderingDoc(key="h", x=1.0))
    start = end(structure=cell, magmoms=[0.0, 3.1, 3.9, 0.4])
    (found,) = barriers_document(HopInput(document, [start, end()], [path(0, 0.5, 0)])).hops
    assert found.gate_ions == ["Mn3+", "Mn4+", "Ti"], "in the order of the gate, not of the cell"
    assert found.anions == ["F", "O", "O", "O"]
    (bare,) = barriers_document(HopInput(document, [end(), end()], [path(0, 0.5, 0)])).hops
    assert bare.gate_ions == ["Mn", "Mn", "Ti"]


def pictured(places: list[list[float]], **fields: Any) -> PathDoc:
    """Path of one ion, on site 0 of the configuration, over places (A)."""
    lattice = Lattice.cubic(10.0)
    images = [
        Structure(lattice, ["Li"], [place], coords_are_cartesian=True, site_properties={"configuration_site": [0]})
        for place in places
    ]
    return path(0, 0.5, 0, images=images, **fields)


def through(vias: list[float], one: PathDoc) -> HopInput:
    """Two ways from site 0 to site 1, 3 A along x, by places aside of the middle (fractional y)."""
    hops = [
        HopDoc(first=0, second=1, length_A=3.5, via=(0.15, y, 0.0), gate=[gate])
        for y, gate in zip(vias, ("Co", "Ni"), strict=True)
    ]
    document = HopsDoc(key="h", hops=hops, chosen=[0], orderings=OrderingDoc(key="h", x=1.0))
    return HopInput(document, [end(), end()], [one])


@pytest.mark.parametrize(("y", "gate"), [(0.9, "Co"), (-0.9, "Ni"), (0.0, "Co")])
def test_a_path_belongs_to_the_gate_that_it_goes_through(y: float, gate: str) -> None:
    whole = through([0.1, -0.1], pictured([[0, 0, 0], [1.5, y, 0], [3, 0, 0]]))
    found = barriers_document(whole)
    assert [hop.environment for hop in found.hops] == [gate]
    assert len(found.warnings) == (gate == "Ni")
    assert all("the path went by Ni" in warning for warning in found.warnings)


def test_an_ion_that_leaves_its_site_made_no_hop() -> None:
    found = barriers_document(through([0.1, -0.1], pictured([[1, 0, 0], [1.2, 0, 0], [1.5, 0, 0]])))
    assert found.hops == []
    assert found.warnings == ["hop 0 to 1: the ion does not stay on its site when the ends relax"]


def test_no_hop_that_can_be_made_is_said() -> None:
    found = barriers_document(ring([None, None], ["Co", "Ni"]))
    assert found.warnings == ["no hop can be made from the cell as made"]
    assert found.n_hops == 2
