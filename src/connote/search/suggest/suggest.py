"""The suggestions of a search.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.fetch.source import SourceFilter
from connote.search.query.body import Body
from connote.search.query.reader import Reader
from connote.search.suggest.completion import Completions
from connote.search.suggest.phrase import Phrases
from connote.search.suggest.term import Terms


class Suggester(Protocol):
    """One kind."""

    kind: ClassVar[str]

    def entries(self, text: str, readers: Sequence[Reader], source: SourceFilter) -> list[dict[str, Any]]:
        """What it suggests for a text, part by part. Raises IllegalArgument."""
        ...


@dataclass(frozen=True)
class Suggest:
    """By name, the text and the suggester."""

    parts: Mapping[str, tuple[str, Suggester]]

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Suggest":
        """`{"text": …, "NAME": {"text": …, "term": {"field": …}}}`. Raises BadQuery, IllegalArgument."""
        shared = given.get("text")
        if shared is not None and not isinstance(shared, str):
            raise BadQuery(f"[suggest] [text] must be a text, not [{java(shared)[:100]}]")
        return cls({name: _part(name, each, shared) for name, each in given.items() if name != "text"})

    def entries(self, readers: Sequence[Reader], source: SourceFilter, *, typed: bool = False) -> dict[str, Any]:
        """What is suggested, by name; with `typed` the kinds stand before the names. Raises IllegalArgument."""
        return {
            f"{each.kind}#{name}" if typed else name: each.entries(text, readers, source)
            for name, (text, each) in self.parts.items()
        }


def _part(name: str, given: Any, shared: str | None) -> tuple[str, Suggester]:  # noqa: ANN401 (JSON)
    if not isinstance(given, Mapping):
        raise BadQuery(f"[suggest] [{name}] must be an object, not [{java(given)[:100]}]")
    body = Body("suggest", given)
    prefix, own = body.text("prefix"), body.text("text")
    expression = body.text("regex")
    kinds = body.names()
    if len(kinds) != 1 or kinds[0] not in _KINDS:
        raise BadQuery(
            f"[suggest] [{name}] needs one suggester, of {list(_KINDS)}, and has {kinds}; see docs/compatibility.md"
        )
    inner = Body(kinds[0], body.raw(kinds[0]))
    made: Suggester = _KINDS[kinds[0]](inner)
    inner.done()
    text = prefix if prefix is not None else own if own is not None else shared
    if text is None and expression is not None and isinstance(made, Completions):
        return expression, made.by_expression(expression)
    if text is None:
        raise IllegalArgument(f"The required text option is missing in the suggestion [{name}]")
    return text, made


_KINDS: Mapping[str, Any] = {"term": Terms.parse, "phrase": Phrases.parse, "completion": Completions.parse}
