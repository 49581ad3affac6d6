"""An open inference tier for semantic search."""
