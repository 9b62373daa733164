"""What a user writes: campaigns, host families, settings."""
