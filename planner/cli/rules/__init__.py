"""``mgmtnet rules``: one module a subcommand, and their options."""
