"""Queries that people type: query_string and simple_query_string. Their grammars stand in `grammar` and `simple`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import BadQuery
from connote.search.query import grammar, simple
from connote.search.query.body import Body
from connote.search.query.boosts import boosted
from connote.search.query.fuzzy import Fuzziness
from connote.search.query.match import How
from connote.search.query.multi import TYPES
from connote.search.query.query import Asks, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.style import Style

MOST_LENGTH = 32_000
# Parameters that change nothing here.
_IGNORED = (
    "analyze_wildcard", "auto_generate_phrase_queries", "enable_position_increments", "max_determinized_states",
    "rewrite", "fuzzy_rewrite", "use_dis_max", "lowercase_expanded_terms", "locale", "all_fields",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class QueryString(Query):
    """A text in a grammar. `inner` is what it says, once the fields of the index are known."""

    text: str
    style: Style
    inner: Query | None = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"query": "title:(quiet OR calm) AND price:[100 TO 200]", "default_field": "body"}`."""
        made = cls._read("query_string", given)
        grammar.parse(made.text, made.style)  # what is wrong is told before any index is looked at
        return made

    @classmethod
    def parse_simple(cls, given: Any) -> Query:  # noqa: ANN401
        r"""`{"query": "quiet +\"by the sea\" -noisy", "fields": ["title^2", "body"]}`: the text is never wrong."""
        return cls._read("simple_query_string", given)

    @classmethod
    def _read(cls, kind: str, given: Any) -> "QueryString":  # noqa: ANN401
        body = Body(kind, given)
        text = body.required("query", lambda value: value)
        if isinstance(text, dict | list) or len(str(text)) > MOST_LENGTH:
            raise BadQuery(f"[{kind}] [query] must be a text of at most {MOST_LENGTH} characters")
        is_plain = kind == "query_string" and body.flag("escape", default=False)
        told = re.sub(r'([-+!(){}\[\]^"~*?:\\/&|<>=])', r"\\\1", str(text)) if is_plain else str(text)
        made = cls(text=told, style=_style(kind, body), **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With what it says in this index."""
        return replace(self, inner=await self._read_in(reader).rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """What it says."""
        return (self.inner or self._read_in(reader)).weigh(reader)

    def parts(self) -> Sequence[Query]:
        """What it says."""
        return () if self.inner is None else (self.inner,)

    def _read_in(self, reader: Reader) -> Query:
        style = self.style.known(reader)
        found = simple.parse(self.text, style) if style.is_simple else grammar.parse(self.text, style)
        return found.boosted(self.boost)


def _style(kind: str, body: Body) -> Style:
    default, fields = body.text("default_field"), body.raw("fields")
    operator = (body.text("default_operator") or "or").lower()
    if operator not in ("or", "and"):
        raise BadQuery(f"[{kind}] default_operator must be [or] or [and], not [{operator}]")
    type_ = (body.text("type") or "best_fields").lower()
    if type_ not in TYPES:
        raise BadQuery(f"failed to parse [{kind}] query type [{type_}]. unknown type.")
    for name in _IGNORED:
        body.raw(name)
    flags, slop, lenient = body.raw("flags"), body.whole("phrase_slop", 0), "lenient" in body
    fuzziness = Fuzziness(
        str(body.raw("fuzziness", "AUTO")),
        body.whole("fuzzy_prefix_length", 0),
        body.whole("fuzzy_max_expansions", 50),
        body.flag("fuzzy_transpositions", default=True),
    )
    fuzziness.most("")
    leading, zone, suffix = (
        body.flag("allow_leading_wildcard", default=True),
        body.text("time_zone"),
        body.text("quote_field_suffix"),
    )
    tie = body.number("tie_breaker", 0.0) if "tie_breaker" in body else None
    quoting = body.text("quote_analyzer")
    how = How.parse(body)
    return Style(
        fields=boosted(fields if fields is not None else [default] if default else [], kind),
        operator=operator,
        how=replace(how, operator=operator, slop=slop, least=None, fuzziness=None),
        least=how.least,
        type=type_,
        tie=tie,
        fuzziness=fuzziness,
        lenient=how.is_lenient if lenient else None,
        with_leading_wildcards=leading,
        zone=zone,
        suffix=suffix or "",
        quoting=quoting,
        is_simple=kind != "query_string",
        flags=simple.flags(flags),
    )


__all__ = ["QueryString"]
