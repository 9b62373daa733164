"""Crystals: structure files as hosts."""
