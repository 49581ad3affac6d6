"""The functions of ES|QL by name; each file has a kind of them."""

from connote.search.esql.functions import casts, maths, operators, strings
from connote.search.esql.functions.registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function", "casts", "maths", "operators", "strings"]
