"""Ions that walk at random on a cubic lattice: their diffusion coefficient is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DISTANCE = 3.0  # A
STEP_FS = 100.0


def walk(n_ions: int, frames: int, rate: float, seed: int, noise: float = 0.0) -> NDArray[np.float64]:
    """Ions that jump along the axes of a cubic lattice with a probability per frame, and vibrate."""
    random = np.random.default_rng(seed)
    jumps = random.random((frames - 1, n_ions)) < rate
    axis, sign = random.integers(3, size=jumps.shape), random.choice([-1.0, 1.0], size=jumps.shape)
    steps = np.zeros((frames - 1, n_ions, 3))
    np.put_along_axis(steps, axis[:, :, None], (jumps * sign * DISTANCE)[:, :, None], axis=2)
    places = np.concatenate([np.zeros((1, n_ions, 3)), np.cumsum(steps, axis=0)])
    return places + random.normal(scale=noise, size=places.shape) if noise else places
