"""Cutting long texts into chunks: pure functions over strings."""

from connote.chunking.chunk import Chunk, chunk
from connote.chunking.words import count_words

__all__ = ["Chunk", "chunk", "count_words"]
