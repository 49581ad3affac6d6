"""The query `rule`: another query, with the documents that query rules pin above it or take out of it.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-rule-query
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.query.body import Body
from connote.search.query.boolean import Bool
from connote.search.query.pinned import Pinned
from connote.search.query.query import Asks, MatchAll, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.rules import Doc
from connote.search.query.term import Ids

# Rulesets that one query may name.
MOST_RULESETS = 10


@dataclass(frozen=True)
class Ruling:
    """Rulesets, and what the search says of itself."""

    rulesets: Sequence[str]
    said: Mapping[str, Any]

    @classmethod
    def parse(cls, body: Body) -> "Ruling":
        """`ruleset_ids` and `match_criteria`, taken out of a body. Raises BadQuery, IllegalArgument."""
        said, ids, one = body.raw("match_criteria"), body.raw("ruleset_ids"), body.raw("ruleset_id")
        listed = [one] if ids is None and one is not None else ids
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(said, Mapping) or not said:
            raise BadQuery(f"[{body.kind}] requires [match_criteria], an object that is not empty")
        if not isinstance(listed, list) or not listed or not all(isinstance(each, str) and each for each in listed):
            raise BadQuery(f"[{body.kind}] requires [ruleset_ids], an array of texts")
        if len(listed) > MOST_RULESETS or len(set(listed)) < len(listed):
            raise IllegalArgument(f"[ruleset_ids] must be at most {MOST_RULESETS}, each another")
        return cls(listed, said)

    async def applied(self, asks: Asks) -> tuple[list[Doc], list[Doc]]:
        """Which documents are pinned, in their order, and which are excluded. Raises NotFound, IllegalArgument."""
        met = [rule for id in self.rulesets for rule in await asks.rules(id) if rule.met(self.said)]
        pinned, excluded = ([doc for rule in met if rule.kind == kind for doc in rule.docs] for kind in _KINDS)
        once = {(doc.get("_index"), doc["_id"]): doc for doc in reversed(pinned)}
        return [once[key] for key in reversed(once)], excluded


_KINDS = ("pinned", "exclude")


@dataclass(frozen=True, kw_only=True)
class Rule(Query):
    """Which rules apply is looked up when it is rewritten."""

    organic: Query
    ruling: Ruling

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401 (JSON)
        """`{"match_criteria": {"user_query": "pugs"}, "ruleset_ids": ["mine"], "organic": {…}}`."""
        body = Body("rule", given)
        made = cls(ruling=Ruling.parse(body), organic=body.required("organic", parse), **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """A pinned query, without what is excluded."""
        pinned, excluded = await self.ruling.applied(asks)
        organic = await self.organic.rewritten(asks, reader)
        return ruled(organic, pinned, excluded, reader.index).boosted(self.boost)

    def parts(self) -> Sequence[Query]:
        """The organic query."""
        return (self.organic,)


@dataclass(frozen=True, kw_only=True)
class Without(Query):
    """All but some documents."""

    docs: Sequence[Doc]

    def weigh(self, reader: Reader) -> Weight:
        """A filter."""
        return ruled(MatchAll(), (), self.docs, reader.index).weigh(reader)


def ruled(organic: Query, pinned: Sequence[Doc], excluded: Sequence[Doc], index: str) -> Query:
    """A query with documents of an index pinned above it, and others excluded."""
    made = Pinned(organic=organic, docs=pinned) if pinned else organic
    gone = tuple(doc["_id"] for doc in excluded if doc.get("_index", index) == index)
    return Bool(must=[made], never=[Ids(values=gone)]) if gone else made
