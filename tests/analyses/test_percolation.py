"""Percolation as an analysis: the materials of the literature, hosts that have no such channels, the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hebe.analyses.given import Cell, Given
from hebe.analyses.percolation import ANALYSIS, PercolationSpec
from hebe.campaigns.loading import load_campaign
from hebe.config.family import load_family
from hebe.flows.campaign import campaign_members
from hebe.report.sections.percolation import card
from hebe.schemas.percolation import PercolationDoc
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.structures.host import host_cell
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

EXAMPLES = Path(__file__).parents[2] / "examples" / "literature"
FEW = PercolationSpec(sites=20_000, cells=2)


def member(name: str) -> MemberSpec:
    (found,) = campaign_members(load_campaign(EXAMPLES / f"{name}.yaml"))
    return found


def found(name: str, block: PercolationSpec = FEW, cells: list[Cell] | None = None) -> PercolationDoc:
    return ANALYSIS.analyse(block, member(name), Given(cells=cells or []))


def test_two_and_six_metals_are_equal_with_random_order() -> None:
    """Both hold 1.3 lithium per two sites: with random order the other cations make no difference."""
    two, six = found("drx-tm2"), found("drx-tm6")
    assert two.channels == six.channels
    assert two.x == six.x == pytest.approx(0.65)
    (zero, one, _) = two.channels
    assert zero.share == pytest.approx(0.84, abs=0.02)
    assert zero.threshold_x == pytest.approx(1.09 / 2, abs=0.01)
    assert one.share > 0.99


def test_a_layered_oxide_conducts_through_1tm_channels_alone() -> None:
    document = found("li-o3-linico")
    values = [(net.share, net.directions, net.threshold_x) for net in document.channels]
    assert values == [(0.0, 0, None), (1.0, 2, None), (1.0, 2, None)]
    assert document.x == 1.0
    (mark,) = ANALYSIS.marks
    assert not mark.holds(document, ranked()[0]), "nothing is shared that could block"
    below = PercolationDoc(channels=[document.channels[0].model_copy(update={"threshold_x": 0.54})])
    assert mark.holds(below, ranked()[0])
    (threshold,) = (one for one in ANALYSIS.quantities if one.name == "threshold_0tm")
    assert threshold.why_null is not None
    assert "beside others" in str(threshold.why_null(document))


def test_configurations_stand_beside_random_order() -> None:
    cell = host_cell(load_family("drx"), "Li").structure.make_supercell((4, 4, 4), in_place=False)
    metals = [i for i, label in enumerate(cell.site_properties["sublattice"]) if label == "M"]
    for i in metals:
        cell[i] = "Mn" if round(cell[i].frac_coords[2] * 4) % 4 == 3 else "Li"
    configuration = ConfigurationDoc(key="k", structure=cell, label="slabs")
    (slabs,) = found("drx-tm2", cells=[Cell(configuration=configuration)]).cells
    zero, one, two = slabs.channels
    assert (slabs.n_sites, slabs.label) == (64, "slabs")
    assert (zero.directions, one.directions, two.directions) == (2, 2, 2), "three layers of lithium, one of manganese"
    assert zero.share == one.share == two.share == 1.0
    assert zero.tetrahedra == pytest.approx(2 / 4)


@pytest.mark.parametrize(
    ("family", "ion", "refused"),
    [("drx", "Li", False), ("layered-o3", "Na", False), ("layered-li-rich", "Li", False), ("layered-p2", "Na", True)],
)
def test_hosts_that_are_no_rock_salt_are_refused(family: str, ion: str, *, refused: bool) -> None:
    said = ANALYSIS.refuses(FEW, load_family(family), ion)
    assert (said is not None) == refused
    if said is not None:
        assert "layered-p2 the cations do not stand on the octahedral sites of a rock salt" in said[0]


def test_nothing_moves_without_a_working_ion() -> None:
    assert ANALYSIS.refuses(FEW, load_family("drx"), None) == ("nothing moves without a working ion", "working_ion")


def test_the_report_tells_order_and_criterion() -> None:
    document = found("drx-tm2", PercolationSpec(sites=1000, cells=1))
    (first, *_) = ranked()
    text = card(first.model_copy(update={"results": {"percolation": [document.model_dump(mode="json")]}}))
    for said in ("drawn at random", "wraps around the periodic cell", "0-TM", "up to 2-TM"):
        assert said in text
    assert card(first) == ""
