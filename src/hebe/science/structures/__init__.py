"""Prototypes, supercells, disorder and orderings."""
