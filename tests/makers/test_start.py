"""Starts follow from what they stand for: no last bit of a coordinate moves a seed or a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jobflow import Job, JobStore, run_locally
from maggma.stores import MemoryStore
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.config.family_sites import Working
from hebe.engines import get_engine
from hebe.engines.tasks import Relax
from hebe.makers import RelaxMaker
from hebe.makers.calculation import calculation_key
from hebe.makers.start import Displacement, Start, bare_start, lowest_start, state_start
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.structures import ConfigurationDoc, OrderingDoc
from hebe.science.keys import structure_hash

if TYPE_CHECKING:
    from hebe.schemas.base import Status

SPRINGS = {
    "ase": "support.spring_crystal:make",
    "energy_scale": "springs",
    "arguments": {"length": 2.25},
    "fmax": 0.1,
    "check_minimum": False,
}
TIE = 9.0786875
"""A guessed lattice parameter (A) that lies between two steps of a key."""
WORKING = Working("Na", ("A",))
MOVED = Displacement(0.02)


def cell(noise: int | None = None) -> Structure:
    """Eight sites at eighths of a cell on ties; `noise` numbers last bits that another processor might have."""
    coords = np.array([[i / 2, j / 2, k / 2 + 1 / 128] for i in range(2) for j in range(2) for k in range(2)])
    lattice = np.diag([TIE, TIE / 2, TIE])
    if noise is not None:
        rng = np.random.default_rng(noise)
        lattice = lattice * (1 + 1e-13 * rng.uniform(-1, 1, lattice.shape)) + 1e-13 * rng.uniform(-1, 1, lattice.shape)
        coords = coords * (1 + 1e-13 * rng.uniform(-1, 1, coords.shape)) + 1e-13 * rng.uniform(-1, 1, coords.shape)
    labels = ["A", "TM", "O", "O"] * 2
    return Structure(Lattice(lattice), ["Na", "Mn", "O", "O"] * 2, coords, site_properties={"sublattice": labels})


def configuration(noise: int | None = None, key: str = "configuration 1") -> ConfigurationDoc:
    return ConfigurationDoc(key=key, structure=cell(noise), n_fu=2)


ALL = list(range(8))
ORDERINGS = OrderingDoc(key="orderings", x=0.5, occupied=[[1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 5, 6, 7]])


def parent(noise: int | None = None, key: str = "parent 1") -> CalculationDoc:
    """A relaxed as-made cell."""
    relaxed = cell(noise)
    relaxed.add_site_property("configuration_site", ALL)
    return calculation(key, -50.0, structure=relaxed)


def calculation(
    key: str,
    energy: float | None,
    *,
    topology: str | None = "host",
    status: Status = "converged",
    structure: Structure | None = None,
    magmoms: list[float] | None = None,
) -> CalculationDoc:
    return CalculationDoc(
        key=key,
        engine="e",
        energy_scale="s",
        task="relax",
        status=status,
        structure=cell() if structure is None and energy is not None else structure,
        energy_eV=energy,
        topology=topology,
        magmoms=magmoms,
    )


def key(start: Start) -> str:
    spec = EngineSpec.model_validate(SPRINGS)
    return calculation_key(get_engine(spec), Relax(fmax=spec.fmax, minimum=spec.check_minimum), start)


def bits(structure: Structure) -> tuple[bytes, bytes]:
    return structure.lattice.matrix.tobytes(), structure.frac_coords.tobytes()


@pytest.mark.parametrize("displacement", [MOVED, Displacement(0.02, 3)])
def test_a_built_cell_has_one_start_whatever_its_last_bits_are(displacement: Displacement) -> None:
    made = [state_start(configuration(n), ORDERINGS, 0, WORKING, displacement) for n in (None, *range(20))]
    assert len({bits(start.structure) for start in made}) == 1
    assert len({key(start) for start in made}) == 1
    assert made[0].derived is None, "its coordinates identify it"


def test_a_bare_structure_has_one_start_whatever_its_last_bits_are() -> None:
    made = [bare_start(cell(n), MOVED, "Na2O") for n in (None, *range(20))]
    assert len({bits(start.structure) for start in made}) == 1
    by_formula = bare_start(cell(), MOVED, None).structure
    assert bits(by_formula) == bits(bare_start(cell(5), MOVED, None).structure)
    assert bits(by_formula) != bits(made[0].structure)


def test_other_numbers_orderings_and_configurations_are_displaced_by_other_vectors() -> None:
    def vectors(found: Start, occupied: list[int]) -> bytes:
        steps = found.structure.cart_coords - cell().cart_coords[occupied]
        return bytes(np.rint(steps * 1e4).tobytes())

    first, second = ORDERINGS.occupied
    made = [
        vectors(state_start(configuration(), ORDERINGS, 0, WORKING, Displacement(0.02, n)), first) for n in range(4)
    ]
    made.append(vectors(state_start(configuration(), ORDERINGS, 1, WORKING, MOVED), second))
    made.append(vectors(state_start(configuration(key="configuration 2"), ORDERINGS, 0, WORKING, MOVED), first))
    whole = OrderingDoc(key="made", x=1.0, occupied=[ALL])
    made.append(vectors(state_start(configuration(), whole, 0, WORKING, MOVED), ALL))
    assert len(set(made)) == len(made)


def test_a_start_without_displacement_is_the_cell() -> None:
    found = state_start(configuration(), ORDERINGS, 0, WORKING, Displacement())
    assert np.array_equal(found.structure.frac_coords, cell().frac_coords[1:])
    assert found.structure.site_properties["configuration_site"] == ORDERINGS.occupied[0]


def test_a_cell_from_a_relaxed_parent_is_known_by_its_parent_and_not_by_coordinates() -> None:
    def derived(of: CalculationDoc, slot: int = 0, number: int = 0, built: str = "configuration 1") -> str:
        found = state_start(configuration(key=built), ORDERINGS, slot, WORKING, Displacement(0.02, number), of)
        return key(found)

    moved = parent()
    assert moved.structure is not None
    moved.structure.translate_sites([2], [0.01, 0, 0])
    assert derived(parent()) == derived(parent(7)) == derived(moved)
    others = [derived(parent(key="parent 2")), derived(parent(), slot=1), derived(parent(), number=1)]
    others.append(derived(parent(), built="configuration 2"))
    assert len({derived(parent()), *others}) == 5
    # the same sites as another campaign numbers them: another displacement, so another key
    turned = ORDERINGS.model_copy(update={"occupied": ORDERINGS.occupied[::-1]})
    renumbered = state_start(configuration(key="configuration 1"), turned, 1, WORKING, Displacement(0.02), parent())
    assert key(renumbered) != derived(parent())
    still = [
        state_start(configuration(), o, n, WORKING, Displacement(), parent()) for o, n in ((ORDERINGS, 0), (turned, 1))
    ]
    assert key(still[0]) == key(still[1]), "without a displacement it is the same cell"


def test_the_cell_of_the_parent_is_where_it_starts() -> None:
    relaxed = parent()
    assert relaxed.structure is not None
    relaxed.structure.translate_sites([2], [0.01, 0, 0])
    found = state_start(configuration(), ORDERINGS, 0, WORKING, Displacement(), relaxed)
    assert np.array_equal(found.structure.frac_coords, relaxed.cell.frac_coords[1:])
    assert found.derived == {"parent": "parent 1", "configuration": "configuration 1", "occupied": ALL[1:]}


def test_a_configuration_without_a_structure_has_no_start() -> None:
    with pytest.raises(ValueError, match="no structure"):
        state_start(ConfigurationDoc(key="k"), ORDERINGS, 0, WORKING, MOVED)


LOW = calculation("glided", -12.0, topology="glide")
MIDDLE = calculation("host", -11.0, magmoms=[1.0] * 8)
HIGH = calculation("host too", -10.0)


def keys_in_order(previous: list[CalculationDoc | None], accept: tuple[str, ...] = ()) -> list[str]:
    energies = {"glided": -12.0, "host": -11.0, "host too": -10.0}
    shifted = [
        None
        if c is None or c.structure is None
        else c.model_copy(update={"structure": c.structure.copy().apply_strain(-0.001 * energies[c.key])})
        for c in previous
    ]
    volumes = {c.cell.volume: c.key for c in shifted if c is not None}
    found = [lowest_start(shifted, slot, accept)[0] for slot in range(len(volumes))]
    return [volumes[start.structure.volume] for start in found if start is not None]


def test_cells_that_are_still_the_host_come_first() -> None:
    assert keys_in_order([HIGH, LOW, MIDDLE]) == ["host", "host too", "glided"]
    assert keys_in_order([HIGH, LOW, MIDDLE], ("delaminated",)) == ["host", "host too", "glided"]
    assert keys_in_order([HIGH, LOW, MIDDLE], ("glide",)) == ["glided", "host", "host too"]


@pytest.mark.parametrize(("second", "first"), [(-10.0 - 1e-9, "host too"), (-10.001, "other")])
def test_cells_of_one_energy_stay_in_their_order(second: float, first: str) -> None:
    other = calculation("other", second, magmoms=[2.0] * 8)
    chosen, _ = lowest_start([HIGH, other], 0)
    assert chosen is not None
    assert ("magmom" in chosen.structure.site_properties) == (first == "other")


def test_the_lowest_brings_its_moments_and_all_that_it_was_chosen_from() -> None:
    found, reason = lowest_start([HIGH, None, MIDDLE], 0)
    assert found is not None
    assert reason == ""
    assert found.structure.site_properties["magmom"] == [1.0] * 8
    assert found.derived == {"lowest of": ["host too", "host"], "slot": 0}
    assert MIDDLE.cell.site_properties.get("magmom") is None, "the document stays as it is"
    accepting, _ = lowest_start([LOW, MIDDLE], 0, ("glide",))
    strict, _ = lowest_start([LOW, MIDDLE], 0)
    assert accepting is not None
    assert strict is not None
    assert accepting.derived != strict.derived, "another cell is chosen of the same calculations"


@pytest.mark.parametrize(
    ("previous", "slot", "reason"),
    [
        ([MIDDLE], 1, ""),
        ([MIDDLE, calculation("f", None, status="failed")], 1, "the calculation to start from is failed"),
        ([MIDDLE, calculation("f", None, status="failed")], 2, ""),
        ([calculation("c", -1.0, status="cut")], 0, "the calculation to start from is cut"),
        ([None], 0, "the calculation to start from is missing"),
        ([calculation("", None, status="absent")], 0, ""),
    ],
)
def test_what_is_not_there_has_a_reason(previous: list[CalculationDoc | None], slot: int, reason: str) -> None:
    """Without a reason there is nothing to calculate: the slot is absent."""
    assert lowest_start(previous, slot) == (None, reason)


def salt() -> Structure:
    """Rock salt on which the engine of these tests is at home; sites come from sites of a configuration."""
    structure = Structure(Lattice.cubic(4.25), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    structure.add_site_property("sublattice", ["M", "O"])
    return structure


def relaxed_salt() -> CalculationDoc:
    structure = salt()
    structure.add_site_property("configuration_site", [0, 1])
    return calculation("parent 1", -50.0, structure=structure)


def made(store: JobStore, *arguments: Any, **named: Any) -> tuple[Job, CalculationDoc]:
    job = RelaxMaker(engine=SPRINGS, displacement=0.02).make(*arguments, **named)
    run_locally(job, store=store, log=False, ensure_success=True)
    return job, CalculationDoc.model_validate(store.get_output(job.uuid, load=True))


def test_an_old_calculation_that_is_known_by_its_coordinates_is_used_again() -> None:
    store = JobStore(MemoryStore())
    store.connect()
    whole = ConfigurationDoc(key="configuration 1", structure=salt(), n_fu=1)
    orderings = OrderingDoc(key="orderings", x=1.0, occupied=[[0, 1]])
    begin = state_start(whole, orderings, 0, None, MOVED, relaxed_salt())
    old = RelaxMaker(engine=SPRINGS).make(begin.structure, label="as version 1 made it")
    run_locally(old, store=store, log=False, ensure_success=True)
    written = CalculationDoc.model_validate(store.get_output(old.uuid, load=True))
    assert (written.key, written.derived) == (key(Start(begin.structure)), None)

    again, found = made(store, whole, orderings, relaxed_salt())
    row = store.query_one({"uuid": again.uuid}, load=True)
    assert row is not None
    assert row["output"]["@class"] == "OutputReference"
    assert (row["output"]["uuid"], found.label) == (old.uuid, "as version 1 made it")

    _, other = made(store, whole, orderings, relaxed_salt(), number=1)
    assert other.label == ""
    assert other.derived == {**(begin.derived or {}), "start": 1}
    third, _ = made(store, whole, orderings, relaxed_salt(), number=1)
    assert store.query_one({"uuid": third.uuid}, load=True)["output"]["@class"] == "OutputReference"  # type: ignore[index]


def test_a_start_of_a_structure_from_outside_is_known_by_its_coordinates() -> None:
    document = made(JobStore(MemoryStore()), salt())[1]
    assert document.input_structure is not None
    assert document.derived is None
    assert document.key == key(Start(document.input_structure))
    assert structure_hash(document.input_structure) != structure_hash(salt())
