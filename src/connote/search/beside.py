"""What an answer shows beside the hits themselves: highlights, inner hits, aggregations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import ConnoteError, SearchFailed
from connote.search import aggs, highlight, inner, percolated
from connote.search.aggs import Aggs
from connote.search.collect import Found, Hit
from connote.search.fetch.page import Document
from connote.search.inner import Fetch, Inner
from connote.search.query.join import Joined
from connote.search.query.nested import Nested
from connote.search.query.percolate import Percolate
from connote.search.query.query import Query
from connote.search.request import SearchRequest
from connote.search.rewrites import Rewrites
from connote.search.session import Session

_NOTHING = Aggs()


@dataclass(frozen=True)
class Beside:
    """Made for one search: checked, and with all that endpoints were asked for."""

    rewrites: Rewrites
    tree: Aggs
    groups: Sequence[Inner] = ()
    found: Sequence[Found] = ()
    known: dict[int, list[tuple[Nested | Joined, Inner]]] = field(default_factory=dict)  # inner hits, by id of a query
    percolates: dict[int, list[Percolate]] = field(default_factory=dict)  # likewise

    @classmethod
    async def of(cls, request: SearchRequest, session: Session) -> "Beside":
        """Before anything is found. Raises BadQuery, IllegalArgument, and what endpoints raise."""
        if not (request.aggs or request.collapse or request.highlight):
            return cls(Rewrites(), _NOTHING)
        tree = aggs.parse(request.aggs)
        collapse = request.collapse
        groups = [] if collapse is None else [Inner.parse(each, collapse.field) for each in collapse.inner_hits]
        queries = list(_queries(request, tree, groups))
        return cls(await Rewrites.of(queries, session.seen, session.asks), tree, groups)

    def aggregations(self, request: SearchRequest, fetch: Fetch) -> dict[str, Any]:
        """The results by name. Raises SearchFailed."""
        context = aggs.Context(self.found, self.rewrites, fetch)
        try:
            results = self.tree.run(context.parts(), context)
        except ConnoteError as error:
            raise SearchFailed({own.seen.index.name: error for own in self.found}) from None
        return self.tree.typed(results) if request.typed else results

    def adds(self, found: Found, request: SearchRequest) -> bool:
        """Whether anything is to be put into the hits of an index."""
        more = request.collapse is not None or request.highlight is not None
        return more or bool(self._wanted(found) or self._percolates(found))

    def add(self, body: dict[str, Any], hit: Hit, request: SearchRequest, document: Document, fetch: Fetch) -> None:
        """Put what is asked for into a hit as the answer shows it."""
        if request.collapse is not None:
            body.setdefault("fields", {})[request.collapse.field] = [request.collapse.value(hit)]
        if request.highlight is not None and (parts := self.highlights(hit, request.highlight, document)):
            body["highlight"] = parts
        if queries := self._percolates(hit.found):
            percolated.add(body, hit, queries, request.highlight)
        if inner_hits := self.inner_hits(hit, request, document, fetch):
            body["inner_hits"] = inner_hits

    def highlights(self, hit: Hit, wanted: highlight.Highlight, document: Document) -> dict[str, list[str]]:
        """The fragments of a hit by field."""
        seen = hit.found.seen
        queries = [
            hit.found.query if each.query is None else self.rewrites.of_query(seen, each.query)
            for each in wanted.fields
        ]
        return highlight.shown(wanted, queries, document.source, document.kept, seen.reader)

    def inner_hits(self, hit: Hit, request: SearchRequest, document: Document, fetch: Fetch) -> dict[str, Any]:
        """The inner hits of a hit by name."""
        found = dict[str, Any]()
        for query, each in self._wanted(hit.found):
            if isinstance(query, Nested):
                found[each.name] = inner.objects_of(hit, query, each, document.source, document.kept)
            else:
                found[each.name] = inner.kin_of(hit, query, each, fetch)
        if request.collapse is not None and request.collapse.inner_hits:
            found |= {each.name: inner.group(hit, request.collapse, each, self.found, fetch) for each in self.groups}
        return found

    def _wanted(self, found: Found) -> list[tuple[Nested | Joined, Inner]]:
        key = id(found.query)
        if key not in self.known:
            self.known[key] = list(inner.wanted(found.query))
        return self.known[key]

    def _percolates(self, found: Found) -> list[Percolate]:
        key = id(found.query)
        if key not in self.percolates:
            self.percolates[key] = percolated.percolates(found.query)
        return self.percolates[key]


def _queries(request: SearchRequest, tree: Aggs, groups: Sequence[Inner]) -> Iterator[Query]:
    for each in (request, *(group.request for group in groups)):
        if each.highlight is not None:
            yield from each.highlight.queries()
    yield from tree.queries()
