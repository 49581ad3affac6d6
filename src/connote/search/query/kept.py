"""Queries that documents keep in percolators: checked when they are written, as they would run."""

from typing import NoReturn

import orjson

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.search.engine.segment import Snapshot
from connote.search.mapping.field import Field, failed
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.percolator import Percolator
from connote.search.mapping.values import Values
from connote.search.query.hints import ANY, hints
from connote.search.query.join import HasChild, HasParent, ParentId
from connote.search.query.knn import Knn
from connote.search.query.parse import stored
from connote.search.query.percolate import Percolate
from connote.search.query.query import Query
from connote.search.query.reader import META, Reader

_REFUSED = (HasChild, HasParent, ParentId, Knn, Percolate)


class _Nobody:
    """Whom a kept query may ask: it must run without endpoints and other documents."""

    async def sparse(self, *_: str) -> NoReturn:
        raise IllegalArgument(
            "queries that need inference, or values of other documents, are unsupported inside a percolator query"
        )

    dense = task = document = rules = sparse


class _Strict(Reader):
    """Knows mapped fields only."""

    def field(self, name: str) -> Field | None:
        found = super().field(name)
        if found is None and name not in META:
            raise BadQuery(f"No field mapping can be found for the field with name [{name}]")
        return found

    def inside(self, path: str) -> Reader:
        return _Strict(self.index, self.mapping, self.snapshot, path, self.sources)


def keep(values: Values, mapping: Fields, index: str, id: str, *, lenient: bool = False) -> None:
    """Put the queries of a document among its words, with the terms that they need. Raises BadDocument.

    With `lenient` also one that cannot run any more, as its script is gone: who percolates is told so, as before.
    """
    for name, given in values.queries.items():
        field = mapping.fields[name]
        if not isinstance(field, Percolator):
            continue
        text, terms = orjson.dumps(given).decode(), [ANY]
        try:
            query = _checked(text, _Strict(index, mapping, Snapshot([])))
            terms = list(hints(query, Reader(index, mapping, Snapshot([]))))
        except ConnoteError as error:
            if not lenient:
                raise failed(field, given, id, error) from None
        values.words[name], values.words[field.hints] = [text], terms


def _checked(text: str, reader: Reader) -> Query:
    """The query, if it can run. Raises BadQuery, IllegalArgument."""
    query = stored(text)
    _check_kinds(query)
    asking = query.rewritten(_Nobody(), reader)
    try:
        asking.send(None)
    except StopIteration as done:
        made: Query = done.value
    made.weigh(reader)
    return made


def _check_kinds(query: Query) -> None:
    if isinstance(query, _REFUSED):
        kind = "".join(f"_{each.lower()}" if each.isupper() else each for each in type(query).__name__).strip("_")
        raise IllegalArgument(f"the [{kind}] query is unsupported inside a percolator query")
    for each in query.parts():
        _check_kinds(each)
