"""GPAW: density-functional theory with projector-augmented waves, run under whatever Python has it."""

from hebe.engines.gpaw.engine import GPAWEngine

__all__ = ["GPAWEngine"]
