"""What the rules say: language, loading, linting, matching, firing, decision."""
