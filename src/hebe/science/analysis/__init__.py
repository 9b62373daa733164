"""Analyses: pure functions from energies and cells to voltages, strains, hulls and mixing temperatures."""

from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium

__all__ = ["PhaseEntry", "PhaseEquilibrium"]
