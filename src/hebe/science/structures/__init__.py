"""Prototypes, supercells, disorder and orderings."""

from hebe.science.structures.generate import SQSResult, generate_sqs
from hebe.science.structures.objective import Objective

__all__ = ["Objective", "SQSResult", "generate_sqs"]
