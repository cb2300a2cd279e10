"""What to ask of the host: the attachment, the steps to it with their requests, and what else they do."""
