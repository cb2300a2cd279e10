"""What a host is, and how its own reports are read."""
