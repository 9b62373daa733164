"""The score of computed against printed numbers."""

from __future__ import annotations

import pytest

from hebe.science.literature.score import score_line, summary, wilson_interval
from hebe.science.literature.system import Target, load_targets


def target(name: str) -> Target:
    return next(one for one in load_targets() if one.target_id == name)


def result(**given: object) -> dict[str, object]:
    mixing = {
        "competing": {"T_mix_K": 1150.0, "dH_eV_per_site": 0.16, "dS_eV_per_K_per_site": 1e-4},
        "sites_per_fu": 1.0,
    }
    return {"average_voltage_V": None, "max_volume_strain": None, "x_states": [], "mixing": mixing, **given}


def test_a_voltage_within_the_error_of_the_engine_is_reproduced() -> None:
    one = target("d-v-heof")
    near = score_line(one, {"rs-li-heo-f": result(average_voltage_V=3.6, average_voltage_V_error=0.24)})
    assert near.verdict == "reproduced"
    assert near.error == pytest.approx(0.2)
    far = score_line(one, {"rs-li-heo-f": result(average_voltage_V=3.7, average_voltage_V_error=0.24)})
    assert far.verdict == "off by +0.3 V vs Li"
    unknown = score_line(one, {"rs-li-heo-f": result(average_voltage_V=3.41)})
    assert unknown.verdict.startswith("off by")


def test_strains_are_percent_and_edges_are_cube_roots() -> None:
    found = {"pba-na-hepba": result(max_volume_strain=0.02364, max_volume_strain_error=0.01)}
    assert score_line(target("d-strain-hepba-v"), found).computed == pytest.approx(2.364)
    linear = score_line(target("d-strain-hepba-a"), found)
    assert linear.computed == pytest.approx(0.782, abs=5e-4)
    assert linear.verdict == "reproduced"
    states = [{"volume_A3_per_fu": 10.31**3 / 4, "left": False}, {"volume_A3_per_fu": 400.0, "left": True}]
    assert score_line(target("d-a-hi"), {"pba-na-hepba": result(x_states=states)}).computed == pytest.approx(10.31)


def test_mixing_is_read_against_the_competing_phases() -> None:
    found = {"rs-mgconicuzn-o": result()}
    assert score_line(target("d-tmix-window-hi"), found).computed == 1150
    assert score_line(target("d-hmix-lo"), found).error == pytest.approx(0.16 - 0.15577)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d-barrier-o3", "its campaign computes no barriers"),
        ("ions-drx-tm6", "kinetics"),
        ("q-ord-elrm", "no analysis gives it"),
        ("q-ord-slab", "no relaxed cell of na-o3-mts45"),
        ("d-strain-nvmp", "the material was not computed"),
        ("const-zn-e", "more than the composition"),
    ],
)
def test_what_cannot_be_computed_says_why(name: str, reason: str) -> None:
    line = score_line(target(name), {})
    assert line.verdict.startswith("cannot: ")
    assert reason in line.verdict
    assert line.computed is None


def test_exact_figures_need_no_engine() -> None:
    assert score_line(target("ent-na-o3-heo9"), {}).verdict == "reproduced"
    assert score_line(target("ent-print-argy"), {}).verdict == "off by -0.899 R"


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    """Newcombe, Stat. Med. 17, 857 (1998), method 3: 81 of 263 and 15 of 148."""
    assert list(wilson_interval(81, 263)) == pytest.approx([0.2553, 0.3662], abs=5e-5)
    assert list(wilson_interval(15, 148)) == pytest.approx([0.0624, 0.1605], abs=5e-5)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_summary_counts_verdicts_and_averages_errors() -> None:
    found = {
        "rs-li-heo-f": result(average_voltage_V=3.7),
        "rs-mgconicuzn-o": result(),
        "pba-na-hepba": result(max_volume_strain=0.03),
    }
    lines = [score_line(one, found) for one in load_targets() if one.level in "EDQ"]
    figures = summary(lines)
    assert sum(figures["by_level"]["D"].values()) == 36
    assert figures["by_level"]["Q"] == {"cannot": 45}
    assert figures["exact_share"]["of"] - figures["exact_share"]["reproduced"] == 4
    assert figures["errors"]["voltage"]["mean_absolute"] == pytest.approx(0.3)
    assert figures["errors"]["voltage"]["n"] == 1
    assert figures["order_share"] == {"reproduced": 0, "of": 0, "interval": (0.0, 1.0)}
