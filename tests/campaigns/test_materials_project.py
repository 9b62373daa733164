"""Structures of the Materials Project become phases of a campaign: mp-api's own client against a server of this test.

The answers are made by hand in the form that its service documents; nothing leaves the machine.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest
from pymatgen.core import Lattice, Structure

from hebe.campaigns.loading import load_campaign
from hebe.campaigns.materials_project import chemical_systems
from hebe.config.campaign import Campaign
from hebe.exceptions import BadInputError, HebeError, MissingDependencyError
from hebe.flows.campaign import campaign_flow
from hebe.science.hulls.given_phases import given_phases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "0123456789abcdef0123456789abcdef"
CAMPAIGN = """\
name: fetched
host:
  family: rocksalt
  sublattices:
    M: {species: {Mg: [2], Ni: [2], Co: [2]}, grid: 12, n_species: 3}
select: {method: explicit, formulas: [Co1/3Mg1/3Ni1/3O]}
structures: {cations: 12, per_candidate: 1}
mixing: {materials_project: true}
stages:
  - engine: chgnet
    analyses: [mixing]
"""
CSCL = Structure(Lattice.cubic(2.66), ["Mg", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
SPINEL = Structure.from_spacegroup(
    "Fd-3m", Lattice.cubic(8.1), ["Mg", "Co", "O"], [[0.125] * 3, [0.5] * 3, [0.262] * 3]
).get_primitive_structure()
DOCUMENTS = [
    {"material_id": "mp-1265", "formula_pretty": "MgO", "structure": CSCL.as_dict(), "energy_per_atom": -99.0},
    {
        "material_id": "mp-756442",
        "formula_pretty": "Mg(CoO2)2",
        "structure": SPINEL.as_dict(),
        "energy_per_atom": -99.0,
    },
]


class Service(ThreadingHTTPServer):
    """What the client meets; ``asked`` collects the queries, ``keys`` the keys that came with them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.keys: set[str] = set()
        self.refuse = False


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        url = urlparse(self.path)
        if url.path == "/heartbeat":
            self._send(200, {"version": "0.87.1", "db_version": "2026.10.01", "access_controlled_batch_ids": []})
            return
        query = parse_qs(url.query)
        self.server.asked.append(query)
        self.server.keys.add(str(self.headers["x-api-key"]))
        if self.server.refuse:
            self._send(403, {"detail": f"key {KEY} is not known"})
            return
        wanted = set(query["chemsys"][0].split(","))
        found = [d for d in DOCUMENTS if "-".join(sorted({*_elements(d)})) in wanted]
        fields = query["_fields"][0].split(",")
        data = [{name: document[name] for name in fields} for document in found]
        self._send(200, {"data": data, "meta": {"total_doc": len(data)}})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Say nothing."""


def _elements(document: dict[str, Any]) -> list[str]:
    return re.findall(r"[A-Z][a-z]?", document["formula_pretty"])


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    pytest.importorskip("mp_api.client", reason="needs the package mp-api")
    from mp_api.client.core.settings import MAPI_CLIENT_SETTINGS

    server = Service()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(MAPI_CLIENT_SETTINGS, "ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("MP_API_KEY", KEY)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Campaign file in a project of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    path = tmp_path / "campaign.yaml"
    path.write_text(CAMPAIGN)
    return path


@pytest.mark.slow
def test_structures_are_fetched_once_and_computed_anew(
    project: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = load_campaign(project)
    found = {phase.id: phase for phase in given_phases(campaign)}
    assert set(found) == {"mp-1265", "mp-756442"}
    assert found["mp-1265"].structure() == CSCL
    assert found["mp-756442"].structure().matches(SPINEL)
    flow = campaign_flow(campaign)
    labels = {job.metadata["label"] for job in flow.jobs}
    assert {"shared/mp-1265", "shared/mp-756442", "shared/MgO"} <= labels
    query = service.asked[0]
    assert set(query["chemsys"][0].split(",")) == set(chemical_systems(campaign))
    assert float(query["energy_above_hull_max"][0]) == pytest.approx(0.05)
    assert query["deprecated"] == ["False"]
    # no energy of the database, and no key, is kept anywhere
    assert service.keys == {KEY}
    kept = [file for file in project.parent.rglob("*") if file.is_file()]
    assert len(kept) == 2
    assert not any(KEY in file.read_text() or "-99" in file.read_text() for file in kept)
    assert KEY not in campaign.model_dump_json()
    asked = len(service.asked)
    monkeypatch.delenv("MP_API_KEY")
    again = load_campaign(project)
    assert len(service.asked) == asked
    assert {job.uuid for job in campaign_flow(again).jobs} == {job.uuid for job in flow.jobs}


@pytest.mark.slow
def test_a_refusal_is_one_line_without_the_key(project: Path, service: Service) -> None:
    service.refuse = True
    with pytest.raises(HebeError, match="the Materials Project gave no structures") as caught:
        load_campaign(project)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not (project.parent / ".hebe" / "materials-project").exists()


def test_without_a_key_the_line_of_the_campaign_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MP_API_KEY", raising=False)
    with pytest.raises(BadInputError, match=r"campaign.yaml:8: mixing.materials_project: .*MP_API_KEY is not set"):
        load_campaign(project)


def test_without_the_package_the_extra_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.setitem(__import__("sys").modules, "mp_api.client", None)
    with pytest.raises(MissingDependencyError, match=r"mp-api: pip install 'hebe-flows\[materials-project\]'"):
        load_campaign(project)


def test_systems_hold_an_anion_and_up_to_three_cations() -> None:
    plain = {
        "name": "systems",
        "host": {
            "family": "layered-o3",
            "working_ion": "Na",
            "sublattices": {"TM": {"species": {"Ni": [2], "Mn": [4]}}},
        },
        "stages": [{"engine": "chgnet"}],
    }
    expected = ["Mn-O", "Na-O", "Ni-O", "Mn-Na-O", "Mn-Ni-O", "Na-Ni-O", "Mn-Na-Ni-O"]
    assert chemical_systems(Campaign.model_validate(plain)) == sorted(expected)


def test_a_campaign_that_was_not_read_from_a_file_has_nothing_fetched() -> None:
    plain = {
        "name": "unread",
        "host": {"family": "rocksalt", "sublattices": {"M": {"species": {"Mg": [2], "Ni": [2]}}}},
        "mixing": {"materials_project": True},
        "stages": [{"engine": "chgnet", "analyses": ["mixing"]}],
    }
    with pytest.raises(BadInputError, match="read by load_campaign"):
        given_phases(Campaign.model_validate(plain))
