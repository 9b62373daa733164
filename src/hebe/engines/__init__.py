"""Engines: what turns a structure into energy, forces and stress."""

from hebe.engines.registry import get_engine

__all__ = ["get_engine"]
