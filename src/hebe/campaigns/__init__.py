"""What is done with a campaign: loading and checking it, running it, reading its results."""
