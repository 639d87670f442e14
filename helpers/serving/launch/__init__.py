"""Start a model server, and ask it."""
