"""Prototypes, supercells, disorder and orderings."""

from hebe.science.structures.disordered import read_host, sqs_of_host
from hebe.science.structures.ensemble import average, generate_ensemble
from hebe.science.structures.generate import SQSResult, generate_sqs
from hebe.science.structures.objective import Objective

__all__ = ["Objective", "SQSResult", "average", "generate_ensemble", "generate_sqs", "read_host", "sqs_of_host"]
