"""Colours of figures: legible on white, and told apart whichever cones an eye has."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from hebe.report.crystal import colours_of
from hebe.report.svg import COLOURS

Array = NDArray[np.float64]

# Machado, Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1, on linear RGB
SEEN = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST = 15.0


def linear(colour: str) -> Array:
    """Linear RGB of sRGB (IEC 61966-2-1)."""
    given = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    """CIE L*a*b* for the white of D65."""
    x, y, z = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def distance(one: str, other: str, seen: str) -> float:
    first, second = (lab(np.asarray(SEEN[seen]) @ linear(colour)) for colour in (one, other))
    return float(np.linalg.norm(first - second))


@pytest.mark.parametrize("seen", SEEN)
def test_series_are_told_apart(seen: str) -> None:
    pairs = {(a, b): distance(a, b, seen) for a, b in combinations(COLOURS, 2)}
    assert {pair: d for pair, d in pairs.items() if d < LEAST} == {}


def test_series_are_seen_on_white() -> None:
    """Contrast of at least 3 for graphics: Web Content Accessibility Guidelines 2.1, criterion 1.4.11."""
    contrasts = {c: 1.05 / (float(TO_XYZ[1] @ linear(c)) + 0.05) for c in COLOURS}
    assert min(contrasts.values()) >= 3


@pytest.mark.parametrize("seen", SEEN)
def test_cations_of_a_crystal_are_told_apart(seen: str) -> None:
    found = colours_of(["Na", "O", "Cu", "Fe", "Mn", "Ni", "Ti"], "Na")
    assert len(set(found.values())) == len(found)
    assert min(distance(a, b, seen) for a, b in combinations(found.values(), 2)) > 10
