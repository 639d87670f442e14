"""A model server on this machine that speaks TensorFlow Serving's protocol, REST and gRPC."""
