"""Cutting long texts into chunks: pure functions over strings."""
