"""What stands for hops whose paths were not computed: a mean, the mean of their environment, or a ridge regression.

Which one is decided by the root mean square error of the computed hops, each left out once; the mean of the environment
stays where none is better, as where each computed hop has another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hebe.schemas.hops import HopDoc

Array = NDArray[np.float64]
ModelName = Literal["mean", "environment", "ridge"]

_PENALTY: Final = 1.0
"""On squares of the coefficients of descriptors of mean 0 and variance 1."""
_FEWEST: Final[Mapping[ModelName, int]] = {"environment": 3, "mean": 3, "ridge": 5}
"""Computed hops from which on a model is tried."""
_SAME: Final = 1e-9
_MEASURES: Final = ("blocking", "length_A", "gate_area_A2", "bottleneck_A")


@dataclass(frozen=True)
class HopModel:
    """The chosen model, and its error (eV) on hops that were left out; None for fewer than three computed ones."""

    name: ModelName
    error: float | None

    def fill(self, hops: Sequence[HopDoc], known: Mapping[int, float]) -> Array:
        """Values of all hops: those that are known, by position, and what the model says of the others, (n,)."""
        found = _MODELS[self.name](_Hops.of(hops), known, range(len(hops)))
        found[list(known)] = list(known.values())
        return found


def choose_model(hops: Sequence[HopDoc], known: Mapping[int, float]) -> HopModel:
    """The model with the least error on values that are known, by position of their hop."""
    table = _Hops.of(hops)
    tried = [HopModel(name, _error(name, table, known)) for name in _MODELS if len(known) >= _FEWEST[name]]
    return min(tried, key=lambda model: round(model.error or 0.0, 9), default=HopModel("environment", None))


@dataclass(frozen=True)
class _Hops:
    """Environment and descriptors of hops: species of the gate, and measures that all hops have, shape (n, d)."""

    environments: Sequence[str]
    descriptors: Array

    @classmethod
    def of(cls, hops: Sequence[HopDoc]) -> _Hops:
        species = sorted({name for hop in hops for name in hop.gate})
        columns = [[float(hop.gate.count(name)) for hop in hops] for name in species]
        for measure in _MEASURES:
            values = [getattr(hop, measure) for hop in hops]
            if None not in values:
                columns.append([float(value) for value in values])
        return cls([hop.environment for hop in hops], np.array(columns).reshape(-1, len(hops)).T)


def _error(name: ModelName, hops: _Hops, known: Mapping[int, float]) -> float:
    """Root mean square error on known hops, each predicted from the others."""
    errors = []
    for place, value in known.items():
        others = {k: other for k, other in known.items() if k != place}
        errors.append(value - float(_MODELS[name](hops, others, [place])[0]))
    return float(np.sqrt(np.mean(np.square(errors))))


def _mean(hops: _Hops, known: Mapping[int, float], asked: Sequence[int]) -> Array:
    del hops
    return np.full(len(asked), float(np.mean(list(known.values()))))


def _environment(hops: _Hops, known: Mapping[int, float], asked: Sequence[int]) -> Array:
    """Mean of the known hops of the same environment, of all where there is none."""
    alike: dict[str, list[float]] = defaultdict(list)
    for place, value in known.items():
        alike[hops.environments[place]].append(value)
    means, others = {name: float(np.mean(values)) for name, values in alike.items()}, _mean(hops, known, [0])[0]
    return np.array([means.get(hops.environments[place], others) for place in asked])


def _ridge(hops: _Hops, known: Mapping[int, float], asked: Sequence[int]) -> Array:
    """Ridge regression (Hoerl and Kennard, Technometrics 12, 55 (1970)), never beyond what is known."""
    values = np.array(list(known.values()))
    rows = hops.descriptors[list(known)]
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    differs = spread > _SAME
    x = (rows[:, differs] - centre[differs]) / spread[differs]
    weights = np.linalg.solve(x.T @ x + _PENALTY * np.eye(x.shape[1]), x.T @ (values - values.mean()))
    z = (hops.descriptors[list(asked)][:, differs] - centre[differs]) / spread[differs]
    return np.asarray(np.clip(values.mean() + z @ weights, values.min(), values.max()))


_MODELS: Final[Mapping[ModelName, Callable[[_Hops, Mapping[int, float], Sequence[int]], Array]]] = {
    "environment": _environment,
    "mean": _mean,
    "ridge": _ridge,
}
