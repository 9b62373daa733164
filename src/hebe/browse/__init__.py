"""The web page over a store: read-only, for this machine alone, without network."""
