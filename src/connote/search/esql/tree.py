"""The syntax of expressions, before anything is known of columns and types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Functions that are called only by what stands between their arguments.
OPERATORS = frozenset({"and", "in", "like", "neg", "not", "or", "rlike"})


@dataclass(frozen=True)
class Expression:
    """A part of the query: `text` as it stands there, at `line:column`."""

    text: str
    at: str


@dataclass(frozen=True)
class Literal(Expression):
    """A value of a type that is known."""

    value: Any
    type: str


@dataclass(frozen=True)
class Name(Expression):
    """A column, by its full name."""

    name: str


@dataclass(frozen=True)
class Call(Expression):
    """A function, or an operator by its sign, of these arguments. `options` are of functions that search."""

    name: str
    arguments: Sequence[Expression]
    options: Mapping[str, Any] = field(default_factory=dict)
    height: int = 1  # of how many calls, one in the other


@dataclass(frozen=True)
class Subquery(Expression):
    """A query in parentheses, by its commands: `found` gets its values when it runs."""

    commands: Sequence[Any]
    found: list[Literal] = field(default_factory=list)


@dataclass(frozen=True)
class Named:
    """An expression and what its column is called. `where` is a filter of an aggregate's own."""

    name: str
    expression: Expression
    where: Expression | None = None


def subqueries(expressions: Iterable[Expression]) -> list[Subquery]:
    """The subqueries in some expressions, but not those within these."""
    found = [inner for each in expressions for call in calls(each) for inner in call.arguments]
    return [each for each in found if isinstance(each, Subquery)]


def calls(expression: Expression) -> list[Call]:
    """All calls in an expression, itself too."""
    if not isinstance(expression, Call):
        return []
    return [expression, *(inner for each in expression.arguments for inner in calls(each))]
