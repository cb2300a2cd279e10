"""Questions about all hosts at once, decided by an SMT solver (z3): proofs, and hosts that refute."""
