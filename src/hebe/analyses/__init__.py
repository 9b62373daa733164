"""Analyses: one file each; what they want computed, what they make of it, and the quantities that come out."""
