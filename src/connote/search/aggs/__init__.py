"""Aggregations: counts and figures over all documents that match, exact, over any number of indices and segments.

https://www.elastic.co/docs/reference/aggregations
"""

from connote.search.aggs.context import Context
from connote.search.aggs.parse import parse
from connote.search.aggs.tree import Aggs

__all__ = ["Aggs", "Context", "parse"]
