"""The physics and chemistry: pure functions, no workflow manager, no store."""
