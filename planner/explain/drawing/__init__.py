"""The host before and after as a drawing: what it shows, where it stands, and in which ink."""
