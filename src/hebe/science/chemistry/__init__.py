"""Ions, redox, compositions, entropy: what follows from a formula alone."""

from hebe.science.chemistry.space import CompositionSpace

__all__ = ["CompositionSpace"]
