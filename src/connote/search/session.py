"""One search over some indices: a snapshot of each, and what retrievers ask of them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from connote.contract.errors import ConnoteError, NoIndex, SearchFailed
from connote.models.rankers import Ranker
from connote.search import collect, columns, embedded, neighbours, view, withheld
from connote.search.asks import Asked
from connote.search.collect import Seen
from connote.search.fetch.fields import at
from connote.search.indices import Indices
from connote.search.names import fits
from connote.search.neighbours import Neighbours
from connote.search.pace import Crowd
from connote.search.query.knn import Knn
from connote.search.query.query import Query
from connote.search.quick import cost_of, is_quick
from connote.search.request import SearchRequest
from connote.search.retriever import Key, Scored
from connote.search.thread import abandonable, finished
from connote.search.trees import Boosted
from connote.search.view import NO_FILTERS, Filters

T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """Snapshots are held until the search is over, so that all of its parts see the same documents."""

    seen: Sequence[Seen]
    asks: Asked
    crowd: Crowd

    @classmethod
    async def open(
        cls, names: Sequence[str], indices: Indices, asks: Asked, held: ExitStack, filters: Filters = NO_FILTERS
    ) -> "Session":
        """Open the indices, of which filters let only some documents be seen.

        Raises NoIndex, ClosedIndex, Blocked, Unavailable, and what filters raise.
        """
        seen = []
        for number, name in enumerate(names):
            indices.check_open(name)
            index = await indices.open(name, in_part=True)
            index.check_readable()
            if (at_hand := index.at_hand()) is not None:
                snapshot, mapping, release = at_hand
                held.callback(release)
            else:
                snapshot, mapping = await finished(index.seen_while, held)
            every = view.reader(index, mapping, snapshot)
            kept, is_part = withheld.through(name, filters.get(name)), withheld.is_part(name)
            reader = await view.through(kept, every, asks, is_part=is_part)
            seen.append(Seen(index, reader.snapshot, reader, number))
        return cls(seen, asks, indices.crowd)

    @classmethod
    def again(cls, seen: Sequence[Seen], indices: Indices, asks: Asked, held: ExitStack) -> "Session":
        """Over the snapshots of before. Raises NoIndex if one of the indices was deleted in the meantime."""
        for each in seen:
            record = indices.records.get(each.index.name)
            if record is None or record.uuid != each.index.uuid:
                raise NoIndex(each.index.name)
            held.callback(each.index.held.hold(each.snapshot.last))
        return cls(seen, asks, indices.crowd)

    def with_runtime(self, given: Mapping[str, Any]) -> "Session":
        """With runtime fields of a request's own. Raises BadMapping, BadScript."""
        if not given:
            return self
        readers = [columns.over(each.reader, each.reader.mapping.searched(given)) for each in self.seen]
        made = zip(self.seen, readers, strict=True)
        return replace(self, seen=[replace(each, reader=own, snapshot=own.snapshot) for each, own in made])

    def split(self, fields: Boosted) -> tuple[Boosted, Boosted]:
        """Of fields with boosts, patterns among them: those of text and words, and those that are semantic anywhere."""
        words, semantic = dict[str, float](), dict[str, float]()
        for pattern, boost in fields:
            named = {name for each in self.seen for name in each.reader.mapping.semantic if fits(name, pattern)}
            semantic |= dict.fromkeys(sorted(named), boost)
            if "*" not in pattern:
                words |= {} if named else {pattern: boost}
                continue
            for each in self.seen:
                found = [name for name, _ in each.reader.searched([(pattern, 1.0)])]
                words |= dict.fromkeys(set(found) - set(each.reader.mapping.semantic), boost)
        return list(words.items()), list(semantic.items())

    async def each(self, work: Callable[[Seen], Awaitable[T]]) -> list[T]:
        """What the work comes to for every index. Raises SearchFailed with the reason of each that fails."""
        found, failures = list[T](), dict[str, ConnoteError]()
        for seen in self.seen:
            with _noted(failures, seen):
                found.append(await work(seen))
        return _whole(found, failures)

    def every(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """The same of works that need not wait, one for each index."""
        found, failures = list[T](), dict[str, ConnoteError]()
        for seen, work in zip(self.seen, works, strict=True):
            with _noted(failures, seen):
                found.append(work())
        return _whole(found, failures)

    def timed(self, work: Callable[[], T]) -> T:
        """What a work on all indices comes to, here and now."""
        for seen in self.seen:
            work = partial(seen.index.pace.timed, work)
        return work()

    async def ranked(
        self, query: Query, window: int, least: float | None, sort: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[Scored]:
        """The first documents of a query, over all indices."""
        request = SearchRequest(size=window, least=least, sort=sort)

        async def one(seen: Seen) -> tuple[Callable[[], collect.Found], float]:
            own = await query.rewritten(self.asks, seen.reader)
            return partial(collect.run, seen, own, None, request), cost_of(own, seen, request)

        runs = await self.each(one)
        work = partial(self.every, [run for run, _ in runs])
        is_short = is_quick((cost for _, cost in runs), self.crowd)
        found = self.timed(work) if is_short else await abandonable(work)
        most = min(window, query.k) if isinstance(query, Knn) and query.k is not None else window
        hits = collect.merged(found, request)[:most]
        numbers = {id(own): number for number, own in enumerate(found)}
        return [Scored(Key(numbers[id(hit.found)], hit.segment, hit.document), hit.score) for hit in hits]

    async def rescored(self, query: Query, keys: Sequence[Key]) -> dict[Key, float]:
        """The scores of a query for those of the documents that match it."""
        scores: dict[Key, float] = {}
        for number, seen in enumerate(self.seen):
            own = [key for key in keys if key.index == number]
            if own:
                weight = (await query.rewritten(self.asks, seen.reader)).weigh(seen.reader)
                for segment in {key.segment for key in own}:
                    hits = await abandonable(weight.run, seen.snapshot.segments[segment], scored=True)
                    points = hits.points()
                    inside = [key for key in own if key.segment == segment and hits.mask[key.document]]
                    scores |= {key: float(points[key.document]) for key in inside}
        return scores

    async def ranker(self, id: str) -> Ranker:
        """The model of that id, which orders documents. Raises NotFound."""
        return self.asks.ranker(id)

    async def vectors(self, near: Knn, keys: Sequence[Key]) -> Neighbours:
        """The vectors of documents in the field of a knn query. Raises IllegalArgument."""
        found = Neighbours({}, None, "cosine")
        for number, seen in enumerate(self.seen):
            query = await near.asked(self.asks, seen.reader)
            own = await abandonable(neighbours.of, seen, number, near.field, keys, query)
            found = replace(own, rows={**found.rows, **own.rows})
        return found

    async def reranked(self, endpoint: str, text: str, name: str, keys: Sequence[Key], chunks: Any) -> dict[Key, float]:  # noqa: ANN401
        """What a reranker says of the documents' field; of several chunks the best counts."""
        texts = await abandonable(self._texts, name, keys)
        return await self.asks.reranked(endpoint, text, dict(zip(keys, texts, strict=True)), chunks)

    def _texts(self, name: str, keys: Sequence[Key]) -> list[str]:
        found = {}
        for number, seen in enumerate(self.seen):
            own = {
                key: int(seen.snapshot.segments[key.segment].seqs[key.document]) for key in keys if key.index == number
            }
            states = seen.index.documents.at(list(own.values()))
            field = seen.reader.mapping.find(name)
            for key, seq in own.items():
                source = embedded.source(states[seq].source or b"{}") if seq in states else {}
                values = [] if field is None else list(at(source, name.split("."), field))
                found[key] = " ".join(str(value) for value in values)
        return [found[key] for key in keys]


@contextmanager
def _noted(failures: dict[str, ConnoteError], seen: Seen) -> Iterator[None]:
    try:
        yield
    except ConnoteError as error:
        failures[seen.index.name] = error


def _whole(found: list[T], failures: Mapping[str, ConnoteError]) -> list[T]:
    if failures:
        raise SearchFailed(failures)
    return found
