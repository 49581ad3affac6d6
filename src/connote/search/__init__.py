"""Indices: mappings, documents, queries; and the engine that finds."""
