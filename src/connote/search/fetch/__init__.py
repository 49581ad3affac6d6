"""What of the documents that were found is shown."""
