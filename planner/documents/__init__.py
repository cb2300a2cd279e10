"""Documents that people write: reading YAML with positions, and saying what is wrong with one."""
