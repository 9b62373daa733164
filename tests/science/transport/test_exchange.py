"""Monte Carlo of pairs: exact averages of small lattices, series of a face-centred lattice, limits, what is kept."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.transport.exchange import PairLattice, exchange_groups
from hebe.science.transport.pair_energies import GivenPairs, fitted
from hebe.science.transport.pair_shells import SHELLS, Neighbours, pair_shells, random_counts
from hebe.science.transport.percolation_document import rock_salt

LITHIUM, METAL, OXYGEN, FLUORINE = range(4)
EV_OF_SHELLS = {"nearest": -0.03, "bond": 0.02, "second": 0.05}


@cache
def shells(family: str = "drx") -> Neighbours:
    salt = rock_salt(load_family(family), "Li")
    return pair_shells(salt.whole, len(salt.cell))


def energies(n: int = 4) -> np.ndarray:
    """Lithium beside metals in both shells, and beside fluorine."""
    found = np.zeros((len(SHELLS), n, n))
    for shell, (a, b) in (("nearest", (0, 1)), ("second", (0, 1)), ("bond", (0, 3))):
        found[SHELLS.index(shell), [a, b], [b, a]] = EV_OF_SHELLS[shell]
    return found


def cell(repeats: tuple[int, int, int], lithium: int, fluorine: int = 0) -> tuple[Neighbours, np.ndarray, np.ndarray]:
    """A lattice of that many copies, the sublattice of each site, and what the sites hold, in order."""
    neighbours = shells().repeated(repeats)
    copies = int(np.prod(repeats))
    label = np.tile(np.array(["M", "X"]), copies)
    kind = np.zeros(2 * copies, dtype=np.int64)
    kind[0::2] = np.where(np.arange(copies) < lithium, LITHIUM, METAL)
    kind[1::2] = np.where(np.arange(copies) < fluorine, FLUORINE, OXYGEN)
    return neighbours, label, kind


@pytest.mark.parametrize("family", ["drx", "layered-o3", "layered-li-rich"])
def test_sites_of_a_rock_salt_have_12_6_and_6_neighbours(family: str) -> None:
    found = shells(family)
    counts = np.bincount(found.shell, minlength=3) / found.n_sites
    assert counts.tolist() == [6, 6, 3], "cations are half of the sites"
    back = {
        (i, j, s, *image) for i, j, s, image in zip(found.first, found.other, found.shell, found.image, strict=True)
    }
    assert back == {(j, i, s, *(-np.array(image))) for i, j, s, *image in back}, "every pair from both ends"


def test_other_crystals_have_no_such_neighbours() -> None:
    salt = rock_salt(load_family("drx"), "Li")
    stretched = salt.whole.copy()
    stretched.apply_strain([0.0, 0.0, 1.0])
    with pytest.raises(BadInputError, match="neighbours"):
        pair_shells(stretched, 1)


@pytest.mark.parametrize("repeats", [(2, 2, 2), (1, 2, 4)])
def test_small_lattices_have_the_exact_distribution(repeats: tuple[int, int, int]) -> None:
    """All arrangements of 4 lithium on 8 sites, by Boltzmann; the second cell has pairs of a site with itself."""
    neighbours, label, kind = cell(repeats, 4)
    lattice, kt = PairLattice(neighbours, energies(), exchange_groups(label, kind)), 0.08
    exact: list[float] = []
    for chosen in itertools.combinations(range(8), 4):
        other = kind.copy()
        other[0::2] = METAL
        other[2 * np.array(chosen)] = LITHIUM
        exact.append(lattice.energy(other))
    levels = np.round(exact, 9)
    weights = np.exp(-levels / kt) / np.exp(-levels / kt).sum()
    _, trace = lattice.sampled(kind, np.full(30_000, kt), 1)
    found = np.round(trace, 9)
    assert set(found) <= set(levels)
    for level in np.unique(levels):
        share = float(weights[levels == level].sum())
        assert float((found == level).mean()) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 15_000))


def test_a_face_centred_lattice_follows_its_series() -> None:
    """Spins +-1 with ``-J s s'``: ``<s s'> = v + 4 v^2 + 22 v^3``, v = tanh(J / kT), by bonds, triangles, squares."""
    neighbours, label, kind = cell((16, 16, 16), 2048)
    coupling = np.zeros((len(SHELLS), 4, 4))
    coupling[0, :2, :2] = [[-1.0, 1.0], [1.0, -1.0]]
    lattice = PairLattice(neighbours, coupling, exchange_groups(label, kind))
    _, trace = lattice.sampled(kind, np.full(400, 1 / 0.03), 2)
    v = np.tanh(0.03)
    assert -trace[100:].mean() / (6 * 4096) == pytest.approx(v + 4 * v**2 + 22 * v**3, abs=0.001)


def test_energies_and_contents_are_kept() -> None:
    neighbours, label, kind = cell((6, 6, 6), 130, 40)
    lattice = PairLattice(neighbours, energies(), exchange_groups(label, kind))
    state, trace = lattice.sampled(kind, np.full(30, 0.05), 3)
    assert trace[-1] == pytest.approx(lattice.energy(state), abs=1e-8)
    for name in ("M", "X"):
        assert np.bincount(state[label == name]).tolist() == np.bincount(kind[label == name]).tolist()
    assert lattice.sampled(kind, np.full(30, 0.05), 3)[1].tolist() == trace.tolist(), "the seed decides"


def test_infinite_temperature_is_random_order() -> None:
    neighbours, label, kind = cell((20, 20, 20), 5200, 1200)
    lattice = PairLattice(neighbours, energies(), exchange_groups(label, kind))
    state, _ = lattice.sampled(kind, np.full(20, np.inf), 4)
    random = random_counts(neighbours, label, kind, 4)
    found = neighbours.counts(state, 4)
    assert random.sum() == pytest.approx(found.sum())
    assert random[0, LITHIUM, METAL] == pytest.approx(12 * 8000 * 0.65 * 0.35)
    for shell, a, b in zip(*np.nonzero(random), strict=True):
        expected = random[shell, a, b]
        assert found[shell, a, b] == pytest.approx(expected, abs=6 * np.sqrt(2 * expected))


def test_cold_cells_have_the_pairs_that_cost_least() -> None:
    neighbours, label, kind = cell((8, 8, 8), 256)
    lattice = PairLattice(neighbours, energies(), exchange_groups(label, kind))
    state, _ = lattice.sampled(kind, np.geomspace(1.0, 0.004, 300), 5)
    second = neighbours.counts(state, 4)[SHELLS.index("second"), LITHIUM, METAL]
    assert second < 0.1 * random_counts(neighbours, label, kind, 4)[SHELLS.index("second"), LITHIUM, METAL]


def test_given_pairs_belong_to_the_shell_of_their_species() -> None:
    kinds = ["F", "Li", "O", "Ti"]
    found = GivenPairs({"Ti Li": -0.1, "F Li": -0.2, "Nb Li": 9.0}, {"Li Ti": 0.3}).energies(kinds, {"O", "F"})
    expected = np.zeros((3, 4, 4))
    expected[SHELLS.index("nearest"), [1, 3], [3, 1]] = -0.1
    expected[SHELLS.index("bond"), [0, 1], [1, 0]] = -0.2
    expected[SHELLS.index("second"), [1, 3], [3, 1]] = 0.3
    assert np.array_equal(found, expected)


def products(n: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(n, 3))


def test_fitted_strengths_are_those_behind_the_energies() -> None:
    rows = products(7)
    fit = fitted(rows, (-3.0 + rows @ [0.2, 0.05, 0.0]).tolist())
    assert fit.document.strengths_eV == pytest.approx({"nearest": 0.2, "bond": 0.05})
    assert fit.document.error_eV < 1e-9 < fit.document.spread_eV
    one = fitted(rows, (1.0 + 0.3 * rows[:, 0]).tolist())
    assert one.document.strengths_eV == pytest.approx({"nearest": 0.3})
    for pair in (one.energies(np.array([1.0, -2.0])), one.energies(np.array([1.0, -2.0]), seed=1)):
        assert pair[0] == pytest.approx(0.3 * np.array([[1, -2], [-2, 4]]))
        assert not pair[1:].any()


def test_draws_scatter_as_far_as_strengths_are_known() -> None:
    """True strengths lie as often within an interval as it says, and draws have its width."""
    true, inside, charge = (0.5, 0.4, 0.3), 0, np.array([1.0])
    for seed in range(60):
        random = np.random.default_rng(seed)
        rows = random.normal(size=(14, 3))
        told = fitted(rows, (rows @ true + 0.1 * random.normal(size=14)).tolist()).document
        off = [(told.strengths_eV[one] - k) / told.strengths_se_eV[one] for one, k in zip(SHELLS, true, strict=True)]
        inside += sum(abs(one) < 1.812 for one in off)  # Student's t with ten degrees of freedom, 90 %
    assert 0.84 < inside / 180 < 0.99
    rows = products(9)
    fit = fitted(rows, (rows @ true + 0.1 * np.random.default_rng(3).normal(size=9)).tolist())
    drawn = np.array([fit.energies(charge, seed)[:, 0, 0] for seed in range(4000)])
    assert drawn.mean(axis=0) == pytest.approx(list(fit.document.strengths_eV.values()), abs=0.01)
    assert drawn.std(axis=0) == pytest.approx(list(fit.document.strengths_se_eV.values()), rel=0.05)
    twice = fitted(np.repeat(rows, 2, axis=0), np.repeat(rows @ true, 2).tolist())
    assert max(twice.document.strengths_se_eV.values()) < 1e-9, "what is known exactly has no error"


def test_energies_that_pairs_do_not_explain_are_refused() -> None:
    def known(seed: int) -> bool:
        try:
            fitted(products(8), np.random.default_rng(100 + seed).normal(size=8).tolist())
        except BadInputError as err:
            return "tell no energies of pairs" not in err.reason
        return True

    assert sum(known(seed) for seed in range(60)) <= 7, "one in ten; of fits that are better than the mean one in six"


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_cells_tell_nothing(n: int) -> None:
    with pytest.raises(BadInputError, match="too few"):
        fitted(products(n), [float(k) for k in range(n)])


def test_cells_of_one_order_tell_nothing() -> None:
    with pytest.raises(BadInputError, match="too few"):
        fitted(np.ones((6, 3)), [float(k) for k in range(6)])
