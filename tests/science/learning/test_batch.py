"""The batch of a streamed space is that of exact scoring of all its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.science.learning.acquisition import Acquisition, Aim, Limit, told_by
from hebe.science.learning.batch import choose_batch, six_digits
from hebe.science.learning.gaussian_process import Parameters, Process
from support.mixture_truth import FIFTEEN, SEVEN, Described, sodium_space
from support.scored_space import Members, acquisition_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.gaussian_process import Array


def exact_batch(acquisition: Acquisition, rows: Rows, table: Array, number: int) -> list[tuple[int, ...]]:
    """Greedy choice that looks at every member each time."""
    chosen: list[int] = []
    while len(chosen) < number:
        parts = [acquisition.gain(table[b : b + 20_000], table[chosen]).expected for b in range(0, len(rows), 20_000)]
        gains = six_digits(np.concatenate(parts))
        gains[chosen] = -1.0
        chosen.append(int(np.argmax(gains)))
    return [tuple(rows[at].tolist()) for at in chosen]


@pytest.mark.parametrize("limited", [False, True])
def test_the_batch_is_that_of_exact_scoring(*, limited: bool) -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition = acquisition_of(described, 40, limited=limited)
    rows = np.concatenate(list(described.space.blocks()))
    found = choose_batch(acquisition, Members(described, rows), 6, held=200)
    assert [tuple(row) for row in found.rows.tolist()] == exact_batch(acquisition, rows, described.table(rows), 6)
    assert found.looked_at == len(rows) == 3395
    assert list(found.gains) == sorted(found.gains, reverse=True) or limited
    assert len(set(map(tuple, found.rows.tolist()))) == 6


@pytest.mark.slow
def test_the_batch_of_a_hundred_thousand_is_that_of_exact_scoring() -> None:
    described = Described(sodium_space(FIFTEEN, "3..6", 12))
    acquisition = acquisition_of(described, 200)
    rows = described.space.sample(100_000, 3)
    found = choose_batch(acquisition, Members(described, rows), 8, held=2_000)
    assert [tuple(row) for row in found.rows.tolist()] == exact_batch(acquisition, rows, described.table(rows), 8)


def test_a_small_pool_is_enlarged_until_it_is_known_to_be_enough() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition = acquisition_of(described, 40)
    rows = np.concatenate(list(described.space.blocks()))
    few, many = (choose_batch(acquisition, Members(described, rows, 500), 4, held=held) for held in (4, 5_000))
    assert few.rows.tolist() == many.rows.tolist()
    assert few.gains == many.gains


def test_what_was_chosen_makes_its_relatives_less_worth() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition = acquisition_of(described, 40)
    rows = np.concatenate(list(described.space.blocks()))
    table = described.table(rows)
    alone = acquisition.gain(table, table[:0]).expected
    best = int(np.argmax(alone))
    after = acquisition.gain(table, table[[best]]).expected
    assert (after <= alone + 1e-12).all()
    assert after[best] < 0.5 * alone[best]


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["at most", "at least"])
def test_what_misses_a_limit_is_no_part_of_the_front(sign: float) -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    plain, table = acquisition_of(described, 40, limited=True), described.table(described.space.sample(40, 11))
    (limit,) = plain.limits
    predicted, edge = limit.model.predict(table)[0], float(np.median(limit.model.predict(table)[0]))
    found = Acquisition(plain.aims, [Limit("formation", limit.model, sign, sign * edge)], table, plain.reference)
    inside = predicted <= edge if sign > 0 else predicted >= edge
    assert np.array_equal(found.costs, found.means(table)[inside])


def test_a_candidate_tells_of_others_what_its_noise_leaves() -> None:
    """One member: ``k(u, b)^2 / (k(b, b) + noise)``, with the usual noise of the data, scatter included."""
    described = Described(sodium_space(SEVEN, "3..5", 12))
    model = acquisition_of(described, 40).aims[0].model
    assert isinstance(model, Process)
    table = described.table(described.space.sample(6, 5))
    batch, others = table[:1], table[1:]
    own = float(model.cross(batch, batch)[0, 0])
    noise = float(np.median((model.noise / model.width) ** 2) + model.parameters.scatter) * model.width**2
    expected = model.cross(others, batch)[:, 0] ** 2 / (own + noise)
    assert told_by(model, others, batch) == pytest.approx(expected)
    assert noise > 0.001 * own


def test_bounds_are_never_below_what_is_gained() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition = acquisition_of(described, 60, limited=True)
    table = described.table(described.space.sample(1000, 5))
    gain = acquisition.gain(table, table[:0])
    assert (acquisition.upper(acquisition.quick(table), table[:0]) >= gain.expected * (1 - 1e-9)).all()


def test_limits_that_are_met_on_average_may_become_certain() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition = acquisition_of(described, 60, limited=True)
    table = described.table(described.space.sample(300, 5))
    before = acquisition.gain(table, table[:0])
    lasting = acquisition.lasting(before, table, table[:0])
    for at in (0, 50, 100):
        assert (acquisition.gain(table, table[[at]]).expected <= lasting + 1e-12).all()


def test_of_two_limits_the_one_that_is_met_may_become_certain() -> None:
    """Each depends on a descriptor of its own: what tells of the limit that is met leaves the other as it is."""
    rng = np.random.default_rng(0)
    points, table = rng.normal(size=(6, 3)), rng.normal(size=(60, 3))
    noise = np.full(6, 0.3)
    models = [
        Process(points, points[:, k], noise, Parameters(1e-4, 1.0, 1e-4, 2 * row)) for k, row in enumerate(np.eye(3))
    ]
    limits = [Limit("first", models[1], 1.0, 0.2), Limit("second", models[2], 1.0, -0.2)]
    acquisition = Acquisition([Aim("cost", models[0], 1.0)], limits, points, np.array([0.5]))
    lasting = acquisition.lasting(acquisition.gain(table, table[:0]), table, table[:0])
    met = [one.model.predict(table)[0] <= one.most for one in limits]
    assert (met[0] & ~met[1]).sum() > 3
    for at in range(60):
        batch = np.array([[50.0, table[at, 1], 50.0]] * 5)
        assert (acquisition.gain(table, batch).expected <= lasting * (1 + 1e-9) + 1e-15).all()


class Twins:
    """Members that are all but the same, each worth a little more than those before it."""

    def __init__(self, lines: Array) -> None:
        self.lines = lines

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        yield np.arange(len(self.lines), dtype=np.int16)[:, None], self.lines

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of some rows."""
        return self.lines[rows[:, 0]]


def test_ties_to_six_digits_go_to_the_first_even_where_its_bound_is_not_among_the_highest() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(6, 2))
    model = Process(points, points[:, 0], np.full(6, 0.3), Parameters(0.5, 1.0, 1e-2, np.ones(2)))
    acquisition = Acquisition([Aim("cost", model, 1.0)], [], points, np.array([0.5]))
    lines = np.array([[-1.0, 0.5]]) + np.linspace(0, 1e-6, 400)[:, None] * np.array([-1.0, 0.0])
    gains = acquisition.gain(lines, lines[:0]).expected
    lines, gains = lines[np.argsort(gains)], np.sort(gains)
    assert len(set(six_digits(gains).tolist())) == 1
    assert gains[0] < gains[-1] * (1 - 1e-8)
    assert choose_batch(acquisition, Twins(lines), 1).rows.tolist() == [[0]]


def test_six_digits() -> None:
    assert six_digits(np.array([0.0, 1.23456789, 1.2345678e-9])).tolist() == pytest.approx([0, 1.23457, 1.23457e-9])
