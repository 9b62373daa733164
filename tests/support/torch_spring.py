"""A potential with torch parameters as an ASE calculator: weights from a file, or none but the seed's."""

from __future__ import annotations

from pathlib import Path

import torch

from support.spring_crystal import SpringCrystal


class TorchSpring(SpringCrystal):
    """Springs whose depth and length are parameters of a torch module."""

    def __init__(self, depth: float, length: float) -> None:
        super().__init__(depth, length)
        self.model = torch.nn.Linear(1, 1)
        with torch.no_grad():
            self.model.weight.fill_(depth)
            self.model.bias.fill_(length)


def make(depth: float = 1.0, length: float = 2.1) -> TorchSpring:
    """From numbers."""
    return TorchSpring(depth, length)


def read(weights: str) -> SpringCrystal:
    """From a text file that holds the depth, as potentials without torch have it."""
    return SpringCrystal(float(Path(weights).read_text(encoding="utf-8")))


def read_torch(weights: str) -> TorchSpring:
    """From such a file into a torch module."""
    return TorchSpring(float(Path(weights).read_text(encoding="utf-8")), 2.1)


def numbers(weights: str) -> tuple[float, float]:
    """Depth of such a file and the length."""
    return float(Path(weights).read_text(encoding="utf-8")), 2.1


def default() -> TorchSpring:
    """Weights that come from somewhere else than the arguments: what a package downloaded or shipped."""
    return TorchSpring(DEFAULT_DEPTH, 2.1)


DEFAULT_DEPTH = 1.0
