"""ABINIT: plane-wave DFT with explicit PAW data sets, run through atomate2."""

from hebe.engines.abinit.engine import AbinitEngine, from_block

__all__ = ["AbinitEngine", "from_block"]
