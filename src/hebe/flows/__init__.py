"""Wiring of makers into jobflow Flows, nothing else."""
