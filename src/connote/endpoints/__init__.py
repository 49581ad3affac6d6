"""The corridor: from a request on an endpoint to the service that answers it, and back."""
