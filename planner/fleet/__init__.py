"""Many hosts at once: their captures, what is wanted of each, their plans, and what is alike among them."""
