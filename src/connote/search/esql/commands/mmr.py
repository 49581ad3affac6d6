"""MMR: of the rows so many that are not too much like each other.

https://www.elastic.co/docs/reference/query-languages/esql/commands/mmr
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.diversified import marginal
from connote.search.esql import types
from connote.search.esql.bind import bind
from connote.search.esql.commands.command import Step
from connote.search.esql.nodes import folded, is_constant
from connote.search.esql.page import Page
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import Expression
from connote.search.neighbours import alike

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

# Rows that are looked at, for each is held against each; and how much relevance counts, if it is not said.
_MOST, _BALANCE = 1000, 0.5


@dataclass(frozen=True)
class Mmr:
    """The field of vectors and where it stands, how many rows, what they are to be near, and how much that counts."""

    field: str
    at: str
    count: int
    near: Expression | None = None
    balance: float = _BALANCE

    @classmethod
    def read(cls, parser: "Parser") -> "Mmr":
        """`MMR vector ON field LIMIT 10 WITH {"lambda": 0.5}`."""
        near = None if parser.is_next("on") else parser.expression()
        parser.expect("on")
        at, name = parser.at(parser.token.start), parser.name()
        parser.expect("limit")
        count, told, start = parser.amount()
        if not isinstance(count, int) or count < 1:
            raise parser.fault(f"value of [LIMIT] of MMR must be a positive integer, found value [{told}]", start)
        balance: object = _BALANCE
        if parser.take("with"):
            start, options = parser.token.start, parser.options()
            balance = options.pop("lambda", None)
            if options or isinstance(balance, bool) or not isinstance(balance, int | float) or not 0 <= balance <= 1:
                raise parser.fault("MMR takes the option [lambda], from 0 to 1", start)
        assert isinstance(balance, int | float)  # noqa: S101 (see above)
        return cls(name, at, count, near, float(balance))

    def expressions(self) -> list[Expression]:
        """The vector."""
        return [] if self.near is None else [self.near]

    def bind(self, scope: Scope) -> Step:
        """The columns stay."""
        if (kind := scope.find(self.field, self.at)) not in ("dense_vector", "null"):
            raise Problem(self.at, f"MMR column [{self.field}] must be a dense_vector, not [{types.shown(kind)}]")
        near = None if self.near is None else bind(self.near, scope)
        if near is not None and (not is_constant(near) or near.type not in types.KINDS["vector"]):
            raise Problem(near.at, f"MMR query vector must be a constant dense_vector, found [{near.text}]")
        scope.behind = scope.behind or "MMR"
        return lambda page: self._run(page, None if near is None else folded(near, page.running))

    def _run(self, page: Page, wanted: Any) -> Page:  # noqa: ANN401 (numbers)
        """The rows that are chosen, in the order that they had; those without a vector are left out."""
        column = page[self.field]
        rows = np.flatnonzero(~column.nulls)[:_MOST] if column.type != "null" else np.zeros(0, dtype=np.int64)
        if len(rows) < len(column) - int(column.nulls.sum()):
            page.running.warn(f"MMR looks at the first [{_MOST}] rows that have a vector")
        found = [np.asarray(each, dtype=np.float64) for each in column.values[rows].tolist()]
        near = None if wanted is None else np.atleast_1d(np.asarray(wanted, dtype=np.float64))
        sizes = {len(each) for each in (*found, *([] if near is None else [near]))}
        if len(sizes) > 1:
            raise IllegalArgument(f"MMR: vectors of [{self.field}] have different dimensions: {sorted(sizes)}")
        if not found:
            return page.take(rows)
        vectors = np.stack(found)
        relevance = None if near is None else alike(vectors, near[None], "cosine")[:, 0]
        chosen = marginal(alike(vectors, vectors, "cosine"), relevance, self.balance, self.count)
        return page.take(rows[np.sort(np.array(chosen, dtype=np.int64))])
