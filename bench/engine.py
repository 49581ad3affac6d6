"""The search engine beside other embedded ones: writing, and the time of a query, on synthetic documents.

Sparse vectors have some 120 of 30,522 dimensions, queries 40; texts have 40 words, queries 4. Both are drawn by
Zipf's law (exponent 0.8; of queries, which have fewer words that are everywhere, 0.5).
Everything is on one thread, and results are compared: all systems must find the same scores. The
peers:

    .venv/bin/pip install qdrant-edge-py bm25s
    .venv/bin/python -m bench.engine --documents 100000
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import numpy as np
from bench.report import Report, arguments, best

from connote.search.engine import kernels, plain, scores
from connote.search.engine.index import Index
from connote.search.engine.row import Fields, Row, Tokens, Vector
from connote.search.engine.segment import Snapshot

TERMS = 30_522
COUNT = 10
_KERNELS = ("rank", "rank_bm25")

Search = Callable[[int], list[float]]
"""From the number of a query to the best scores."""


@dataclass
class Data:
    """What is indexed and asked: ids of terms, and weights of sparse vectors."""

    documents: list[np.ndarray]
    weights: list[np.ndarray]
    queries: list[np.ndarray]
    query_weights: list[np.ndarray]

    @classmethod
    def make(cls, count: int, terms: int, asked: int, *, distinct: bool) -> "Data":
        """So many documents of so many terms, and queries."""
        chosen = np.random.default_rng(6)

        def drawn(number: int, size: int, exponent: float) -> list[np.ndarray]:
            odds = 1 / np.arange(1, TERMS + 1) ** exponent
            bounds = np.cumsum(odds / odds.sum())
            found = np.minimum(np.searchsorted(bounds, chosen.random((number, size))), TERMS - 1)
            return [np.unique(row) for row in found] if distinct else list(found)

        documents, queries = drawn(count, terms, 0.8), drawn(300, asked, 0.5)

        def weighed(rows: list[np.ndarray]) -> list[np.ndarray]:
            return [chosen.random(len(row), dtype=np.float32) + np.float32(0.05) for row in rows]

        return cls(documents, weighed(documents), queries, weighed(queries))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--documents", type=int, default=20_000, help="how many (default: %(default)s)")
    options = parser.parse_args()
    count = 5_000 if options.quick else options.documents
    report = Report(f"The search engine: {count:,} documents")
    with TemporaryDirectory() as folder:
        sparse = Data.make(count, 150, 48, distinct=True)
        measure(report, f"sparse, {count:,}", sparse, (our_sparse, qdrant_sparse, lists_in_numpy), Path(folder))
        text = Data.make(count, 40, 4, distinct=False)
        measure(report, f"text, {count:,}", text, (our_text, qdrant_text, bm25s_text), Path(folder))
        merging, idle = paused(sparse, Path(folder))
        for case, pauses in (("while merging", merging), ("while nothing else runs", idle)):
            report.add(f"{count:,} are merged", case, "longest_pause_ms", max(pauses) * 1e3)
    report.note("the pause is between two looks of a thread that does nothing else, and has that of the machine in it")
    report.note("ingest: adding, merging into one segment, and waiting for the disk (bm25s and numpy stay in memory)")
    report.note("connote, numpy: without connote-native")
    report.print()
    report.write(options.json)


Build = Callable[[Data, Path], Search]


def measure(report: Report, case: str, data: Data, builds: Sequence[Build], folder: Path) -> None:
    """Build each system, check that all find the same, and ask them in turns."""
    searches: dict[str, Search] = {}
    rates = {}
    for build in builds:
        try:
            gc.collect()
            began = time.perf_counter()
            search = build(data, folder / build.__name__)
            rates[build.__name__] = len(data.documents) / (time.perf_counter() - began)
        except ImportError as e:
            report.leave_out(build.__name__, e)
            continue
        searches[build.__name__] = search
    ours = builds[0].__name__
    searches[f"{ours}, numpy"] = without_native(searches[ours])
    same(searches, len(data.queries))
    times = ask(searches, len(data.queries))
    medians = {name: statistics.median(took) * 1e3 for name, took in times.items()}
    for name, took in times.items():
        peers = [other for other in times if not other.startswith(ours)]
        if name in rates:
            report.add(case, name, "ingest_docs_per_s", rates[name], best("_per_s", (rates[peer] for peer in peers)))
        report.add(case, name, "query_p50_ms", medians[name], best("_ms", (medians[peer] for peer in peers)))
        report.add(case, name, "query_p95_ms", statistics.quantiles(took, n=20)[-1] * 1e3)


def ask(searches: dict[str, Search], queries: int, rounds: int = 5) -> dict[str, list[float]]:
    """The seconds of each query, by system; systems take turns, each after some queries that only warm it up."""
    times: dict[str, list[float]] = {name: [] for name in searches}
    for _ in range(rounds):
        for name, search in searches.items():
            for number in range(20):
                search(number)
            for number in range(queries):
                began = time.perf_counter()
                search(number)
                times[name].append(time.perf_counter() - began)
    return times


def same(searches: dict[str, Search], queries: int) -> None:
    """All must find the same scores, but for the scale (some multiply BM25 by k1 + 1) and rounding."""
    for number in range(0, queries, 10):
        found = {name: np.array(search(number)) for name, search in searches.items()}
        reference = next(iter(found.values()))
        for name, values in found.items():
            assert len(values) == len(reference), (name, number)
            scaled = values * (reference[0] / values[0]) if len(values) else values
            assert np.allclose(scaled, reference, rtol=2e-3), (name, number, values, reference)


def without_native(search: Search) -> Search:
    """The same search with the kernels in numpy."""
    chosen = {name: getattr(kernels, name) for name in _KERNELS}

    def slower(number: int) -> list[float]:
        for name in _KERNELS:
            setattr(kernels, name, getattr(plain, name))
        try:
            return search(number)
        finally:
            for name, kernel in chosen.items():
                setattr(kernels, name, kernel)

    return slower


def our_sparse(data: Data, folder: Path) -> Search:
    names = [f"term{number}" for number in range(TERMS)]

    def rows() -> Iterable[Row]:
        for number, (terms, weights) in enumerate(zip(data.documents, data.weights, strict=True)):
            vector = Vector([names[term] for term in terms.tolist()], weights)
            yield Row(id=str(number), seq=number, version=1, sparse={"f": [vector]})

    snapshot = written(folder, rows())
    queries = [
        dict(zip([names[term] for term in terms.tolist()], weights.tolist(), strict=True))
        for terms, weights in zip(data.queries, data.query_weights, strict=True)
    ]

    return lambda number: [score for _, _, score in scores.top_sparse(snapshot, "f", queries[number], COUNT).found]


def our_text(data: Data, folder: Path) -> Search:
    names = [f"term{number}" for number in range(TERMS)]
    positions = range(len(data.documents[0]))
    snapshot = written(
        folder,
        (
            Row(id=str(n), seq=n, version=1, terms={"f": Tokens([names[term] for term in terms.tolist()], positions)})
            for n, terms in enumerate(data.documents)
        ),
    )
    queries = [list(dict.fromkeys(names[term] for term in terms.tolist())) for terms in data.queries]

    model = scores.Bm25.of(snapshot.segments, "f")

    def search(number: int) -> list[float]:
        idf = {term: float(model.idf(scores.frequency(snapshot.segments, "f", term))) for term in queries[number]}
        return [score for _, _, score in scores.top_bm25(snapshot, "f", idf, model, COUNT).found]

    return search


def written(folder: Path, rows: Iterable[Row]) -> Snapshot:
    index = Index.open(folder)
    index.add(rows)
    snapshot = index.merge()
    index.commit(0)
    index.close()
    return snapshot


def paused(data: Data, folder: Path) -> tuple[list[float], list[float]]:
    """How long a thread that looks at the index was held up, time after time: while it was merged, and after that.

    A step of the merging that let no other thread run, or a lock, would be seen as one long pause.
    """
    index = Index.open(folder / "paused")
    for begin in range(0, len(data.documents), len(data.documents) // 9):
        part = zip(data.documents[begin:], data.weights[begin : begin + len(data.documents) // 9], strict=False)
        for number, (terms, weights) in enumerate(part, begin):
            names = [f"term{term}" for term in terms.tolist()]
            # As a document of two chunks has them, and of one text, one keyword, one nested object.
            row = Row(id=str(number), seq=number, version=1, sparse={"f": [Vector(names, weights)] * 2})
            row.terms, row.words = {"t": Tokens(names, range(len(names)))}, {"k": names[:1]}
            row.nested = {"n": [Fields(words={"n.k": names[1:2]})]}
            index.add([row])
        index.refresh()
    merging = Thread(target=index.merge)
    merging.start()
    began = time.perf_counter()
    held = gaps(index, merging.is_alive)
    ends = time.perf_counter() + (time.perf_counter() - began)
    idle = gaps(index, lambda: time.perf_counter() < ends)
    index.close()
    return held, idle


def gaps(index: Index, goes_on: Callable[[], bool]) -> list[float]:
    """The times between looks at the index, one after another."""
    found, last = [0.0], time.perf_counter()
    while goes_on():
        time.sleep(0.0005)
        assert index.snapshot.documents >= 0
        now = time.perf_counter()
        found.append(now - last)
        last = now
    return found


def lists_in_numpy(data: Data, _: Path) -> Search:
    """What one writes without an engine: lists in arrays, summed up with numpy."""
    counts = [len(terms) for terms in data.documents]
    docs = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    terms, weights = np.concatenate(data.documents), np.concatenate(data.weights)
    order = np.argsort(terms, kind="stable")
    docs, weights = docs[order], weights[order]
    starts = np.searchsorted(terms[order], np.arange(TERMS + 1))

    def search(number: int) -> list[float]:
        found = np.zeros(len(counts), dtype=np.float32)
        for term, weight in zip(data.queries[number], data.query_weights[number], strict=True):
            at = slice(starts[term], starts[term + 1])
            found[docs[at]] += weight * weights[at]
        places = np.argpartition(found, -COUNT)[-COUNT:]
        return sorted(found[places].tolist(), reverse=True)

    return search


def qdrant_sparse(data: Data, folder: Path) -> Search:
    import qdrant_edge as q

    config = q.EdgeConfig(sparse_vectors={"f": q.EdgeSparseVectorParams()}, max_search_threads=1)
    points = (
        q.Point(number, {"f": q.SparseVector(terms.tolist(), weights.tolist())})
        for number, (terms, weights) in enumerate(zip(data.documents, data.weights, strict=True))
    )
    shard = filled(folder, config, points)
    requests = [
        q.QueryRequest(limit=COUNT, query=q.Query.Nearest(q.SparseVector(terms.tolist(), weights.tolist()), using="f"))
        for terms, weights in zip(data.queries, data.query_weights, strict=True)
    ]
    return lambda number: [hit.score for hit in shard.query(requests[number])]


def qdrant_text(data: Data, folder: Path) -> Search:
    import qdrant_edge as q

    config = q.EdgeConfig(sparse_vectors={"none": q.EdgeSparseVectorParams()}, max_search_threads=1)
    index = q.TextIndexParams(tokenizer=q.TokenizerType.Whitespace, lowercase=False, scoring=True)
    points = (
        q.Point(number, {}, {"f": " ".join(f"term{term}" for term in terms.tolist())})
        for number, terms in enumerate(data.documents)
    )
    shard = filled(folder, config, points, q.UpdateOperation.create_field_index("f", index))
    requests = [
        q.QueryRequest(limit=COUNT, query=q.TextQuery("f", " ".join(f"term{term}" for term in terms.tolist())))
        for terms in data.queries
    ]
    return lambda number: [hit.score for hit in shard.query(requests[number])]


def filled(folder: Path, config: Any, points: Iterable[Any], *first: Any) -> Any:  # noqa: ANN401  # its types may not be here
    """A shard of Qdrant Edge with these points, in bulks of a thousand, optimised."""
    import qdrant_edge as q

    folder.mkdir(parents=True)
    shard = q.EdgeShard.create(str(folder), config)
    for operation in first:
        shard.update(operation)
    bulk = []
    for point in points:
        bulk.append(point)
        if len(bulk) == 1000:
            shard.update(q.UpdateOperation.upsert_points(bulk))
            bulk = []
    shard.update(q.UpdateOperation.upsert_points(bulk))
    shard.optimize()
    shard.flush()
    return shard


def bm25s_text(data: Data, _: Path) -> Search:
    import bm25s

    words = [[f"term{term}" for term in terms.tolist()] for terms in data.documents]
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(words, show_progress=False)
    queries = [list(dict.fromkeys(f"term{term}" for term in terms.tolist())) for terms in data.queries]

    def search(number: int) -> list[float]:
        _, found = index.retrieve([queries[number]], k=COUNT, show_progress=False, n_threads=0)
        return [float(score) for score in found[0] if score > 0]

    return search


if __name__ == "__main__":
    main()
