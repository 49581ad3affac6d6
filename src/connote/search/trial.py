"""Scripts that are tried: with their parameters alone, or on a document that an index might have.

https://www.elastic.co/docs/reference/scripting-languages/painless/painless-api-examples
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connote.contract import dates
from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import text
from connote.search import columns
from connote.search.engine.build import build
from connote.search.engine.segment import Segment, Snapshot
from connote.search.fetch.fields import formatted
from connote.search.index import Index
from connote.search.mapping.date import Date
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.row import row
from connote.search.query.body import Body
from connote.search.query.parse import parse as parse_query
from connote.search.query.program import FIELDS as FIELD_NAMES
from connote.search.query.program import Program
from connote.search.query.query import MatchAll, Query
from connote.search.query.reader import Reader
from connote.search.sources import Sources
from connote.search.write.script import read

_TEST = "painless_test"
# What fields scripts may make, by the context that they are made in.
FIELDS = {
    f"{kind}_field": kind for kind in ("boolean", "date", "double", "geo_point", "ip", "keyword", "long")
}  # fmt: skip
CONTEXTS = (_TEST, "filter", "score", *FIELDS)
_FIELD = "tried"


class _Source(Sources):
    """The source of the one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def of(self, segment: Segment, document: int) -> Mapping[str, Any]:  # noqa: ARG002 (there is one)
        """That document."""
        return self._document


@dataclass(frozen=True)
class Trial:
    """A script, and for all contexts but the first the index and document that it sees, and a query for its score."""

    context: str
    script: Any
    index: str = ""
    document: Mapping[str, Any] | None = None
    query: Query = field(default_factory=MatchAll)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Trial":
        """`{"script": {…}, "context": "score", "context_setup": {"index", "document", "query"}}`. Raises BadQuery."""
        body = Body("execute", given)
        context, script, setup = body.text("context") or _TEST, body.raw("script"), body.raw("context_setup")
        body.done()
        if context not in CONTEXTS:
            raise IllegalArgument(
                f"unsupported script context name [{java(context)[:100]}]; there are [{', '.join(CONTEXTS)}]"
            )
        if context == _TEST:
            read(script, ("params",))
            return cls(context, script)
        own = Body("context_setup", {} if setup is None else setup)
        index, document, query = own.text("index"), own.raw("document"), own.raw("query")
        own.done()
        if index is None or not isinstance(document, Mapping):
            raise BadQuery(f"[context_setup] of [{context}] needs an [index] and a [document]")
        return cls(context, script, index, document, MatchAll() if query is None else parse_query(query))

    def alone(self) -> str:
        """What a script gives that sees its parameters alone, as text. Raises BadScript."""
        script, params = read(self.script, ("params",))
        try:
            return text(script.run(params=params))
        except Fault as fault:
            raise fault.error("runtime", script.source) from None  # it has no text, or too long a one

    def reader(self, index: Index) -> Reader:
        """The index with the document alone, which is not kept. Raises BadDocument, BadScript."""
        source, mapping = dict(self.document or {}), index.mapping
        values = DocumentReader(mapping, _FIELD).read(source)
        if values.added:
            mapping = mapping.merged(values.added, index.settings.most_fields)
            values = DocumentReader(mapping, _FIELD).read(source)
        segment = Segment(dict(build([row(_FIELD, 0, 1, values, mapping, {})])))
        reader = Reader(index.name, mapping, Snapshot([segment]), sources=_Source(source))
        return columns.over(reader, mapping.searched())

    def run(self, reader: Reader, query: Query) -> Any:  # noqa: ANN401 (JSON)
        """What the script gives for the document; `query` is the rewritten one. Raises BadScript, IllegalArgument."""
        if self.context in FIELDS:
            return self._emitted(reader)
        (segment,) = reader.snapshot.segments
        names = ("params", "doc", *FIELD_NAMES) if self.context == "filter" else None
        program = Program.of(self.script, reader) if names is None else Program.of(self.script, reader, names)
        score = 0.0 if names else float(query.weigh(reader).run(segment, scored=True).points()[0])
        found = program.over(segment)(0, score)
        if self.context == "filter":
            if not isinstance(found, bool):
                raise IllegalArgument(f"a script of [filter] must give a boolean, not [{java(found)[:100]}]")
            return found
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise IllegalArgument(f"a script of [score] must give a number, not [{java(found)[:100]}]")
        return float(found)

    def _emitted(self, reader: Reader) -> list[Any]:
        given = {_FIELD: {"type": FIELDS[self.context], "script": self.script}}
        own = columns.over(reader, reader.mapping.searched(given))
        made, (segment,) = own.mapping.runtime[_FIELD].field, own.snapshot.segments
        values = columns.shown(segment, _FIELD, 0)
        if isinstance(made, Date):
            return [dates.render(each, made["format"]) for each in values]
        return [formatted(made, each, None) for each in values]
