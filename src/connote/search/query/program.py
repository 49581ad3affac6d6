"""A script that goes over the documents of an index."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from connote.contract.errors import IllegalArgument
from connote.ingest.painless import Script
from connote.ingest.painless.values import Value
from connote.search import thread
from connote.search.engine.segment import Segment, Table
from connote.search.query.document import FUNCTIONS, Document, Functions
from connote.search.query.reader import Reader
from connote.search.write.script import read

# `$` is `field` with a default; `explanation` is null: what a script says of itself is not shown.
FIELDS = ("field", "$")
NAMES = ("params", "_score", "doc", "explanation", *FIELDS, *FUNCTIONS)


class Run(Protocol):
    """A script on a table."""

    def __call__(self, at: int, score: float = 0.0, **own: Value) -> Value:
        """What it gives for a document, with values that it sees there alone. Raises BadScript."""
        ...


class _Params(dict[str, Any]):
    """`params`: those of the request, and `_source`, the document, if it is asked for."""

    def __init__(self, given: Mapping[str, Any], source: Callable[[], Any]) -> None:
        super().__init__(given)
        self._source = source

    def get(self, name: Any, default: Any = None) -> Any:  # noqa: ANN401 (a dict's)
        """A parameter."""
        return self._source() if name == "_source" and name not in self else super().get(name, default)


@dataclass(frozen=True)
class Program:
    """A compiled script with its parameters, on the fields of an index."""

    script: Script
    params: Mapping[str, Any]
    reader: Reader

    @classmethod
    def of(cls, given: Any, reader: Reader, names: tuple[str, ...] = NAMES) -> "Program":  # noqa: ANN401 (JSON)
        """Compiled, with what it may see. Raises BadScript, Unparsable, IllegalArgument."""
        reader.check_whole("script")  # it could fail for some, and so tell of them
        return cls(*read(given, names), reader)

    def given(self, **params: Value) -> "Program":
        """With more parameters."""
        return replace(self, params={**self.params, **params})

    def over(self, table: Table, **more: Value) -> Run:
        """What runs it on documents of a table."""
        document = Document(self.reader, table)
        own = {"field": document.field, "$": lambda name, default: document.field(name).first(default)}
        functions: dict[str, Value] = {**Functions(self.reader, document, table).values(), **own, **more}
        params = _Params(self.params, lambda: self._source(table, document.at))

        def run(at: int, score: float = 0.0, **own: Value) -> Value:
            thread.check()
            document.at = at
            return self.script.run(params=params, _score=score, doc=document, **functions, **own)

        return run

    def _source(self, table: Table, at: int) -> Mapping[str, Any]:
        if self.reader.sources is None or not isinstance(table, Segment):
            raise IllegalArgument("[_source] cannot be had here: give the values by [doc]")
        return self.reader.sources.of(table, at)


def check(given: Any, names: tuple[str, ...] = NAMES) -> None:  # noqa: ANN401
    """Raise what is wrong with a script before any index is looked at."""
    read(given, names)
