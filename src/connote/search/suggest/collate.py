"""`collate`: only phrases that a query matches are suggested.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#phrase-suggester
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.results import Vector
from connote.contract.settings import java
from connote.ingest.template import Template
from connote.search.query.body import Body
from connote.search.query.parse import parse as parse_query
from connote.search.query.reader import Reader
from connote.search.query.rules import Rule
from connote.search.thread import check


class _Refusing:
    """Nobody can be asked while suggestions are made."""

    async def sparse(self, id: str, text: str) -> Mapping[str, float]:  # noqa: ARG002
        raise _REFUSED

    async def dense(self, id: str, text: str) -> Vector:  # noqa: ARG002
        raise _REFUSED

    async def task(self, id: str) -> str:  # noqa: ARG002
        raise _REFUSED

    async def document(self, index: str, id: str) -> Mapping[str, Any] | None:  # noqa: ARG002
        raise _REFUSED

    async def rules(self, id: str) -> Sequence[Rule]:  # noqa: ARG002
        raise _REFUSED


_REFUSED = IllegalArgument("the query of [collate] must not need inference, other documents or rules")


@dataclass(frozen=True)
class Collate:
    """A template of a query, with `{{suggestion}}` for the phrase; with `prunes` phrases that match nothing stay."""

    template: Template
    params: Mapping[str, Any]
    prunes: bool

    @classmethod
    def parse(cls, given: Any) -> "Collate":  # noqa: ANN401 (JSON)
        """Raises BadQuery, IllegalArgument."""
        body = Body("collate", given)
        query = Body("query", body.required("query", lambda found: found))
        source, params = query.raw("source"), body.raw("params")
        query.raw("lang")
        query.done()
        if not isinstance(source, str | Mapping):
            raise BadQuery(f"[collate] [query] must hold its [source], not [{java(source)[:100]}]")
        if not isinstance(params or {}, Mapping):
            raise BadQuery(f"[collate] [params] must be an object, not [{java(params)[:100]}]")
        text = source if isinstance(source, str) else orjson.dumps(source).decode()
        made = cls(Template(text), params or {}, body.flag("prune", default=False))
        body.done()
        return made

    def matches(self, phrase: str, readers: Sequence[Reader]) -> bool:
        """Whether the query of a phrase finds a document. Raises BadQuery, IllegalArgument."""
        check()
        text = self.template.render({**self.params, "suggestion": phrase})
        try:
            given = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise IllegalArgument(f"[collate] the template gives what is not JSON: {error.msg}: {text[:200]}") from None
        return any(asyncio.run(_finds(given, reader)) for reader in readers)


async def _finds(given: Any, reader: Reader) -> bool:  # noqa: ANN401 (JSON)
    weight = (await parse_query(given).rewritten(_Refusing(), reader)).weigh(reader)
    return any((weight.run(rows.table, scored=False).mask & rows.live).any() for rows in reader.rows)
