"""Electronic results of as-made cells as an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.analyses import Given, NoOptions
from hebe.analyses.electronic import ANALYSIS
from hebe.analyses.given import Cell
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.schemas.electronic import ElectronicDoc
from support.campaigns import layered
from support.insertion_states import spec, state

if TYPE_CHECKING:
    from pathlib import Path


def test_it_reads_what_the_calculation_has() -> None:
    """Two of four known ions are Jahn-Teller ions; the oxygens, which moments do not decide, do not count."""
    found = ElectronicDoc(
        band_gap_eV=1.3,
        p_centres_eV={"O": -3.2, "F": -6.0},
        valences=[1, 3, 3, 4, None, None],
        jahn_teller=[False, True, True, False, False, False],
    )
    made = state(1, -24.0, 40.0).model_copy(update={"electronic": found})
    result = ANALYSIS.analyse(NoOptions(), spec(), Given([Cell(made=made)]))
    assert (result.band_gap_eV, result.anion_p_centre_eV, result.jahn_teller_share) == (1.3, -3.2, 0.5)
    assert result.warnings == []


def test_what_is_not_there_is_null_with_a_warning() -> None:
    for cell in (Cell(), Cell(made=state(1, -24.0, 40.0))):
        result = ANALYSIS.analyse(NoOptions(), spec(), Given([cell]))
        assert (result.band_gap_eV, result.jahn_teller_share) == (None, None)
        assert result.warnings
    undecided = ElectronicDoc(band_gap_eV=0.0, valences=[None, None], jahn_teller=[False, False])
    made = state(1, -24.0, 40.0).model_copy(update={"electronic": undecided})
    result = ANALYSIS.analyse(NoOptions(), spec(), Given([Cell(made=made)]))
    assert (result.band_gap_eV, result.jahn_teller_share) == (0.0, None), "a metal has a gap of zero, not none"


def test_an_engine_without_electrons_is_refused_with_those_that_have_them(tmp_path: Path) -> None:
    path = layered(tmp_path, engine="chgnet")
    path.write_text(path.read_text().replace("mixing]", "mixing, electronic]"))
    with pytest.raises(BadInputError, match=r"analyses\[3\]: chgnet does not compute.*electrons.*gpaw, abinit, vasp"):
        load_campaign(path)
    path.write_text(path.read_text().replace("engine: chgnet", "engine: {name: gpaw, preset: screen}"))
    assert "electronic" in load_campaign(path).stages[0].analyses
