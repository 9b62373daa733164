"""ABINIT: plane-wave DFT with explicit PAW data sets, run through atomate2."""

from hebe.engines.abinit.engine import AbinitEngine

__all__ = ["AbinitEngine"]
