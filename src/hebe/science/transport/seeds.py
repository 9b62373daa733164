"""Seeds of runs at several temperatures."""

from __future__ import annotations

import numpy as np


def seed_at(seed: int, temperature: float) -> int:
    """Seed at a temperature (K): with one seed for all, errors of their runs would go together."""
    return int(np.random.SeedSequence([seed, round(1000 * temperature)]).generate_state(1)[0])
