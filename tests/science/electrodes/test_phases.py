"""Stackings along x: onsets, the hull over all of them, and the entropy of ions between slabs."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from hebe.config.stackings import prism_share
from hebe.science.electrodes.ion_entropy import _strip, hard_particles, ion_entropy
from hebe.science.electrodes.phases import (
    PhasePoint,
    coexistences,
    hull_of_phases,
    lowest_points,
    onset,
    relative_energies,
)
from hebe.science.electrodes.phases_document import PhasesInput, phases_document
from hebe.science.electrodes.voltage import EnergyPoint, voltage
from support.insertion_states import METAL, stacked


def points(**phases: dict[float, float]) -> list[PhasePoint]:
    return [PhasePoint(name, x, energy) for name, by_x in phases.items() for x, energy in by_x.items()]


def test_an_onset_is_where_the_difference_passes_zero() -> None:
    assert onset({1.0: 0.09, 0.5: -0.03}) == pytest.approx(0.5 + 0.5 * 0.03 / 0.12)
    assert onset({1.0: 0.09, 0.75: 0.0, 0.5: -0.03}) == pytest.approx(0.75)  # touching is not yet lower
    assert onset({1.0: 0.09, 0.5: 0.01}) is None
    assert onset({1.0: -0.01, 0.5: 0.2}) == 1.0
    assert onset({1.0: 0.1, 0.75: -0.1, 0.5: 0.1, 0.25: -0.1}) == pytest.approx(0.875)  # the first on charging
    assert onset({}) is None


def test_the_lowest_of_each_phase_counts_and_differences_are_at_equal_x() -> None:
    found = points(O3={1.0: -10.0, 0.5: -8.0}, P3={1.0: -9.9, 0.5: -8.1, 0.25: -7.0})
    found.append(PhasePoint("P3", 1.0, -9.95))
    assert [(p.phase, p.x) for p in lowest_points(found)] == [
        ("O3", 1),
        ("P3", 1),
        ("O3", 0.5),
        ("P3", 0.5),
        ("P3", 0.25),
    ]
    relative = relative_energies(found, "O3")
    assert relative == {"P3": {1.0: pytest.approx(0.05), 0.5: pytest.approx(-0.1)}}  # 0.25 has nothing to compare with


def test_the_hull_over_phases_skips_what_two_others_make() -> None:
    found = points(O3={1.0: 0.0, 0.5: 0.2, 0.0: 0.0}, P3={1.0: 0.1, 0.75: -0.01, 0.5: -0.3, 0.0: 0.5}, O1={0.0: -0.2})
    hull = hull_of_phases(found)
    assert [(p.phase, p.x) for p in hull] == [("O3", 1.0), ("P3", 0.5), ("O1", 0.0)]
    assert [(a.phase, b.phase) for a, b in coexistences(hull)] == [("O3", "P3"), ("P3", "O1")]
    alone = hull_of_phases(points(O3={1.0: 0.0, 0.5: -0.1, 0.0: 0.0}))
    assert coexistences(alone) == []


@pytest.mark.parametrize("x", [0.01, 0.25, 0.5, 0.9])
def test_octahedra_mix_ideally(x: float) -> None:
    n = 2000
    k = round(x * n)
    ways = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / n
    assert ion_entropy(x, prisms=False) == pytest.approx(ways, abs=5e-3)


def test_hard_particles_on_the_honeycomb_net_number_as_published() -> None:
    """Independent sets of the honeycomb net: 1.546440708787... per site (Baxter, Ann. Comb. 3, 191 (1999))."""
    assert math.exp(_strip(1.0)[0] / 2) == pytest.approx(1.546440708787, abs=2e-6)


def test_few_ions_see_all_prisms_and_many_only_half() -> None:
    x = 0.004
    apart = x - x * math.log(
        x / 2
    )  # x ions on two sites each; exclusion of themselves and three neighbours is of order x^2
    assert ion_entropy(x, prisms=True) == pytest.approx(apart, abs=5 * x**2)
    assert ion_entropy(0.995, prisms=True) == pytest.approx(ion_entropy(0.995, prisms=False), rel=0.01)
    assert ion_entropy(0.0, prisms=True) == ion_entropy(1.0, prisms=True) == 0.0
    for x in (0.2, 0.5, 2 / 3, 0.8):
        assert ion_entropy(x, prisms=True) > ion_entropy(x, prisms=False)
    with pytest.raises(ValueError, match="do not fit"):
        ion_entropy(1.1, prisms=True)


def test_the_strip_is_that_of_a_direct_count() -> None:
    """Grand sums over a closed net of 3 x 3 cells, all of its states one by one."""
    size, activity = 3, 0.5
    sites = [(kind, i, j) for kind in "AB" for i in range(size) for j in range(size)]
    pairs = [
        (sites.index(("B", i, j)), sites.index(("A", (i + di) % size, (j + dj) % size)))
        for i in range(size)
        for j in range(size)
        for di, dj in ((0, 0), (1, 0), (0, 1))
    ]
    total = held = 0.0
    for occupied in product((0, 1), repeat=len(sites)):
        if not any(occupied[a] and occupied[b] for a, b in pairs):
            weight = activity ** sum(occupied)
            total += weight
            held += weight * sum(occupied)
    pressure, particles = _strip(activity)
    assert pressure == pytest.approx(math.log(total) / size**2, rel=2e-3)  # a small closed net is a little off
    assert particles == pytest.approx(held / total / size**2, rel=2e-3)
    assert hard_particles(round(particles, 9)) == pytest.approx(pressure - particles * math.log(activity), abs=1e-8)


def test_the_document_compares_and_names_what_glided() -> None:
    own = stacked({1.0: -10.0, 0.5: -8.0}, "O3")
    other = stacked({1.0: -9.9, 0.5: -8.04, 0.25: -7.0}, "P3", relaxed={0.25: "O3"})
    found = phases_document(PhasesInput("O3", {"O3": own, "P3": other}, METAL, (0.25, 1.0)))
    assert found.preference_eV_per_fu == pytest.approx(-0.04)
    assert (found.preference_stacking, found.preference_x) == ("P3", 0.5)
    assert found.onsets == {"P3": pytest.approx(0.5 + 0.5 * 0.04 / 0.14)}
    assert found.first_transition_x == found.onsets["P3"]
    glided = [s for s in found.states if s.x == 0.25]
    assert [(s.stacking, s.started_as) for s in glided] == [("O3", "P3")]
    assert any("started as P3 relaxed to O3" in text for text in found.warnings)
    (first, second) = found.transitions
    assert (first.from_stacking, first.to_stacking, first.x_high, first.x_low) == ("O3", "P3", 1.0, 0.5)
    assert (second.from_stacking, second.to_stacking) == ("P3", "O3")
    assert first.voltage_V == pytest.approx(voltage(EnergyPoint(0.5, -8.04), EnergyPoint(1.0, -10.0), -1.3))
    assert sum(s.voltage_V * (s.x_high - s.x_low) for s in found.voltage_profile) == pytest.approx(
        -(-10.0 + 7.0 + 0.75 * 1.3)
    )


def test_free_energies_lower_prisms_by_their_entropy() -> None:
    own, other = stacked({1.0: -10.0, 0.5: -8.0}, "O3"), stacked({1.0: -9.9, 0.5: -8.0}, "P3")
    both = {"O3": own, "P3": other}
    cold = phases_document(PhasesInput("O3", both, METAL, (0.5, 1.0)))
    warm = phases_document(PhasesInput("O3", both, METAL, (0.5, 1.0), 300.0))
    assert cold.preference_eV_per_fu == pytest.approx(0.0)
    gain = 8.617333262e-5 * 300 * (0.87118 - math.log(2))  # eV per formula unit
    assert warm.preference_eV_per_fu == pytest.approx(-gain, abs=3e-5)


def test_cells_that_are_no_stacking_are_left_out_and_said() -> None:
    own = stacked({1.0: -10.0, 0.5: -8.0}, "O3")
    other = stacked({1.0: -9.9, 0.5: -9.0}, "P3", broken=(0.5,))
    found = phases_document(PhasesInput("O3", {"O3": own, "P3": other}, None, (0.5, 1.0)))
    assert found.preference_eV_per_fu == pytest.approx(0.1)
    assert any("no stacking any more (migrated)" in text for text in found.warnings)
    assert any("no voltage" in text for text in found.warnings)
    assert found.voltage_profile == []


def test_nothing_to_compare_is_a_reason() -> None:
    own = stacked({1.0: -10.0}, "O3")
    found = phases_document(PhasesInput("O3", {"O3": own}, METAL, (0.5, 1.0)))
    assert found.preference_eV_per_fu is None
    assert any("no content has both" in text for text in found.warnings)


@pytest.mark.parametrize(("volume", "said"), [(41.9, False), (42.1, True), (37.9, True)])
def test_stackings_of_unlike_volume_may_have_other_spins(volume: float, *, said: bool) -> None:
    own, other = stacked({1.0: -10.0, 0.5: -8.0}, "O3"), stacked({1.0: -9.9}, "P3", volume=volume)
    found = phases_document(PhasesInput("O3", {"O3": own, "P3": other}, METAL, (0.5, 1.0)))
    assert any("other spin states" in text for text in found.warnings) == said


def test_half_of_the_gaps_of_op4_hold_prisms() -> None:
    shares = {"O3": 0.0, "O1": 0.0, "P3": 1.0, "P2": 1.0, "OP4": 0.5, "O3+P3": 0.5, "unheard": 0.0}
    assert {name: prism_share(name) for name in shares} == shares


def test_a_glide_into_nothing_that_is_known_is_left_out() -> None:
    own, other = stacked({1.0: -10.0, 0.5: -8.0}, "O3"), stacked({1.0: -9.9, 0.5: -9.0}, "P3")
    lost = other.states[0]
    assert lost is not None
    gone = replace(other, states=[lost.model_copy(update={"stacking": None, "topology": "glide"})])
    found = phases_document(PhasesInput("O3", {"O3": own, "P3": gone}, METAL, (0.5, 1.0)))
    assert [(s.x, s.stacking) for s in found.states] == [(1.0, "O3"), (1.0, "P3"), (0.5, "O3")]
    assert any("no stacking any more (glide)" in text for text in found.warnings)
