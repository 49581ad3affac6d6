"""The mapping of an index: fields, and what a document gives them."""
