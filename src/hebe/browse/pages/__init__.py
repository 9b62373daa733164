"""Pages: one module each, a function of the source and the request."""
