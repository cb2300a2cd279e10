"""The command: reads files, prints documents to standard output and what is meant for a person to standard error."""
