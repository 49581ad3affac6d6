"""Indices: text in, ranked documents out."""
