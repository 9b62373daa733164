"""Jobs on any executor in the sense of `concurrent.futures`."""
