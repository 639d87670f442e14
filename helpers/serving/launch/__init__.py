"""Start a model server and send requests to it."""
