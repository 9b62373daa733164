"""GPAW: density-functional theory with projector-augmented waves, run under whatever Python has it."""

from hebe.engines.gpaw.engine import GPAWEngine, from_block

__all__ = ["GPAWEngine", "from_block"]
