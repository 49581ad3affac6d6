"""ENRICH: columns of what an enrich policy's documents tell of a value.

https://www.elastic.co/docs/reference/query-languages/esql/commands/enrich
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from connote.contract.errors import ConnoteError, IllegalArgument
from connote.ingest.enrich import Lookup, Policies
from connote.ingest.painless.values import text
from connote.search.analysis import Analysis
from connote.search.esql import types
from connote.search.esql.column import Column
from connote.search.esql.commands.command import ByRow, Step
from connote.search.esql.page import Page
from connote.search.esql.rendering import wire
from connote.search.esql.running import check_rows
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.source import read
from connote.search.esql.tree import Expression
from connote.search.fetch.fields import at as values_at
from connote.search.mapping.field import Field
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.thread import check

if TYPE_CHECKING:
    from connote.search.esql.parser import Parser

# Where Elasticsearch would look the values up; here there is one place.
_MODES = ("_any", "_coordinator", "_remote")
# Of values by ranges: each is held against all.
_MOST_COMPARED = 20_000_000
_MATCHED = ("boolean", "date", "ip", "version", *types.NUMBERS, *types.STRINGS)
Find = Callable[[Sequence[Any]], Sequence[Mapping[str, Any]]]


@dataclass
class Enrich:
    """The policy, the column that is looked up, and the new columns with their fields; None are all of the policy's.

    `policies` are set before it is bound.
    """

    policy: str
    at: str
    on: tuple[str, str] | None
    made: list[tuple[str, str, str]] | None
    policies: Policies | None = None

    @classmethod
    def read(cls, parser: "Parser") -> "Enrich":
        """`ENRICH _mode:policy ON column WITH name = field, …`."""
        start, on, made = parser.token.start, None, None
        mode, colon, policy = parser.index().rpartition(":")
        if colon and mode.lower() not in _MODES:
            known = ", ".join(each.upper() for each in _MODES)
            raise parser.fault(
                f"Unrecognized value [{mode}], ENRICH policy qualifier needs to be one of [{known}]", start
            )
        if parser.take("on"):
            place = parser.at(parser.token.start)
            on = (parser.name(), place)
        if parser.take("with"):
            made = [_made(parser)]
            while parser.take(","):
                made.append(_made(parser))
        return cls(policy, parser.at(start), on, made)

    def expressions(self) -> list[Expression]:
        """None."""
        return []

    def bind(self, scope: Scope) -> Step:
        """The new columns stand behind the others, in place of those of their names."""
        lookup = self._lookup(scope)
        policy = lookup.policy
        name, at = self.on or (policy.match_field, self.at)
        kind = scope.find(name, at)
        if kind not in (*_MATCHED, "null"):
            told = f"only [{', '.join(map(types.shown, _MATCHED))}] allowed for type [{policy.kind}]"
            raise Problem(at, f"Unsupported type [{types.shown(kind)}] for enrich matching field [{name}]; {told}")
        made = dict[str, tuple[str, Field | None]]()
        for new, field, place in self.made or [(each, each, self.at) for each in policy.enrich_fields]:
            if field not in policy.enrich_fields:
                near = scope.near(field, policy.enrich_fields, 1)
                told = f", did you mean [{near[0]}]?" if near else ""
                raise Problem(place, f"Enrich field [{field}] not found in enrich policy [{policy.name}]{told}")
            made.pop(new, None)
            made[new] = (field, _field(lookup, field))
        kinds = {new: _type(known) for new, (_, known) in made.items()}
        for new, each in kinds.items():
            scope.put(new, each)
        scope.behind = scope.behind or "ENRICH"

        @cache
        def find() -> Find:  # once, though rows may come in blocks
            return _by_value(lookup) if policy.kind == "match" else _by_range(lookup)

        def run(page: Page) -> Page:
            found = _found(page[name], find(), _keys if policy.kind == "match" else _shown)
            columns = {new: _column(kinds[new], field, known, found) for new, (field, known) in made.items()}
            return page.having(columns)

        return ByRow(run)

    def _lookup(self, scope: Scope) -> Lookup:
        policies = self.policies
        known = [each.name for each in policies.find(None)] if policies else []
        if policies is None or self.policy not in known:
            near = scope.near(self.policy, known, 1)
            told = f", did you mean [{near[0]}]?" if near else ""
            raise Problem(self.at, f"cannot find enrich policy [{self.policy}]{told}")
        found = policies.lookup(self.policy)
        if found is None:
            raise Problem(self.at, f"enrich policy [{self.policy}] has copied nothing yet: execute it")
        if not found.mapping:  # it was executed before types were kept
            raise Problem(
                self.at, f"enrich policy [{self.policy}] does not know the types of its fields: execute it again"
            )
        return found


def _made(parser: "Parser") -> tuple[str, str, str]:
    """A new column, its field, and where they stand."""
    at = parser.at(parser.token.start)
    first = parser.name()
    return (first, parser.name(), at) if parser.take("=") else (first, first, at)


def _field(lookup: Lookup, name: str) -> Field | None:
    """The field as it was mapped when the policy was executed; None if that is not known."""
    node = lookup.mapping.get(name, {})
    kind = types.of_field(str(node.get("type")))
    if kind == "unsupported":
        return None
    try:  # of a text its words do not matter
        mapped = Fields.read({"properties": {name: {"type": "text"} if kind == "text" else node}}, Analysis())
    except ConnoteError:
        return None
    return mapped.fields.get(name)


def _type(field: Field | None) -> str:
    return "unsupported" if field is None else types.of_field(field.kind)


def _found(
    column: Column, find: Find, shown: Callable[[Column], list[tuple[Any, ...]]]
) -> list[Sequence[Mapping[str, Any]]]:
    """By row the documents that tell of its values, which are looked up as they are shown."""
    known, found, count = dict[tuple[Any, ...], Sequence[Mapping[str, Any]]](), list[Sequence[Mapping[str, Any]]](), 0
    for row in shown(column):
        check()
        if row not in known:
            known[row] = find(row) if row else ()
        count += len(known[row])
        check_rows(count)
        found.append(known[row])
    return found


def _by_value(lookup: Lookup) -> Find:
    field = _field(lookup, lookup.policy.match_field)
    places = dict[str, list[int]]()
    for number, (values, _) in enumerate(lookup.rows):
        check()
        kept = values if field is None else read(types.of_field(field.kind), field, iter(values))
        for each in kept:
            places.setdefault(_key(each), []).append(number)

    def find(row: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        numbers = dict.fromkeys(number for each in row for number in places.get(each, ()))
        return [lookup.rows[number][1] for number in numbers]

    return find


def _by_range(lookup: Lookup) -> Find:
    compared = 0

    def find(row: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        nonlocal compared
        check()
        compared += len(row) * len(lookup.rows)
        if compared > _MOST_COMPARED:
            raise IllegalArgument(
                f"ENRICH holds at most [{_MOST_COMPARED}] values against ranges of policy [{lookup.policy.name}]: "
                "filter the rows before it"
            )
        return lookup.find(row, len(lookup.rows))

    return find


def _keys(column: Column) -> list[tuple[Any, ...]]:
    return [tuple(map(_key, row)) for row in column.rows()] if column.type != "null" else [()] * len(column)


def _shown(column: Column) -> list[tuple[Any, ...]]:
    """The values as documents have them: dates as texts."""
    rows = wire(column) if column.type != "null" else [None] * len(column)
    return [() if row is None else tuple(row) if isinstance(row, list) else (row,) for row in rows]


def _key(value: Any) -> str:  # noqa: ANN401 (of any type)
    """A value as it is looked up: whole numbers alike, whatever their type."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text(value)


def _column(kind: str, name: str, field: Field | None, found: Sequence[Sequence[Mapping[str, Any]]]) -> Column:
    if field is None:
        return Column.nothing(kind, len(found))
    path, known, rows, count = name.split("."), dict[int, tuple[Any, ...]](), list[tuple[Any, ...]](), 0
    for documents in found:
        for each in documents:
            if id(each) not in known:
                known[id(each)] = tuple(read(kind, field, values_at(each, path, field)))
        count += sum(len(known[id(each)]) for each in documents)
        check_rows(count)
        rows.append(tuple(value for each in documents for value in known[id(each)]))
    return Column.of(kind, rows)
