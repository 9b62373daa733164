"""Mixing temperatures against closed forms."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.hull import Decomposition, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.vertices import polytope_vertices
from hebe.science.mixing.mixing import DisorderedPhase, changed_ions, listed, mixing

K = BOLTZMANN


def entry(name: str, amounts: dict[str, float], energy: float, entropy: float = 0.0) -> PhaseEntry:
    return PhaseEntry(name, amounts, energy, "s", entropy)


def disordered(amounts: dict[str, float], energy: float, entropy: float, sites: float = 1.0) -> DisorderedPhase:
    return DisorderedPhase(amounts, energy, entropy, sites)


def test_entropy_free_references_give_the_ratio() -> None:
    references = PhaseEquilibrium([entry(m, {m: 1, "O": 1}, -1.0) for m in ("Mg", "Ni")])
    found = mixing(disordered({"Mg": 0.5, "Ni": 0.5, "O": 1}, -0.98, K * math.log(2)), references)
    assert found.dH_eV_per_site == pytest.approx(0.02)
    assert found.T_mix_K == pytest.approx(0.02 / (K * math.log(2)))


def test_regular_solution_ternary_against_its_binaries() -> None:
    # H = omega sum_{i<j} x_i x_j against the three equimolar binaries with their own entropies, solved by hand:
    # ABC at 1/3 = 1/3 (AB + BC + AC); dH = omega (1/3 - 1/4), dS = k (ln 3 - ln 2)
    omega = 0.3
    pairs = [("A", "B"), ("B", "C"), ("A", "C")]
    binaries = [entry(a + b, {a: 0.5, b: 0.5}, omega * 0.25, K * math.log(2)) for a, b in pairs]
    dear = [entry(m, {m: 1.0}, 1.0) for m in "ABC"]
    found = mixing(
        disordered(dict.fromkeys("ABC", 1 / 3), omega / 3, K * math.log(3)), PhaseEquilibrium(binaries + dear)
    )
    assert found.T_mix_K == pytest.approx(omega * (1 / 3 - 1 / 4) / (K * math.log(1.5)))
    assert found.dS_eV_per_K_per_site == pytest.approx(K * math.log(1.5))


def test_the_binding_decomposition_changes_with_temperature() -> None:
    # Against A + B alone: 1,000 K. A reference with entropy binds above 0 K and raises the mixing temperature.
    s = K * math.log(2)
    pure = [entry("A", {"A": 1}, 0.0), entry("B", {"B": 1}, 0.0)]
    solid = disordered({"A": 0.5, "B": 0.5}, 1000 * s, s)
    assert mixing(solid, PhaseEquilibrium(pure)).T_mix_K == pytest.approx(1000)
    other = entry("AB", {"A": 0.5, "B": 0.5}, 0.5 * 1000 * s, 0.6 * s)
    found = mixing(solid, PhaseEquilibrium([*pure, other]))
    assert found.T_mix_K == pytest.approx(0.5 * 1000 * s / (0.4 * s))
    assert [p.phase for p in found.decomposition] == ["A", "B"]
    assert [p.phase for p in found.decomposition_at_T_mix] == ["AB"]


def test_co_cu_mg_ni_zn_oxide_gains_less_than_ln_5_against_a_ternary_solid_solution() -> None:
    # dS against 3/5 (Co,Mg,Ni)O + CuO + ZnO is (ln 5 - 0.6 ln 3) k = 0.950 k
    ternary = entry("CoMgNi", {"Co": 1 / 3, "Mg": 1 / 3, "Ni": 1 / 3, "O": 1}, 0.0, K * math.log(3))
    binaries = [entry(m, {m: 1, "O": 1}, 0.0 if m in ("Cu", "Zn") else 0.5) for m in ("Co", "Cu", "Mg", "Ni", "Zn")]
    heo = disordered({**dict.fromkeys(("Co", "Cu", "Mg", "Ni", "Zn"), 0.2), "O": 1}, 0.0677, K * math.log(5))
    found = mixing(heo, PhaseEquilibrium([ternary, *binaries]))
    assert found.dS_eV_per_K_per_site is not None
    assert found.dS_eV_per_K_per_site / K == pytest.approx(0.950, abs=0.001)
    assert found.T_mix_K == pytest.approx(827, abs=1)


def test_never_and_always() -> None:
    s = K * math.log(2)
    references = PhaseEquilibrium([entry("A", {"A": 1}, 0.0, s), entry("B", {"B": 1}, 0.0, s)])
    never = mixing(disordered({"A": 0.5, "B": 0.5}, 0.1, s), references)
    assert (never.T_mix_K, never.reason) == (None, "never")
    always = mixing(disordered({"A": 0.5, "B": 0.5}, -0.1, s), references)
    assert always.T_mix_K == 0.0
    assert always.dH_eV_per_site == pytest.approx(-0.1)
    missing = mixing(disordered({"A": 0.5, "C": 0.5}, -0.1, s), references)
    assert missing.T_mix_K is None
    assert missing.reason == "no phase holds C"


S = K * math.log(2)


def against(
    enthalpy: float, entropy: float, *others: tuple[float, float], pure: float = 0.0
) -> tuple[Any, Any, str | None]:
    """Both ends and the reason for AB against A + B at `pure` and phases of its composition, (eV, eV/K) each."""
    phases = [entry(f"AB{i}", {"A": 0.5, "B": 0.5}, h, s) for i, (h, s) in enumerate(others)]
    references = PhaseEquilibrium([entry("A", {"A": 1}, pure), entry("B", {"B": 1}, pure), *phases])
    found = mixing(disordered({"A": 0.5, "B": 0.5}, enthalpy, entropy), references)
    return found.T_mix_K, found.T_stable_up_to_K, found.reason


def test_a_reference_of_higher_entropy_takes_over_again() -> None:
    # over A + B from 300 K on; another phase 0.5 (1400 K) S higher in enthalpy with 1.5 times the entropy
    assert against(300 * S, S) == (pytest.approx(300), None, None)
    assert against(300 * S, S, (1000 * S, 1.5 * S)) == (pytest.approx(300), pytest.approx(1400), None)
    # the two ends meet and pass each other
    assert against(300 * S, S, (450 * S, 1.5 * S)) == (pytest.approx(300), pytest.approx(300), None)
    assert against(300 * S, S, (440 * S, 1.5 * S)) == (None, None, "never")
    # on the hull from 0 K on, up to 1400 K
    assert against(-10 * S, S, (690 * S, 1.5 * S)) == (0.0, pytest.approx(1400), None)


def test_limits_of_equal_enthalpies_and_entropies() -> None:
    # no enthalpy, no entropy, neither
    assert against(0.0, S) == (0.0, None, None)
    assert against(0.1, 0.0) == (None, None, "never")
    assert against(-0.1, 0.0) == (0.0, None, None)
    assert against(0.0, 0.0) == (0.0, None, None)
    # the same phase once more, one of the same entropy below and above it, one of the same enthalpy and more entropy
    assert against(300 * S, S, (300 * S, S)) == (pytest.approx(300), None, None)
    assert against(300 * S, S, (299 * S, S)) == (None, None, "never")
    assert against(300 * S, S, (301 * S, S)) == (pytest.approx(300), None, None)
    assert against(0.0, S, (0.0, 1.5 * S)) == (0.0, 0.0, None)
    assert against(300 * S, S, (300 * S, 1.5 * S)) == (None, None, "never")


def random_hull(seed: int) -> tuple[DisorderedPhase, list[PhaseEntry]]:
    """A phase of two or three components among pure and mixed ones, some of its composition; few distinct entropies."""
    draw = random.Random(seed)
    components = "ABC"[: draw.choice((2, 3))]

    def amounts() -> dict[str, float]:
        parts = [draw.randint(1, 4) for _ in components]
        return {c: n / sum(parts) for c, n in zip(components, parts, strict=True)}

    own = amounts()
    entropies = [K * math.log(n) for n in (1, 2, 3, 4, 5)]
    mixed = [
        entry(
            f"P{i}", draw.choice((own, amounts())), draw.choice((0.0, draw.uniform(-0.05, 0.1))), draw.choice(entropies)
        )
        for i in range(draw.randint(0, 6))
    ]
    enthalpy = draw.choice((0.0, draw.uniform(-0.05, 0.1)))
    return disordered(own, enthalpy, draw.choice(entropies)), [entry(c, {c: 1.0}, 0.0) for c in components] + mixed


def lines(phase: DisorderedPhase, entries: list[PhaseEntry]) -> list[tuple[float, float]]:
    """(dH, dS) against every mixture of as many phases as components: all vertices of the program, one by one."""
    components = sorted(phase.amounts)
    target = np.array([phase.amounts[c] for c in components])
    found = []
    for chosen in itertools.combinations(entries, len(components)):
        matrix = np.array([[e.amounts.get(c, 0.0) for e in chosen] for c in components])
        if abs(np.linalg.det(matrix)) < 1e-9:
            continue
        n = np.linalg.solve(matrix, target)
        if n.min() > -1e-12:
            enthalpy, entropy = ([getattr(e, key) for e in chosen] for key in ("energy", "entropy"))
            found.append((phase.energy - float(n @ enthalpy), phase.entropy - float(n @ entropy)))
    return found


def test_both_ends_are_those_of_all_mixtures_at_all_temperatures() -> None:
    kinds: Counter[str] = Counter()
    grid = np.linspace(0.0, 6000.0, 601)
    for seed in range(1000):
        phase, entries = random_hull(seed)
        found = mixing(phase, PhaseEquilibrium(entries))
        excess = np.max([enthalpy - grid * entropy for enthalpy, entropy in lines(phase, entries)], axis=0)
        lower = math.inf if found.T_mix_K is None else found.T_mix_K
        upper = math.inf if found.T_stable_up_to_K is None else found.T_stable_up_to_K
        assert lower <= upper
        decided = np.abs(excess) > 1e-7
        expected = (grid >= lower) & (grid <= upper)
        assert (expected == (excess <= 0))[decided].all(), seed
        for end in (lower, upper):  # each end that is not 0 K is where a mixture has the free energy of the phase
            if 0 < end < math.inf:
                top = max(enthalpy - end * entropy for enthalpy, entropy in lines(phase, entries))
                assert top == pytest.approx(0.0, abs=1e-8), seed
        kinds[f"{'never' if lower == math.inf else 'from 0' if lower == 0 else 'from'}, {upper != math.inf}"] += 1
    # each kind of answer was there
    assert min(kinds[f"{start}, {ends}"] for start in ("from 0", "from") for ends in (True, False)) >= 10
    assert kinds["never, False"] >= 100
    assert kinds["never, True"] == 0


@pytest.mark.parametrize("factor", [2.0, 7.0])
def test_the_choice_of_formula_unit_does_not_matter(factor: float) -> None:
    s = K * math.log(3)
    references = PhaseEquilibrium([entry(m, {m: 1, "O": 1}, 0.0) for m in "ABC"])
    small = mixing(disordered({**dict.fromkeys("ABC", 1 / 3), "O": 1}, 0.05, s), references)
    large = mixing(
        disordered({**dict.fromkeys("ABC", factor / 3), "O": factor}, 0.05 * factor, s * factor, factor), references
    )
    assert large.T_mix_K == pytest.approx(small.T_mix_K)
    assert large.dH_eV_per_site == pytest.approx(small.dH_eV_per_site)


def test_vertices_are_neutral_and_as_simple_as_can_be() -> None:
    pool = tuple(Ion(e, z) for e, z in [("Ni", 2), ("Cu", 2), ("Mg", 2), ("Fe", 3), ("Mn", 3), ("Mn", 4), ("Ti", 4)])
    found = polytope_vertices({"TM": pool}, {"TM": 1}, Fraction(3))
    assert len(found) == 8
    for vertex in found:
        ions = vertex.as_split()["TM"]
        assert sum(ions.values()) == 1
        assert sum(ion.charge * x for ion, x in ions.items()) == 3
        assert len(ions) == 1 or {ion.charge for ion in ions} == {2, 4}
    assert {v.label for v in found} >= {"Fe3+", "Mn3+", "Ni2+1/2 Ti4+1/2"}
    isovalent = polytope_vertices({"M": (Ion("Mg", 2), Ion("Ni", 2), Ion("Zn", 2))}, {"M": 1}, Fraction(2))
    assert [v.label for v in isovalent] == ["Mg2+", "Ni2+", "Zn2+"]


@pytest.mark.parametrize("shift", [-1e-15, 0.0, 1e-15])
def test_equal_amounts_are_listed_by_name_whatever_the_last_bit_is(shift: float) -> None:
    entries = {name: entry(name, {name: 1.0}, 0.0) for name in "ABC"}
    found = listed(Decomposition({"B": 0.25 + shift, "A": 0.25, "C": 0.5 - shift}, 0.0, {}), entries, 1.0)
    assert [(part.phase, part.amount) for part in found] == [("C", 0.5), ("A", 0.25), ("B", 0.25)]


def test_moved_electrons_are_seen() -> None:
    cuprate = PhaseEntry("NaCuO2", {"Na": 1, "Cu": 1, "O": 2}, 0, "s", ions={"Na1+": 1, "Cu3+": 1, "O2-": 2})
    references = PhaseEquilibrium([cuprate])
    found = mixing(disordered({"Na": 1, "Cu": 1, "O": 2}, -1.0, 0.0), references)
    assert changed_ions({"Na1+": 1, "Cu3+": 1, "O2-": 2}, found.decomposition, references, 1.0) == []
    assert changed_ions({"Na1+": 1, "Cu2+": 1, "O2-": 2}, found.decomposition, references, 1.0) == ["Cu2+", "Cu3+"]


def test_ideal_entropy_of_equimolar_sites() -> None:
    assert site_entropy([Fraction(1, 5)] * 5) == pytest.approx(math.log(5))
