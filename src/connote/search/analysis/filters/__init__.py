"""Token filters, by what they do."""
