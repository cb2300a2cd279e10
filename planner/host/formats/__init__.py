"""One module for each format that a capture may have."""
