"""A local model server with TensorFlow Serving's protocol, over REST and gRPC."""
