"""Structures for clients of OPTIMADE: its validator passes, filters find what the store has, other sites nothing."""

from __future__ import annotations

import json
import logging
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Structure

from hebe.browse.place import find_place
from hebe.campaigns.api import project_store
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("optimade.server", reason="needs the package optimade")
uvicorn = pytest.importorskip("uvicorn", reason="needs the package uvicorn")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """Address of a server over the project."""
    from hebe.browse.optimade import free_port, optimade_app

    port = free_port()
    app = optimade_app(find_place(str(project)), port)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the server answers")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def ask(address: str, path: str, **headers: str) -> tuple[int, Any, dict[str, str]]:
    """Status, content and headers of an answer."""
    request = urllib.request.Request(address + path, headers=headers)  # noqa: S310 - an address of this machine
    try:
        with urllib.request.urlopen(request, timeout=60) as found:  # noqa: S310 - same
            return found.status, json.loads(found.read()), dict(found.headers)
    except urllib.error.HTTPError as err:
        return err.code, None, dict(err.headers)


def entries(address: str, expression: str) -> list[dict[str, Any]]:
    """Entries for which a filter is true."""
    query = urllib.parse.urlencode({"filter": expression, "page_limit": 400})
    status, found, _ = ask(address, f"/v1/structures?{query}")
    assert status == 200
    data: list[dict[str, Any]] = found["data"]
    return data


@pytest.fixture(scope="module")
def stored(project: Path) -> dict[str, dict[str, Any]]:
    """Relaxed calculations of the project by the id of their job."""
    store = project_store(project)
    try:
        rows = list(store.docs_store.query({"output.status": "converged", "output.energy_eV": {"$exists": True}}))
    finally:
        store.close()
    return {row["uuid"]: row["output"] for row in rows if row["output"].get("structure")}


def test_its_own_validator_passes(address: str) -> None:
    from optimade.validator import ImplementationValidator

    logging.disable(logging.CRITICAL)
    try:
        validator = ImplementationValidator(base_url=address, verbosity=-1, respond_json=True)
        validator.validate_implementation()
    finally:
        logging.disable(logging.NOTSET)
    assert validator.valid, validator.results.failure_messages
    assert validator.results.success_count > 40


def test_structures_are_those_of_the_store(address: str, stored: dict[str, dict[str, Any]]) -> None:
    found = entries(address, "nelements >= 1")
    assert {one["id"] for one in found} == set(stored)
    for one in found:
        attributes, output = one["attributes"], stored[one["id"]]
        cell = Structure.from_dict(output["structure"])
        read = Structure(
            attributes["lattice_vectors"],
            attributes["species_at_sites"],
            attributes["cartesian_site_positions"],
            coords_are_cartesian=True,
        )
        assert read.cart_coords == pytest.approx(cell.cart_coords, abs=1e-9)
        assert read.lattice.matrix == pytest.approx(cell.lattice.matrix, abs=1e-12)
        assert [site.specie.symbol for site in read] == [site.specie.symbol for site in cell]
        assert attributes["_hebe_energy"] == output["energy_eV"]
        assert attributes["immutable_id"] == output["key"]


def test_filters_of_the_field_choose_by_elements_and_energy(address: str, stored: dict[str, dict[str, Any]]) -> None:
    with_iron = {name for name, one in stored.items() if "Fe" in str(one["structure"]["sites"])}
    assert {one["id"] for one in entries(address, 'elements HAS "Fe"')} == with_iron
    assert with_iron
    energies = {name: one["energy_eV"] / len(one["structure"]["sites"]) for name, one in stored.items()}
    middle = sorted(energies.values())[len(energies) // 2]
    low = {name for name, energy in energies.items() if energy < middle}
    assert {one["id"] for one in entries(address, f"_hebe_energy_per_atom < {middle!r}")} == low


def test_other_sites_read_nothing(address: str) -> None:
    assert ask(address, "/v1/info", Host="evil.example")[0] == 400
    _, _, headers = ask(address, "/v1/structures", Origin="http://evil.example")
    assert not [name for name in headers if name.lower().startswith("access-control")]
