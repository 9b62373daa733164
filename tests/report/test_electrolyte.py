"""Cards of electrolytes: limits and reactions are printed as they were computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.registry import get_analysis
from hebe.report.sections import card_of, electrochemical_window, figures_of
from hebe.schemas.bottlenecks import BottlenecksDoc, GatesDoc, WayDoc
from hebe.schemas.electrochemical_window import PhaseAmount, PhaseCoverage, WindowDoc, WindowReaction
from hebe.schemas.interface_reactions import ContactDoc, InterfaceDoc
from hebe.schemas.result import Value
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.result import ResultDoc

COVERED = PhaseCoverage(grade="C", missing=["Li7P3S11"], unlisted=["Ge-P-S"])


def held(name: str, document: ResultDoc) -> str:
    """Card of a candidate whose configurations have all the same result."""
    (first, *_) = ranked()
    plain = document.model_dump(mode="json")
    candidate = first.model_copy(update={"results": {**first.results, name: [plain, plain]}})
    return str(card_of(get_analysis(name), candidate))


def window(above: float) -> WindowDoc:
    products = [
        PhaseAmount(phase="Li2S-antifluorite", formula="Li2S", amount=5),
        PhaseAmount(phase="P", formula="P", amount=1),
    ]
    reaction = WindowReaction(
        voltage_V=1.65, products=products, uptake=5, energy_eV_per_fu=-0.13, energy_eV_per_atom=-0.01
    )
    return WindowDoc(
        ion="Li",
        temperature_K=298.15,
        oxygen_bar=1,
        reduction_V=1.65,
        oxidation_V=2.21,
        width_V=0.56,
        above_hull_eV_per_atom=above,
        becomes=products[:1],
        reduced=reaction,
        coverage=COVERED,
    )


def test_the_card_of_a_window_says_limits_products_and_what_is_missing() -> None:
    card = held("electrochemical_window", window(0.021))
    for text in (
        "1.65 to 2.21 V against Li",
        "21 meV/atom above 5 Li2S",
        "5 Li2S + 1 P",
        "+5.00",
        "-10",
        "without Li7P3S11",
    ):
        assert text in card
    assert "Window of the decomposition" in card
    assert "12 meV/atom below all mixtures" in held("electrochemical_window", window(-0.012))
    assert held("electrochemical_window", WindowDoc(ion="Li", temperature_K=0, oxygen_bar=1)) == ""


def test_windows_are_drawn_where_both_limits_are_known() -> None:
    (first, second, *others) = ranked()
    values = {"reduction_limit": Value(mean=1.65, n=2), "oxidation_limit": Value(mean=2.21, n=2)}
    known = first.model_copy(update={"values": {**first.values, **values}})
    half = second.model_copy(update={"values": {**second.values, "reduction_limit": Value(mean=0.5, n=2)}})
    svg = electrochemical_window.limits([known, half, *others])
    assert svg is not None
    assert svg.count("1.65 to 2.21 V") == 1
    assert svg.count('class="mark"') == 1
    assert electrochemical_window.limits([half, *others]) is None
    assert [one.name for one in figures_of(get_analysis("electrochemical_window"))] == ["electrochemical_windows"]


def test_the_card_of_reactions_has_a_row_for_each_electrode() -> None:
    reacts = ContactDoc(
        electrode="LCO",
        formula="LiCoO2",
        share=0.4,
        partner_per_fu=2.5,
        mutual_eV_per_atom=-0.34,
        total_eV_per_atom=-0.352,
        products=[PhaseAmount(phase="Li3PO4", formula="Li3PO4", amount=1)],
        coverage=COVERED,
    )
    none = ContactDoc(
        electrode="LiFePO4", formula="LiFePO4", mutual_eV_per_atom=0, total_eV_per_atom=-0.012, coverage=COVERED
    )
    document = InterfaceDoc(temperature_K=298.15, oxygen_bar=1, contacts=[reacts, none], lowest_eV_per_atom=-0.34)
    card = held("interface_reactions", document)
    for text in ("LCO (LiCoO2)", "2.50", "1 Li3PO4", "-340", "-352", "-12"):
        assert text in card
    assert card.count("<tr>") == 3
    assert held("interface_reactions", InterfaceDoc(temperature_K=0, oxygen_bar=1)) == ""


def test_the_card_of_bottlenecks_has_ways_and_gates() -> None:
    way = WayDoc(directions=2, radius_A=0.61, area_A2=5.4, first=0, second=1, environment="La, Zr")
    gate = GatesDoc(environment="La, Zr", n=12, radius_A=0.62, area_A2=5.5, area_sd_A2=0.25)
    card = held("bottlenecks", BottlenecksDoc(n_hops=12, ways=[way], gates=[gate]))
    for text in ("0.61 Å in 2", "La, Zr", "12", "0.62", "5.50", "0.25"):
        assert text in card
    assert "Sites do not connect" in held("bottlenecks", BottlenecksDoc(n_hops=12, gates=[gate]))
    assert held("bottlenecks", BottlenecksDoc()) == ""
