"""A value as a sample: one number per draw of the errors that candidates share."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.schemas.base import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_STORED: Final = np.dtype("<f4")


class Draws(Document):
    """Sample of a value; draw k of every candidate of a campaign stands for the same errors.

    Differences between candidates are therefore taken draw by draw.

    Parameters
    ----------
    n
        Number of draws.
    data
        The values as little-endian float32 in base64; infinity where a draw has no finite value.
    """

    n: int
    data: str

    @classmethod
    def of(cls, values: ArrayLike) -> Draws:
        """Document of values, shape ``(n,)``."""
        stored = np.asarray(values, dtype=_STORED)
        return cls(n=len(stored), data=base64.b64encode(stored.tobytes()).decode())

    @property
    def values(self) -> NDArray[np.float64]:
        """The values, shape ``(n,)``."""
        return np.frombuffer(base64.b64decode(self.data), dtype=_STORED).astype(np.float64)

    def quantile(self, share: float) -> float:
        """Value below which a share (0 to 1) of the draws lies; infinite where it falls among those without a value."""
        return self.quantiles(share)[0]

    def quantiles(self, *shares: float) -> list[float]:
        """Values below which shares of the draws lie, as `quantile` gives one."""
        return quantiles_of(self.values, shares)


def quantiles_of(values: NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    """Values below which shares of a sample lie: NumPy's method ``inverted_cdf``, in less time for one sample."""
    ordered = np.sort(values)
    if np.isnan(ordered[-1]):
        return [math.nan] * len(shares)
    places = (max(0, math.ceil(len(ordered) * share - 1)) for share in shares)
    return [float(ordered[place]) for place in places]
