"""A simulated Google Cloud: token endpoints and REST over TLS, Resource Manager and Cloud Asset over gRPC."""
