"""Errors: spreads of values, and the documented errors of engines against measured hosts."""
