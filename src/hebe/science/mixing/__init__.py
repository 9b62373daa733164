"""Mixing: enthalpies, temperatures and decompositions of disordered candidates."""
