"""The query `intervals`: what its rules find in texts, and how they are read."""

from connote.search.query.intervals.query import Intervals

__all__ = ["Intervals"]
