"""Hulls: which mixtures of phases are lowest, with the phases of the literature and those that a campaign brings."""
