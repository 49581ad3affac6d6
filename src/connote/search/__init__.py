"""Indices: what documents are made of, how they are written, found and shown."""
