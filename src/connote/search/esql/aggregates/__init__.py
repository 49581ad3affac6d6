"""The aggregates of ES|QL by name."""

from connote.search.esql.aggregates import counts, picks, places, statistics
from connote.search.esql.aggregates.registry import AGGREGATES, Group

__all__ = ["AGGREGATES", "Group", "counts", "picks", "places", "statistics"]
