"""ES|QL without a server: queries that start with ROW."""

import asyncio
from typing import Any, cast

from connote.search.esql import answer
from connote.search.esql.queries import EsqlRequest, Queries, Table

_NOBODY = cast("Any", None)  # no index is opened, and no endpoint asked


def table(query: str, **more: Any) -> Table:  # noqa: ANN401 (of a request)
    """The table of a query."""
    queries = Queries(_NOBODY, _NOBODY, _NOBODY, _NOBODY, _NOBODY)
    return asyncio.run(queries.run(EsqlRequest(query, **more)))


def rows(query: str, **more: Any) -> list[list[Any]]:  # noqa: ANN401
    """The values of a query, row by row."""
    return [list(row) for row in answer.body(table(query, **more))["values"]]


def value(expression: str, given: str = "x = 1") -> Any:  # noqa: ANN401
    """What an expression comes to in a row of these columns."""
    return rows(f"ROW {given} | EVAL result = {expression} | KEEP result")[0][0]


def kind(expression: str, given: str = "x = 1") -> str:
    """The type of an expression."""
    return table(f"ROW {given} | EVAL result = {expression}").types["result"]
