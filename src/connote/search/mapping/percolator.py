"""The field that holds a query, to be found by documents that match it.

https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/percolator
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.field import COMMON, Field
from connote.search.mapping.values import Values


class Percolator(Field):
    """One query. What reads a document checks it against the whole mapping, which a field does not know."""

    kind: ClassVar[str] = "percolator"
    params = COMMON
    takes_objects = True

    @property
    def hints(self) -> str:
        """The words that tell which documents may match: `#` stands in no name of a field."""
        return f"{self.name}#terms"

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401 (JSON)
        """The JSON of a query."""
        if not isinstance(value, Mapping):
            raise IllegalArgument(f"query malformed, must start with start_object, not [{java(value)[:100]}]")
        if self.name in into.queries:
            raise IllegalArgument("a document can only contain one percolator query")
        into.queries[self.name] = value
