"""The model server: options, versions, REST and gRPC."""
