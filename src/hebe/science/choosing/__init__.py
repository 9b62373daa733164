"""Choosing: ranking by several objectives, who goes on to the next stage, series."""
