"""Compatibility maps as data: hosts into which cations are put one after the other, each file beside this module."""
