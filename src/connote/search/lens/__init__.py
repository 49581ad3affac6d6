"""The relevance lens: why a document answers a query, down to tokens, chunks and words."""
