"""Char filters, by what they do."""
