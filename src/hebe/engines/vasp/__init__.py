"""VASP through atomate2's makers and custodian's handlers."""

from hebe.engines.vasp.engine import VaspEngine

__all__ = ["VaspEngine"]
