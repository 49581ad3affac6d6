"""A small index in memory, to ask it anything: some segments, some documents of which are deleted."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from connote.contract.errors import NotFound
from connote.contract.results import Vector
from connote.search.analysis import Analysis
from connote.search.embedded import Chunk, Embedded, Part
from connote.search.engine.build import build
from connote.search.engine.kernels import top
from connote.search.engine.segment import Segment, Snapshot
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.mapping import Mapping as Mapped
from connote.search.mapping.row import row
from connote.search.query.parse import parse
from connote.search.query.query import Explanation, ranked
from connote.search.query.reader import Reader
from connote.search.query.rules import Rule

Document = Mapping[str, Any]
# What texts mean, as an endpoint would have it: by the name of the endpoint, then by the text.
Meanings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """Answers what queries ask of others: meanings of texts, and documents of other indices."""

    meanings: Meanings
    documents: Mapping[tuple[str, str], Document]

    async def sparse(self, id: str, text: str) -> Mapping[str, float]:
        found: Mapping[str, float] = self.meanings[id][text]
        return found

    async def dense(self, id: str, text: str) -> Vector:
        return np.asarray(self.meanings[id][text], dtype=np.float32)

    async def task(self, id: str) -> str:
        first = next(iter(self.meanings[id].values()))
        return "sparse_embedding" if isinstance(first, Mapping) else "text_embedding"

    async def document(self, index: str, id: str) -> Document | None:
        return self.documents.get((index, id))

    async def rules(self, id: str) -> Sequence[Rule]:
        raise NotFound(f"Query ruleset [{id}] not found")


class Small:
    """Documents are numbered from 0, which are their ids; they fill `segments` segments in turn.

    `chunks` are, by semantic field, the vectors of each document's chunks.
    """

    def __init__(
        self,
        properties: Document,
        documents: Sequence[Document],
        *,
        segments: int = 1,
        deleted: Collection[int] = (),
        settings: Document | None = None,
        chunks: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        meanings: Meanings | None = None,
        elsewhere: Mapping[tuple[str, str], Document] | None = None,
    ) -> None:
        mapping = mapped(json.dumps(properties), json.dumps(settings or {}))
        rows = []
        for number, document in enumerate(documents):
            values = DocumentReader(mapping, str(number)).read(document)
            if values.added:
                mapping = mapping.merged(values.added)
                values = DocumentReader(mapping, str(number)).read(document)
            own = {name: embedded(each[number]) for name, each in (chunks or {}).items() if each[number]}
            rows.append(row(str(number), number, 1, values, mapping, own))
        size = -(-len(rows) // segments) or 1
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        made = [Segment(dict(build(part)), number) for number, part in enumerate(parts)]
        gone = [segment.find([str(each) for each in deleted]) for segment in made]
        self.segments = [each.without(dead[dead >= 0]) for each, dead in zip(made, gone, strict=True)]
        self.reader = Reader("small", mapping, Snapshot(self.segments))
        self.asked = Asked(meanings or {}, elsewhere or {})

    def search(self, query: Document) -> dict[int, float]:
        """The scores of all that match, by number."""
        rewritten = asyncio.run(parse(query).rewritten(self.asked, self.reader))
        weight = rewritten.weigh(self.reader)
        found: dict[int, float] = {}
        for segment in self.segments:
            hits = weight.run(segment, scored=True)
            filtered = weight.run(segment, scored=False)
            assert (hits.mask == filtered.mask).all(), "a query matches the same with and without scores"
            points = hits.points()
            assert points.dtype == np.float32
            best = top(points, hits.mask & segment.live, 3)
            documents, scores, total = ranked(weight, segment, segment.live, 3)
            told = "the best are the same without scores of all"
            assert (documents.tolist(), scores.tolist()) == (best.tolist(), points[best].tolist()), told
            assert total == np.count_nonzero(hits.mask & segment.live), told
            live = np.flatnonzero(hits.mask & segment.live).tolist()
            found |= {int(segment.ids[at]): float(points[at]) for at in live}
        return found

    def ids(self, query: Document) -> list[int]:
        """Who matches, by number."""
        return sorted(self.search(query))

    def ranked(self, query: Document) -> list[int]:
        """Who matches, the best first."""
        found = self.search(query)
        return sorted(found, key=lambda number: (-found[number], number))

    def explain(self, query: Document, number: int) -> Explanation | None:
        """Why a document has its score."""
        weight = asyncio.run(parse(query).rewritten(self.asked, self.reader)).weigh(self.reader)
        for segment in self.segments:
            at = int(segment.find([str(number)])[0])
            if at >= 0:
                return weight.explain(segment, at)
        return None


@cache
def mapped(properties: str, settings: str) -> Mapped:
    """A mapping of JSON."""
    return Mapped.read({"properties": json.loads(properties)}, Analysis(json.loads(settings)))


def embedded(chunks: Sequence[Any]) -> Embedded:
    """What the store keeps of a semantic field with these vectors: of weights by token, or of numbers."""
    is_sparse = isinstance(chunks[0], Mapping)
    model = {"task_type": "sparse_embedding" if is_sparse else "text_embedding"}
    kept = [
        Chunk(
            at,
            at + 1,
            np.array(list(each.values()) if is_sparse else each, dtype=np.float32).tobytes(),
            list(each) if is_sparse else None,
        )
        for at, each in enumerate(chunks)
    ]
    return Embedded("embedder", model, {"body": Part(b"", kept)})
