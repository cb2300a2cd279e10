"""Host and definition as flat facts, each with the path it was read from."""
