"""What to ask of the host: the plan, its wire shapes, what it would do besides, and the way back."""
