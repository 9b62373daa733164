"""A campaign with ABINIT: energies, moments and electronic results arrive in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.api import project_store, results, run
from support.abinit import engine
from support.given_cells import coo2, licoo2, write
from support.small_cells import lithium

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.abinit, pytest.mark.slow]

ENGINE = "{name: abinit, preset: ci, settings: {spin: off}}"


def test_voltage_from_given_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without spin and at 400 eV, 3.6 V (GPAW at 600 eV: 3.64 V with the full cell's shape)."""
    engine()
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    metal = ("li.vasp", lithium())
    path = write(tmp_path, ("full.vasp", licoo2()), ("empty.vasp", coo2()), engine=ENGINE, metal=metal)
    path.write_text(path.read_text().replace("volume_strain]", "volume_strain, {electronic: {along_x: true}}]"))
    summary = run(path, workers=2, progress=False)
    assert summary.status == "complete", summary.failures
    (candidate,) = results(path).candidates
    assert candidate["average_voltage_V"] == pytest.approx(3.6, abs=0.1)
    assert candidate["energy_scale"].startswith("abinit/PBE/paw-")
    (electrons,) = candidate["results"]["electronic"]
    full, empty = electrons["states"]
    assert (full["x"], empty["x"]) == (1, 0)
    assert full["anion_p_centre_eV"] < full["d_centres_eV"]["Co"] < 0, "filled t2g states stand above those of oxygen"
    assert full["anion_share"] < empty["anion_share"], "holes come nearer to oxygen"
    store = project_store(tmp_path)
    try:
        found = list(store.docs_store.query({"output.engine": "abinit", "output.status": "converged"}))
    finally:
        store.close()
    gaps = {d["output"]["label"]: d["output"]["electronic"]["band_gap_eV"] for d in found}
    assert len(gaps) == 3
    assert sum(gap > 0.5 for gap in gaps.values()) == 1, "LiCoO2 alone is an insulator"
    assert all(d["output"]["versions"]["abinit"] for d in found)
    again = run(path, workers=2, progress=False)
    assert again.calculations["computed"] == 0
