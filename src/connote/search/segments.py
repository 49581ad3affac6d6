"""The segments of an index, as `_segments` and `_cat/segments` tell of them."""

from typing import Any

from connote.search.engine.segment import Segment
from connote.search.index import Index
from connote.version import VERSION


def of(index: Index) -> dict[str, dict[str, Any]]:
    """By name, in the order in which they are searched. Sizes are those of their arrays, in bytes."""
    return {name(each): _told(each) for each in index.snapshot().segments}


def name(segment: Segment) -> str:
    """As Lucene would name it: `_` and its generation in base 36."""
    digits, left = "", _generation(segment)
    while left or not digits:
        left, digit = divmod(left, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"_{digits}"


def _generation(segment: Segment) -> int:
    """Lucene counts from 0, connote from 1."""
    return segment.number - 1


def _told(segment: Segment) -> dict[str, Any]:
    return {
        "generation": _generation(segment),
        "num_docs": segment.documents,
        "deleted_docs": segment.size - segment.documents,
        "size_in_bytes": segment.bytes,
        "committed": True,  # its documents are
        "search": True,
        "version": VERSION,
        "compound": True,
    }
