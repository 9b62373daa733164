"""Vibrations: harmonic free energies."""
