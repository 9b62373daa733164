"""VASP through atomate2's makers and custodian's handlers."""

from hebe.engines.vasp.engine import VaspEngine, from_block

__all__ = ["VaspEngine", "from_block"]
