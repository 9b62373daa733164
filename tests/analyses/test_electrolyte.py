"""Values and marks of electrolytes: what a missing limit means, and what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses import bottlenecks, electrochemical_window
from hebe.analyses.summary import value_of
from hebe.schemas.bottlenecks import BottlenecksDoc
from hebe.schemas.electrochemical_window import PhaseCoverage, WindowDoc, WindowReaction
from support.report_results import ranked

if TYPE_CHECKING:
    from typing import Any

    from hebe.analyses.protocol import Analysis
    from hebe.schemas.result import ResultDoc, Value


def values(analysis: Analysis[Any, Any], document: ResultDoc) -> dict[str, Value]:
    return {q.name: value_of(q, [document], "s", "Li") for q in analysis.quantities}


def window(**fields: Any) -> WindowDoc:
    return WindowDoc(ion="Li", temperature_K=298.15, oxygen_bar=1, **fields)


def test_a_window_without_an_upper_limit_says_why() -> None:
    found = values(electrochemical_window.ANALYSIS, window(reduction_V=0.0, above_hull_eV_per_atom=-0.1))
    assert found["reduction_limit"].mean == 0
    assert found["metal_reaction_energy"].mean == 0  # in equilibrium with the metal
    for name in ("oxidation_limit", "electrochemical_window"):
        assert found[name].mean is None
        assert found[name].why_null == "no phase that is known is reached by taking ions out"
    nothing = values(electrochemical_window.ANALYSIS, window(warnings=["the metal of Li has no energy"]))
    assert {one.mean for one in nothing.values()} == {None}
    assert nothing["electrochemical_window"].why_null == "the metal of Li has no energy"


def test_the_reaction_with_the_metal_is_per_atom() -> None:
    reaction = WindowReaction(voltage_V=0, uptake=8, energy_eV_per_fu=-10.8, energy_eV_per_atom=-0.83)
    found = values(electrochemical_window.ANALYSIS, window(reduction_V=1.7, oxidation_V=2.0, at_metal=reaction))
    assert found["metal_reaction_energy"].mean == -0.83
    for above, energy in ((0.1, -0.1), (-0.1, 0.0)):
        stable = window(reduction_V=0.0, oxidation_V=2.0, above_hull_eV_per_atom=above)
        assert values(electrochemical_window.ANALYSIS, stable)["metal_reaction_energy"].mean == energy


def test_metastable_electrolytes_and_hulls_that_lack_phases_are_marked() -> None:
    (candidate, *_) = ranked()
    full, poor = (PhaseCoverage(grade=grade) for grade in ("B", "C"))
    for above, coverage, expected in (
        (0.02, full, {"metastable-electrolyte"}),
        (-0.02, poor, {"wide-window"}),
        (-0.02, full, set[str]()),
        (0.0005, full, set[str]()),
    ):
        document = window(above_hull_eV_per_atom=above, coverage=coverage)
        assert {m.name for m in electrochemical_window.ANALYSIS.marks if m.holds(document, candidate)} == expected


def test_sites_that_do_not_connect_have_no_bottleneck() -> None:
    lost = values(bottlenecks.ANALYSIS, BottlenecksDoc(warnings=["there is no as-made cell of the host"]))
    assert lost["bottleneck_radius"].why_null == "there is no as-made cell of the host"
    found = values(bottlenecks.ANALYSIS, BottlenecksDoc(n_hops=3))
    assert found["bottleneck_radius"].why_null == "sites do not connect"
    assert found["bottleneck_radius_3d"].why_null == "sites do not connect in three directions"
