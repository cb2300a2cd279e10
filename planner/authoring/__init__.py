"""The policy author's bench: what rules do on hosts, and what an edit of them changes. Pure."""
