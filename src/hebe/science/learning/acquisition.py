"""What a calculation is expected to gain: the improvement of the front, times the probability to meet constraints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hebe.science.learning.bounds import Bounded, BoundedLinked, bounded
from hebe.science.learning.gaussian_process import Array
from hebe.science.learning.hypervolume import boxes_above
from hebe.science.learning.improvement import expected_improvement, probability_within
from hebe.science.learning.linked import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.science.learning.hypervolume import Boxes


@dataclass(frozen=True)
class Aim:
    """A quantity that is to be improved, as a cost: ``sign`` is -1 where more is better."""

    name: str
    model: Model
    sign: float


@dataclass(frozen=True)
class Limit(Aim):
    """A quantity that is to stay within a limit: ``sign`` times its value at most ``most``."""

    most: float


@dataclass(frozen=True)
class Gain:
    """Expected gain of candidates, and what it is made of, each shape ``(n,)``."""

    improvement: Array
    probability: Array

    @property
    def expected(self) -> Array:
        """Improvement times probability."""
        return np.asarray(self.improvement * self.probability)


@dataclass(frozen=True)
class Quick:
    """Expected costs and bounds of their standard deviations, shape ``(n, aims)``, and of the probability."""

    means: Array
    sds: Array
    most: Array

    def at(self, kept: NDArray[np.bool_]) -> Quick:
        """Some of the rows."""
        return Quick(self.means[kept], self.sds[kept], self.most[kept])


class Acquisition:
    """Expected gain by aims and limits.

    Parameters
    ----------
    aims, limits
        Models of what is wanted.
    known
        Scaled descriptors of what is computed, shape ``(n, descriptors)``.
    reference
        Costs that a candidate must undercut to count, in the order of the aims.
    """

    def __init__(self, aims: Sequence[Aim], limits: Sequence[Limit], known: Array, reference: Array) -> None:
        self.aims, self.limits, self.reference = tuple(aims), tuple(limits), reference
        self.costs = self.means(known)[self._met(known)]

    def _met(self, table: Array) -> Array:
        """Which rows probably meet all limits."""
        inside = [one.sign * one.model.predict(table)[0] <= one.most for one in self.limits]
        return np.asarray(np.all(inside, axis=0) if inside else np.ones(len(table), dtype=bool))

    def means(self, table: Array) -> Array:
        """Expected costs, shape ``(rows, aims)``."""
        return np.stack([one.sign * one.model.predict(table)[0] for one in self.aims], axis=1)

    @cached_property
    def _bounded(self) -> dict[int, Bounded | BoundedLinked]:
        return {id(one): bounded(one.model) for one in (*self.aims, *self.limits)}

    def quick(self, table: Array) -> Quick:
        """What is known of rows without looking at all points."""
        means, sds = self._columns(self.aims, table)
        if not self.limits:
            return Quick(means, sds, np.ones(len(table)))
        return Quick(means, sds, self._most_probable(*self._columns(self.limits, table)))

    def upper(self, quick: Quick, batch: Array) -> Array:
        """Gain that rows have at most beside a batch, shape ``(rows,)``; never more beside a larger one."""
        return np.asarray(expected_improvement(quick.means, quick.sds, self._boxes(batch)) * quick.most)

    def _boxes(self, batch: Array) -> Boxes:
        """What would improve the front, were a batch found as expected."""
        if not len(batch):
            return self._boxes_now
        return boxes_above(np.concatenate([self.costs, self.means(batch)[self._met(batch)]]), self.reference)

    @cached_property
    def _boxes_now(self) -> Boxes:
        return boxes_above(self.costs, self.reference)

    def _columns(self, parts: Sequence[Aim], table: Array) -> tuple[Array, Array]:
        pairs = [self._bounded[id(one)].predict(table) for one in parts]
        means = np.stack([one.sign * mean for one, (mean, _) in zip(parts, pairs, strict=True)], axis=1)
        return means, np.stack([sd for _, sd in pairs], axis=1)

    def _most_probable(self, means: Array, sds: Array) -> Array:
        """Probability to meet the limits, were the standard deviations smaller in the best way."""
        limits = np.array([one.most for one in self.limits])
        met = means <= limits
        return probability_within(limits, np.where(met, limits, means), np.where(met, 0.0, sds))

    def gain(self, table: Array, batch: Array) -> Gain:
        """Exact gain of rows if a batch, shape ``(rows, descriptors)``, were computed and found as expected."""
        means, sds = self._exact(self.aims, table, batch)
        improvement = expected_improvement(means, sds, self._boxes(batch))
        if not self.limits:
            return Gain(improvement, np.ones(len(table)))
        means, sds = self._exact(self.limits, table, batch)
        return Gain(improvement, probability_within(np.array([one.most for one in self.limits]), means, sds))

    def as_expected(self, table: Array, batch: Array) -> Array:
        """Improvement by rows if they, and a batch before them, were found exactly as expected, shape ``(rows,)``."""
        means = self.means(table)
        return expected_improvement(means, np.zeros_like(means), self._boxes(batch))

    def lasting(self, gain: Gain, table: Array, batch: Array) -> Array:
        """Gain that rows have at most when their batch, shape ``(rows, descriptors)``, has grown.

        Each limit that is met on average may become certain; each other becomes less probable.
        """
        if not self.limits:
            return gain.improvement
        means, sds = self._exact(self.limits, table, batch)
        return np.asarray(gain.improvement * self._most_probable(means, sds))

    def _exact(self, parts: Sequence[Aim], table: Array, batch: Array) -> tuple[Array, Array]:
        means, sds = [], []
        for one in parts:
            mean, sd = one.model.predict(table)
            means.append(one.sign * mean)
            sds.append(np.sqrt(np.maximum(sd**2 - told_by(one.model, table, batch), 0.0)) if len(batch) else sd)
        return np.stack(means, axis=1), np.stack(sds, axis=1)


def told_by(model: Model, table: Array, batch: Array) -> Array:
    """By how much the variance of rows falls when a batch is computed with the usual noise, shape ``(rows,)``."""
    inner = model.cross(batch, batch) + model.usual_noise * np.eye(len(batch))
    part = np.linalg.solve(np.linalg.cholesky(inner), model.cross(batch, table))
    return np.asarray(np.einsum("ij,ij->j", part, part))
