"""Figures are well-formed and hold every value: marks are read back through the axes and compared with the data."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from hebe.report.figures import MAX_CURVES
from hebe.report.parity import parity
from hebe.report.sections import mixing, voltage, volume_strain
from hebe.schemas.candidate import RankedCandidate
from support.read_figures import SVG, marks, parsed, scale
from support.report_results import candidates, ranked

Figure = Callable[[list[RankedCandidate]], str]

ALL: dict[str, Figure] = {
    "voltage over x": voltage.voltage_over_content,
    "voltage over capacity": voltage.voltage_over_capacity,
    "volume over x": volume_strain.volume_over_content,
    "entropy against voltage": voltage.entropy_against_voltage,
    "mixing temperatures": mixing.mixing_temperatures,
}


def positions(svg: str) -> list[tuple[float, float]]:
    root = parsed(svg)
    (a, b), (c, d) = scale(root, horizontal=True), scale(root, horizontal=False)
    return sorted((a * x + b, c * y + d) for x, y, _ in marks(root))


def assert_near(found: list[tuple[float, float]], expected: list[tuple[float, float]], x: float, y: float) -> None:
    assert len(found) == len(expected)
    left = list(expected)
    for point in found:
        near = min(left, key=lambda other: abs(other[0] - point[0]) / x + abs(other[1] - point[1]) / y)
        assert near[0] == pytest.approx(point[0], abs=x)
        assert near[1] == pytest.approx(point[1], abs=y)
        left.remove(near)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("count", [0, 1, 6])
def test_figures_are_well_formed(name: str, count: int) -> None:
    root = parsed(ALL[name](ranked()[:count]))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text
    assert "nan" not in ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("name", ALL)
def test_figures_stay_in_their_frame(name: str) -> None:
    root = parsed(ALL[name](ranked()))
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    for x, y, _ in marks(root):
        assert 0 < x < width
        assert 0 < y < height


@pytest.mark.parametrize("name", ALL)
def test_hostile_formulas_are_escaped(name: str) -> None:
    found = candidates()
    for candidate in found:
        candidate["formula"] = "<script>alert(1)</script>&\"'"
    svg = ALL[name](ranked(found))
    assert "<script" not in svg
    assert any("<script>" in words for _, _, words in marks(parsed(svg)))


def test_voltage_steps_over_content() -> None:
    expected = [((s["x_high"] + s["x_low"]) / 2, s["voltage_V"]) for c in candidates() for s in c["voltage_profile"]]
    assert len(expected) == 10
    assert_near(positions(ALL["voltage over x"](ranked())), expected, 0.003, 0.01)


def test_every_corner_of_a_step_is_drawn() -> None:
    root = parsed(ALL["voltage over x"](ranked()[:1]))
    (a, b), (c, d) = scale(root, horizontal=True), scale(root, horizontal=False)
    lines = [node.get("points", "") for node in root.iter(f"{SVG}polyline")]
    corners = [tuple(map(float, pair.split(","))) for pair in lines[0].split()]
    drawn = [(a * x + b, c * y + d) for x, y in corners]
    expected = [(1, 3.102), (2 / 3, 3.102), (2 / 3, 3.722), (1 / 3, 3.722)]
    assert len(drawn) == 4
    for point, corner in zip(drawn, expected, strict=True):
        assert point == pytest.approx(corner, abs=0.003)


def test_capacity_counts_from_what_is_made() -> None:
    candidate = candidates()[0]
    full = candidate["capacity_theoretical_mAh_g"]
    steps = voltage.capacity_steps(ranked()[0])
    ends = [end for step in steps for end in step[:2]]
    assert ends == pytest.approx([0, full / 3, full / 3, 2 * full / 3], abs=1e-9)
    assert steps[-1][1] == pytest.approx(candidate["capacity_window_mAh_g"])


def test_voltage_steps_over_capacity() -> None:
    expected = [((a + b) / 2, v) for c in ranked() for a, b, v in voltage.capacity_steps(c)]
    assert_near(positions(ALL["voltage over capacity"](ranked())), expected, 0.5, 0.01)


def test_volumes_over_content() -> None:
    expected = [(s["x"], s["volume_A3_per_fu"]) for c in candidates() for s in c["x_states"]]
    assert len(expected) == 15
    assert_near(positions(ALL["volume over x"](ranked())), expected, 0.003, 0.03)


def test_states_off_the_hull_or_out_of_the_host_are_hollow() -> None:
    root = parsed(ALL["volume over x"](ranked()))
    hollow = [node for node in root.iter() if node.get("class") == "mark" and node.get("fill") == "none"]
    words = sorted(str(node.findtext(f"{SVG}title")) for node in hollow)
    assert len(words) == 2
    assert "glide" in words[1]


def test_entropies_against_voltages() -> None:
    expected = [
        (c["entropy_R"]["mixed-site"], c["average_voltage_V"])
        for c in candidates()
        if c["average_voltage_V"] is not None
    ]
    assert_near(positions(ALL["entropy against voltage"](ranked())), expected, 0.001, 0.01)


def test_spreads_are_drawn_where_there_are_any() -> None:
    root = parsed(ALL["entropy against voltage"](ranked()))
    assert len([node for node in root.iter() if node.get("class") == "error"]) == 4


def test_mixing_temperatures() -> None:
    root = parsed(ALL["mixing temperatures"](ranked()))
    slope, offset = scale(root, horizontal=True)
    found = sorted(slope * x + offset for x, _, _ in marks(root))
    names = ("competing", "same_host")
    expected = sorted(
        c["mixing"][n]["T_mix_K"] for c in candidates() for n in names if c["mixing"][n]["T_mix_K"] is not None
    )
    assert len(expected) == 11
    assert found == pytest.approx(expected, abs=6)
    assert [node.text for node in root.iter(f"{SVG}text")].count("never") == 1
    assert len([node for node in root.iter() if node.get("class") == "bound"]) == 2


def test_only_the_best_curves_are_drawn() -> None:
    many = [ranked()[0].model_copy(update={"rank": i}) for i in range(1, 31)]
    root = parsed(ALL["voltage over x"](many))
    assert len(list(root.iter(f"{SVG}polyline"))) == MAX_CURVES
    assert len(marks(parsed(ALL["entropy against voltage"](many)))) == 30


def test_parity_marks_stand_at_both_values() -> None:
    found = candidates()[:3]
    pairs = [(c["candidate_id"], 3.0 + 0.2 * i, 2.9 + 0.3 * i) for i, c in enumerate(found)]
    root = parsed(parity({"quantity": "average_voltage", "pairs": pairs}, "chgnet", "gpaw", ranked(found)))
    (a, b), (c, d) = scale(root, horizontal=True), scale(root, horizontal=False)
    seen = {(round(a * x + b, 2), round(c * y + d, 2)) for x, y, _ in marks(root)}
    assert seen == {(round(x, 2), round(y, 2)) for _, x, y in pairs}
