"""Rules fired on facts, by durable_rules and by our own matcher, and the decision that follows."""
