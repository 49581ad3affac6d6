"""Moving a field of meaning to another endpoint."""
