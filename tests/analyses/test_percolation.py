"""Percolation as an analysis: materials of the literature, order, hosts without such channels, the report."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from hebe.analyses.given import Cell, Given
from hebe.analyses.percolation import ANALYSIS, PercolationSpec
from hebe.analyses.wants import Firing, Tiles
from hebe.campaigns.loading import load_campaign
from hebe.config.family import load_family
from hebe.flows.campaign import campaign_members
from hebe.report.sections.percolation import card
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.percolation import PercolationDoc
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.structures.host import host_cell
from hebe.science.structures.tiles import member_tiles
from hebe.science.transport.pair_shells import SHELLS, pair_shells
from hebe.science.transport.short_range import cations_first, contents
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.ladder import Split

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


def ordered(temperature: float = 1273.15, **more: object) -> PercolationSpec:
    """Lithium likes titanium beside it by 50 meV, unless other pairs are given."""
    pairs = {"pairs": {"Li Ti": "-50 meV"}, **more}
    short = {"temperature": temperature, "sites": 4000, "sweeps": 60, **pairs}
    block = {"sites": 1000, "cells": 2, "short_range": short}
    return PercolationSpec.model_validate(block)


def open_channels(document: PercolationDoc) -> tuple[float, float]:
    """Share of 0-TM tetrahedra, and of lithium on their net."""
    assert document.short_range is not None
    zero = document.short_range.channel(0)
    assert zero is not None
    return zero.tetrahedra, zero.share


def test_short_range_order_sets_two_and_six_metals_apart() -> None:
    """They are equal with random order, and so at a temperature that makes nothing of the pairs."""
    for name in PAIR:
        hot = open_channels(found(name, ordered(5000, pairs={"Li Ti": -1e-4})))
        assert hot == pytest.approx((0.65**4, 0.84), abs=0.02), "random order"
    cold_two, cold_six = (found(name, ordered()) for name in PAIR)
    (two, two_share), (six, six_share) = open_channels(cold_two), open_channels(cold_six)
    assert six - two > 0.015
    assert six_share - two_share > 0.02
    assert cold_two.channels == cold_six.channels
    assert cold_two.short_range is not None
    alphas = {(one.pair, one.shell): one.alpha for one in cold_two.short_range.pairs}
    assert alphas["Li Ti", "nearest"] < -0.08 < 0.2 < alphas["Ti Ti", "nearest"]
    assert cold_two.short_range.energy_eV < 0
    assert abs(cold_two.short_range.drift_eV) < 0.1 * abs(cold_two.short_range.energy_eV)


PAIR = ("drx-tm2", "drx-tm6")


def charged_cells(n: int, noise: float = 0.0, strength: float = 0.1) -> list[Cell]:
    """Cells of TM2 in random order whose energies are those of charges on neighbouring cations (eV per e2)."""
    spec, host, random, cells = member("drx-tm2"), load_family("drx"), np.random.default_rng(1), []
    held = contents(spec, host)
    for k in range(n):
        cell = host_cell(host, "Li").structure.make_supercell((4, 4, 5), in_place=False)
        label = np.array(cell.site_properties["sublattice"])
        for i, kind in enumerate(held.drawn(label, k)):
            cell[i] = held.kinds[kind]
        whole, n_cations = cations_first(host, cell)
        kinds = np.array([held.kinds.index(site.specie.symbol) for site in whole])
        charges = np.array([held.charges[kind] for kind in held.kinds])
        pairs = pair_shells(whole, n_cations).counts(kinds, len(charges))[SHELLS.index("nearest")] / 2
        energy = (
            strength * float((pairs * np.outer(charges, charges)).sum()) - 5.0 * len(cell) + random.normal(0, noise)
        )
        made = {"engine": "e", "energy_scale": "e", "task": "relax", "status": "converged"}
        done = CalculationDoc(key=f"k{k}", energy_eV=energy, structure=cell, **made)
        cells.append(Cell(configuration=ConfigurationDoc(key=f"k{k}", structure=cell, label=f"c{k}"), made=done))
    return cells


def test_energies_of_pairs_are_fitted_to_the_cells_of_the_campaign() -> None:
    document = found("drx-tm2", ordered(pairs={}), charged_cells(6))
    assert document.short_range is not None
    fit = document.short_range.fit
    assert fit is not None
    assert (document.short_range.source, fit.n_cells) == ("fitted", 6)
    assert (document.short_range.n_cells, document.short_range.n_means) == (8, 1)
    assert fit.strengths_eV == pytest.approx({"nearest": 0.1}, abs=1e-6)
    assert fit.error_eV < 1e-6 < fit.spread_eV
    energies = {(one.pair, one.shell): one.energy_eV for one in document.short_range.pairs}
    assert energies["Li Ti", "nearest"] == pytest.approx(0.1 * 1 * 4)
    assert energies["Mn Ti", "nearest"] == pytest.approx(0.1 * 3 * 4)
    assert open_channels(document)[0] < 0.16, "ions of high charge keep apart"


@pytest.mark.slow
def test_small_cells_are_told_by_their_ideal_arrangement() -> None:
    """Tiles of LiMnO2 whose relaxations began elsewhere; the energies are those of charges, 0.2 eV per e2."""
    half, host = Fraction(1, 2), load_family("drx")
    fractions = {"M": {"Li": half, "Mn": half}, "X": {"O": Fraction(1)}}
    split: Split = {"M": {Ion("Li", 1): half, Ion("Mn", 3): half}, "X": {Ion("O", -2): Fraction(1)}}
    valences = {"M": {"Li": (1,), "Mn": (3,)}, "X": {"O": (-2,)}}
    spec = member_spec(HostComposition("drx", "Li", half, fractions), split, "M", valences)
    block = ordered(pairs={}, fit=6)
    (want,) = ANALYSIS.wants(block, spec)
    assert want == Tiles(12, 6, 6)
    tiles = []
    for tile in member_tiles(spec, 12, 6, 6).tiles:
        whole, n = cations_first(host, tile.structure)
        charges = np.array([{"Li": 1, "Mn": 3, "O": -2}[site.specie.symbol] for site in whole])
        found = pair_shells(whole, n)
        near = found.shell == SHELLS.index("nearest")
        energy = 0.2 * float((charges[found.first] * charges[found.other])[near].sum()) / 2
        far = tile.structure.copy().perturb(1.5)
        made = {"engine": "e", "energy_scale": "e", "task": "relax", "status": "converged", "input_structure": far}
        tiles.append({"degeneracy": 1, "calculation": CalculationDoc(key="k", energy_eV=energy, structure=far, **made)})
    document = ANALYSIS.analyse(block, spec, Given(cells=[], tiles=tiles))
    assert document.short_range is not None, document.warnings
    assert document.short_range.fit is not None
    assert document.short_range.fit.strengths_eV["nearest"] == pytest.approx(0.2)


def test_the_error_of_a_fit_is_in_that_of_its_cells() -> None:
    """Beside cells of the best energies alone those of a fit to noisy ones scatter, and more make no mean better."""
    fit = found("drx-tm2", ordered(pairs={}), charged_cells(6, 0.5, 0.01)).short_range
    assert fit is not None
    near, second = (
        {one.pair: one.energy_eV for one in fit.pairs if (one.shell == "second") == far} for far in (False, True)
    )
    best = PercolationSpec.model_validate(
        {**ordered(pairs=near, second=second).model_dump(exclude={"cells"}), "cells": fit.n_cells}
    )
    alone = found("drx-tm2", best).short_range
    assert alone is not None
    spreads = [one.channels[0].share_sd or 0.0 for one in (fit, alone)]
    assert spreads[0] > 2 * spreads[1] > 0
    (quantity,) = (one for one in ANALYSIS.quantities if one.name == "ordered_share_0tm")
    assert quantity.n is not None
    assert [quantity.n(PercolationDoc(short_range=one)) for one in (fit, alone)] == [1, 8]


def test_what_the_cells_do_not_tell_is_a_warning() -> None:
    for cells, said in ((charged_cells(2), "too few"), (charged_cells(8, noise=50.0), "tell no energies of pairs")):
        document = found("drx-tm2", ordered(pairs={}), cells)
        assert document.short_range is None
        assert any(said in warning for warning in document.warnings)
        (quantity,) = (one for one in ANALYSIS.quantities if one.name == "ordered_share_0tm")
        assert quantity.read(document) is None
        assert quantity.why_null is not None
        assert said in str(quantity.why_null(document))


def test_the_temperature_is_that_of_firing_where_none_is_given() -> None:
    bare = PercolationSpec.model_validate({"sites": 1000, "short_range": {"pairs": {"Li Ti": 0.0}, "sites": 1000}})
    spec = member("drx-tm2")
    assert [list(ANALYSIS.wants(block, spec)) for block in (FEW, ordered(), bare)] == [[], [], [Firing()]]
    assert list(ANALYSIS.wants(ordered(pairs={}, fit=20), spec)) == [Tiles(20, 20, 20)]
    document = ANALYSIS.analyse(bare, spec, Given(cells=[], firing_temperature=1273.15))
    assert document.short_range is not None
    assert document.short_range.temperature_K == 1273.15
    document = ANALYSIS.analyse(bare, spec, Given(cells=[]))
    assert document.short_range is None
    assert "no temperature" in document.warnings[0]


@pytest.mark.parametrize("pairs", [{"Li": 0.1}, {"Li Ti Mn": 0.1}, {"Li Ti": 0.1, "Ti Li": 0.2}, {"Li Ti": 6}])
def test_pairs_that_are_none_are_refused(pairs: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ordered(pairs=pairs)


def test_species_that_the_host_does_not_have_are_refused() -> None:
    said = ANALYSIS.refuses(ordered(pairs={"Li Pu": 0.1}), load_family("drx"), "Li")
    assert said is not None
    assert said[0].startswith("a pair names Pu, which ")
    assert ANALYSIS.refuses(ordered(pairs={"Li F": 0.1}), load_family("drx"), "Li") is None


def test_the_report_tells_short_range_order() -> None:
    document = found("drx-tm2", ordered(pairs={}), charged_cells(6))
    (first, *_) = ranked()
    text = card(first.model_copy(update={"results": {"percolation": [document.model_dump(mode="json")]}}))
    known = ("Monte Carlo at 1273 K", "Energies of pairs are fitted", "Fitted to 6 configurations", "Mn Ti")
    for said in (*known, "nearest 100 ± 0 meV times both charges"):
        assert said in text
    assert document.short_range is not None
    assert document.short_range.fit is not None
    document.short_range.fit.strengths_se_eV = {}
    before = card(first.model_copy(update={"results": {"percolation": [document.model_dump(mode="json")]}}))
    assert "drawn from what the fit leaves open" not in before, "cells from before had the best strengths"
