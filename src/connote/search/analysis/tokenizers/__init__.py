"""Tokenizers, by how they cut."""
