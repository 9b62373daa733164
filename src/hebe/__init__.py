"""High-Entropy Battery Engine."""
