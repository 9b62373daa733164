"""Prototypes, supercells, disorder and orderings."""

from hebe.science.structures.configuration import generate_sqs

__all__ = ["generate_sqs"]
