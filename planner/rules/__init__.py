"""What rules say: their language, read from files, checked, kept in rulesets."""
