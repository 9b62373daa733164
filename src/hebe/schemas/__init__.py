"""Documents that are stored: what calculations, builders and analyses leave behind."""
