"""jobflow Makers: one unit of work each."""
