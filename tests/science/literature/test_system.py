"""The table of materials: whole, readable, and found by its properties."""

from __future__ import annotations

import csv
from importlib import resources

import pytest

from hebe.exceptions import BadInputError
from hebe.science.literature.printed import elements_of, parse_printed_formula
from hebe.science.literature.states import parse_states
from hebe.science.literature.system import (
    about,
    find_systems,
    get_system,
    load_systems,
    load_targets,
    targets_of,
)


def test_the_table_is_whole() -> None:
    systems, targets = load_systems(), load_targets()
    rows = (resources.files("hebe.science.literature") / "systems.csv").read_text(encoding="utf-8").splitlines()
    assert len(systems) == len(list(csv.reader(rows))) - 1 == 167
    assert len({one.target_id for one in targets}) == len(targets) == 613
    assert {one.level for one in targets} == set("EDXQ")
    named = {name for one in targets for name in one.system_ids if not name.startswith("unresolved")}
    assert named <= set(systems)
    assert set(about().hosts) <= {*systems, *(one.family for one in systems.values())}


def test_every_row_can_be_read_and_names_its_sources() -> None:
    for system in load_systems().values():
        names = [one.name for one in system.printed]
        assert set(system.mixed_sublattice) <= set(names), system.system_id
        assert parse_printed_formula(system.formula)
        parse_states(system.oxidation_states)
        assert system.sources
        assert {source.partition(":")[0] for source in system.sources} <= set(about().reviews)
        assert system.refusal in ("", "sum", "charge")


def test_formulas_and_sublattices_of_rows_agree() -> None:
    """Each holds the atoms of the other; molecules without a formula cannot be compared."""
    compared = 0
    for system in load_systems().values():
        held = elements_of(system.printed)
        if held is not None:
            compared += 1
            written = parse_printed_formula(system.formula)
            assert set(held) == set(written), system.system_id
            assert all(abs(held[e] - written[e]) < 1e-4 for e in held), system.system_id
    assert compared >= 163


def test_conditions_narrow_the_list() -> None:
    potassium = find_systems(ion="K", role="cathode")
    assert "pba-k-femn" in {one.system_id for one in potassium}
    assert all("K" in one.working_ion and one.role == "cathode" for one in potassium)
    assert {one.system_id for one in find_systems(element="Ru")} == {"na-p2-tmcnr"}
    assert find_systems(family="spinel-oxide")
    assert len(find_systems()) == 167


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [("family", "layerd-o3", "layered-o3"), ("ion", "Nax", "Na"), ("role", "catode", "cathode")],
)
def test_an_unknown_condition_names_the_nearest(key: str, value: str, hint: str) -> None:
    with pytest.raises(BadInputError, match=hint):
        find_systems(**{key: value})


def test_an_unknown_material_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match="na-o3-nfmczs"):
        get_system("na-o3-nfmczz")


def test_a_material_has_its_numbers() -> None:
    found = {one.target_id for one in targets_of(get_system("pba-na-hepba"))}
    assert {"cap-pba-na-hepba", "d-strain-hepba-v"} <= found
