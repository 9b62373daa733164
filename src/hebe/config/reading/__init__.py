"""Reading what a user writes: YAML with line numbers, units, and mistakes in words."""
