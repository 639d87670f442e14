"""TensorFlow Serving's protocol: requests, responses, errors."""
