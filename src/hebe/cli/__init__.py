"""The command ``hebe``: one module per command group, nothing heavy imported before a command needs it."""
