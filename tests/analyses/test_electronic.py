"""Electronic results of cells as an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.analyses import Given
from hebe.analyses.electronic import ANALYSIS, ElectronicSpec
from hebe.analyses.given import Cell
from hebe.analyses.wants import Contents
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.schemas.electronic import ElectronicDoc
from support.campaigns import layered
from support.candidate_documents import candidate
from support.insertion_states import spec, state

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.calculation import CalculationDoc

OWN = ElectronicSpec()
VALENCES = [None, None, None, None, 2, 4, 3, 4, *8 * [None]]
"""Of four sodium, nickel, manganese, nickel, manganese, eight oxygen."""
MOMENTS = [0, 0, 0, 0, 1.7, 3.0, 1.0, -3.2, *8 * [0.02]]


def cell(x: float, share: float, *, found: ElectronicDoc | None = None) -> CalculationDoc:
    """A cell of the host with electronic results."""
    electrons = found or ElectronicDoc(
        band_gap_eV=1.3,
        p_centres_eV={"O": -3.2, "F": -6.0},
        d_centres_eV={"Ni": -2.0, "Mn": -3.0},
        window_eV=10,
        anion_share=share,
        valences=VALENCES,
        jahn_teller=[False, False, False, False, False, False, True, False, *8 * [False]],
    )
    return state(x, -24.0).model_copy(update={"electronic": electrons, "magmoms": [float(m) for m in MOMENTS]})


def test_it_reads_what_the_calculation_has() -> None:
    """One of four known ions is a Jahn-Teller ion; the oxygens, which moments do not decide, do not count."""
    result = ANALYSIS.analyse(OWN, spec(), Given([Cell(4, made=cell(1, 0.3))]))
    assert (result.band_gap_eV, result.anion_p_centre_eV, result.jahn_teller_share) == (1.3, -3.2, 0.25)
    assert result.warnings == []
    (made,) = result.states
    assert made.x == 1
    assert made.d_centres_eV == {"Ni": -2.0, "Mn": -3.0}
    assert [(one.element, one.valence, one.n) for one in made.ions] == [("Mn", 4, 2), ("Ni", 2, 1), ("Ni", 3, 1)]
    assert [one.moment for one in made.ions] == pytest.approx([3.1, 1.7, 1.0])


def test_anions_are_flagged_where_they_outweigh_the_metals() -> None:
    """In the lowest cell of each content, and only in cells of the host."""
    given = cell(1, 0.4)
    empty = cell(0.5, 0.6).model_copy(update={"magmoms": None})
    worse = empty.model_copy(update={"electronic": ElectronicDoc(anion_share=0.9), "energy_eV": empty.energy + 1})
    left = cell(0.25, 1.0).model_copy(update={"topology": "dissolved", "magmoms": None})
    result = ANALYSIS.analyse(OWN, spec(), Given([Cell(4, made=given, states=[worse, empty, left, None])]))
    assert [(s.x, s.anion_share, s.anion_redox) for s in result.states] == [(1, 0.4, False), (0.5, 0.6, True)]
    assert result.anion_share == 0.6
    (mark,) = ANALYSIS.marks
    document = candidate("one")
    assert mark.holds(result, document)
    alone = ANALYSIS.analyse(OWN, spec(), Given([Cell(4, made=given, states=[])]))
    assert not mark.holds(alone, document)


def test_cells_at_other_contents_are_wanted_on_request_only() -> None:
    assert ANALYSIS.wants(OWN, spec()) == ()
    assert ANALYSIS.wants(ElectronicSpec(along_x=True), spec()) == (Contents(),)
    assert ANALYSIS.plain(OWN) == {}


def test_what_is_not_there_is_null_with_a_warning() -> None:
    for one in (Cell(), Cell(4, made=state(1, -24.0, 40.0))):
        result = ANALYSIS.analyse(OWN, spec(), Given([one]))
        assert (result.band_gap_eV, result.jahn_teller_share) == (None, None)
        assert result.warnings
    undecided = ElectronicDoc(band_gap_eV=0.0, valences=16 * [None], jahn_teller=16 * [False])
    result = ANALYSIS.analyse(OWN, spec(), Given([Cell(4, made=cell(1, 0, found=undecided))]))
    assert (result.band_gap_eV, result.jahn_teller_share) == (0.0, None), "a metal has a gap of zero, not none"
    assert result.states[0].anion_redox is None
    older = ElectronicDoc(p_centres_eV={"O": -1.0})
    result = ANALYSIS.analyse(OWN, spec(), Given([Cell(4, made=cell(1, 0, found=older))]))
    assert "all states" in result.warnings[0]


def test_an_engine_without_electrons_is_refused_with_those_that_have_them(tmp_path: Path) -> None:
    path = layered(tmp_path, engine="chgnet")
    path.write_text(path.read_text().replace("mixing]", "mixing, {electronic: {along_x: true}}]"))
    with pytest.raises(BadInputError, match=r"analyses\[3\]: chgnet does not compute.*electrons.*gpaw, abinit, vasp"):
        load_campaign(path)
    path.write_text(path.read_text().replace("engine: chgnet", "engine: {name: gpaw, preset: screen}"))
    assert "electronic" in load_campaign(path).stages[0].analyses
