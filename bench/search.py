"""Searching through the server: what it adds to the engine's own time, and how fast it takes documents in.

    .venv/bin/python -m bench.search --documents 1000 10000 100000 1000000

Ingest: a bulk of texts into a `semantic_text` field, beside the encoder alone on the same texts and as many threads, in
turns. Search: synthetic vectors (those of `bench.engine`, and dense ones of 384), the same queries by every system in
turns, one at a time, on one thread; all must find the same scores. The server is asked over a bare socket, which tells
what it takes, and by the client of Python's library, whose own time is in its figure. `× query` of the server is to
connote's engine without a server, of others to the best of the peers. Above 100,000 documents only engines are asked.
Bytes a document: by how much the process has grown once all queries were asked, pages of mapped files among them (of
few documents that says nothing, and is left out), and of all files; of the server, by how much a
fresh one has grown, with all that taking documents in has left in it. Peers: `pip install qdrant-edge-py`.
"""

import ctypes
import ctypes.util
import gc
import http.client
import json
import os
import re
import socket
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import orjson
from bench import texts
from bench.engine import COUNT, TERMS, Data, Search, ask, filled, lists_in_numpy, our_sparse, qdrant_sparse, same
from bench.report import Report, arguments, best
from bench.server import running, serving
from bench.systems import Connote
from bench.turns import seconds
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from connote.config import load
from connote.runtime.library import Library
from connote.search.engine import kernels
from connote.search.engine.index import Index
from connote.search.engine.nearest import nearest
from connote.search.engine.row import Row

DIMENSIONS, QUERIES, BULK = 384, 300, 500
MOST_OVER_HTTP = 100_000
FEWEST_TO_WEIGH = 100_000
MODEL, ENDPOINT = ".elser_model_2", ".elser-2-elasticsearch"
ENGINE, SERVER, CLIENT = "connote's engine", "connote, over HTTP", "connote, by Python's http.client"
Rows = NDArray[np.float32]
Build = Callable[[Path], Search]
Served = Mapping[str, Search]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="how many")
    parser.add_argument("--corpus", type=Path, help="texts to take in: a .jsonl file with `text`")
    options = parser.parse_args()
    report = Report("Searching through the server")
    with threadpool_limits(1):
        with serving() as client:
            ingest(report, client, 64 if options.quick else 512, 2 if options.quick else 4, options.corpus)
        for count in [1_000, 5_000] if options.quick else options.documents:
            for kind in (sparse, dense):
                with running() as (client, process):
                    before = resident(process)
                    kind(report, client, count)
                    if FEWEST_TO_WEIGH <= count <= MOST_OVER_HTTP:
                        grown = (resident(process) - before) / count
                        report.add(f"{kind.__name__}, {count:,}", SERVER, "memory_bytes_per_doc", grown)
    report.note("ingest: the client that makes the bulks runs on the same cores")
    report.print()
    report.write(options.json)


def ingest(report: Report, client: httpx.Client, count: int, rounds: int, corpus: Path | None) -> None:
    """Documents a second, of texts that nobody has seen yet."""
    library = Library(load(None).models_path())
    _, folder = library.resolve(library.find(MODEL), lambda *_: None)
    encoder = Connote(folder, os.cpu_count() or 1, None)
    found = texts.passages(Tokenizer.from_file(str(folder / "tokenizer.json")), count * (rounds + 1), corpus)
    mapping = {"properties": {"text": {"type": "semantic_text", "inference_id": ENDPOINT}}}
    client.put("/texts", json={"mappings": mapping}).raise_for_status()
    took: dict[str, list[float]] = {SERVER: [], "the encoder alone": []}
    for start in range(0, len(found), count):  # the first is for warming up
        some = found[start : start + count]
        bodies = [(str(start + at), {"text": text}) for at, text in enumerate(some)]
        took[SERVER].append(seconds(partial(bulk, client, "texts", bodies)))
        took["the encoder alone"].append(seconds(partial(encoder.encode, some)))
    rates = {name: count / min(times[1:]) for name, times in took.items()}
    for name, rate in rates.items():
        alone = rates["the encoder alone"] if name == SERVER else None
        report.add(f"ingest of {count} texts at once", name, "ingest_docs_per_s", rate, alone)


def bulk(client: httpx.Client, index: str, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write documents in one request."""
    lines = [line for id, body in documents for line in (json.dumps({"index": {"_id": id}}), json.dumps(body))]
    headers = {"Content-Type": "application/x-ndjson"}
    reply = client.post(f"/{index}/_bulk", content="\n".join(lines) + "\n", headers=headers, timeout=None)
    assert not reply.raise_for_status().json()["errors"], reply.text[:500]


def sparse(report: Report, client: httpx.Client, count: int) -> None:
    """Sparse vectors of some 120 tokens, queries of 40."""
    data = Data.make(count, 150, 48, distinct=True)
    names = [f"term{number}" for number in range(TERMS)]

    def weights(terms: Sequence[np.ndarray], values: Sequence[np.ndarray], at: int) -> dict[str, float]:
        return dict(zip([names[term] for term in terms[at].tolist()], values[at].tolist(), strict=True))

    def served() -> Served:
        fields = ({"f": weights(data.documents, data.weights, at)} for at in range(count))
        queries = [{"query_vector": weights(data.queries, data.query_weights, at)} for at in range(QUERIES)]
        return over_http(client, f"sparse{count}", {"type": "sparse_vector"}, fields, "sparse_vector", queries)

    builds: dict[str, Build] = {
        ENGINE: lambda folder: our_sparse(data, folder),
        "Qdrant Edge": lambda folder: qdrant_sparse(data, folder),
        "lists in numpy": lambda folder: lists_in_numpy(data, folder),
    }
    measure(report, f"sparse, {count:,}", count, builds, served if count <= MOST_OVER_HTTP else None)
    if count <= MOST_OVER_HTTP:
        weigh(report, client, "sparse", count)


def dense(report: Report, client: httpx.Client, count: int) -> None:
    """Dense vectors, compared by their cosine."""
    chosen = np.random.default_rng(7)
    matrix = chosen.standard_normal((count, DIMENSIONS), dtype=np.float32)
    asked = chosen.standard_normal((QUERIES, DIMENSIONS), dtype=np.float32)

    def served() -> Served:
        field = {"type": "dense_vector", "dims": DIMENSIONS, "similarity": "cosine"}
        queries = [{"query_vector": query.tolist(), "k": COUNT, "num_candidates": COUNT} for query in asked]
        searches = over_http(client, f"dense{count}", field, ({"f": row.tolist()} for row in matrix), "knn", queries)

        def cosines(search: Search) -> Search:
            return lambda number: [2 * score - 1 for score in search(number)]  # Elasticsearch's score of a cosine

        return {name: cosines(search) for name, search in searches.items()}

    builds: dict[str, Build] = {
        ENGINE: lambda folder: our_dense(matrix, asked, folder),
        "Qdrant Edge": lambda folder: qdrant_dense(matrix, asked, folder),
        "product in numpy": lambda _: product(matrix, asked),
    }
    measure(report, f"dense, {count:,}", count, builds, served if count <= MOST_OVER_HTTP else None)
    if count <= MOST_OVER_HTTP:
        weigh(report, client, "dense", count)


def measure(
    report: Report, case: str, count: int, builds: Mapping[str, Build], served: Callable[[], Served] | None
) -> None:
    """Ask all systems in turns, and tell what each takes and holds."""
    with TemporaryDirectory() as place:
        searches: dict[str, Search] = {} if served is None else dict(served())
        for name, build in builds.items():
            folder, before = Path(place) / name, kept()
            try:
                searches[name] = build(folder)
            except ImportError as error:
                report.leave_out(name, error)
                continue
            if folder.exists():
                size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                report.add(case, name, "disk_bytes_per_doc", size / count)
            if count >= FEWEST_TO_WEIGH:
                for number in range(QUERIES):
                    searches[name](number)
                report.add(case, name, "memory_bytes_per_doc", (kept() - before) / count)
        same(searches, QUERIES)
        times = ask(searches, QUERIES)
    medians = {name: statistics.median(took) * 1e3 for name, took in times.items()}
    peer = best("_ms", (value for name, value in medians.items() if name not in (SERVER, CLIENT, ENGINE)))
    for name, took in times.items():
        report.add(case, name, "query_p50_ms", medians[name], medians[ENGINE] if name in (SERVER, CLIENT) else peer)
        report.add(case, name, "query_p95_ms", statistics.quantiles(took, n=20)[-1] * 1e3)


def kept() -> int:
    """Bytes of memory that this process holds, without what it has freed but not given back."""
    gc.collect()
    if name := ctypes.util.find_library("c"):
        ctypes.CDLL(name).malloc_trim(0)
    return resident(os.getpid())


def resident(process: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def over_http(
    client: httpx.Client,
    index: str,
    field: Mapping[str, Any],
    documents: Iterable[Mapping[str, Any]],
    kind: str,
    queries: Sequence[Mapping[str, Any]],
) -> Served:
    """An index of the server with a field `f`, asked by queries of a kind on it."""
    client.put(f"/{index}", json={"mappings": {"properties": {"f": field}}}).raise_for_status()
    waiting: list[tuple[str, Mapping[str, Any]]] = []
    for number, document in enumerate(documents):
        waiting.append((str(number), document))
        if len(waiting) == BULK:
            bulk(client, index, waiting)
            waiting = []
    if waiting:
        bulk(client, index, waiting)
    client.post(f"/{index}/_forcemerge?max_num_segments=1", timeout=None).raise_for_status()
    client.post(f"/{index}/_refresh").raise_for_status()
    bodies = [
        json.dumps({"query": {kind: {"field": "f", **query}}, "size": COUNT, "_source": False}) for query in queries
    ]
    host, port = client.base_url.host, client.base_url.port or 80
    connection, bare = http.client.HTTPConnection(host, port), socket.create_connection((host, port))
    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = f"POST /{index}/_search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies]

    def by_socket(number: int) -> list[float]:
        bare.sendall(requests[number])
        return scores_of(answer(bare))

    def by_client(number: int) -> list[float]:
        connection.request("POST", f"/{index}/_search", bodies[number], {"Content-Type": "application/json"})
        return scores_of(connection.getresponse().read())

    return {SERVER: by_socket, CLIENT: by_client}


def scores_of(body: bytes) -> list[float]:
    """The scores of an answer."""
    return [hit["_score"] for hit in orjson.loads(body)["hits"]["hits"]]


def answer(connection: socket.socket) -> bytes:
    """The body of an answer whose length is told."""
    read, end = b"", -1
    while end < 0:
        read += connection.recv(1 << 16)
        end = read.find(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", read[:end])
    assert length is not None, read
    parts, size = [read[end + 4 :]], end + 4 + int(length[1]) - len(read)
    while size > 0:
        parts.append(connection.recv(1 << 16))
        size -= len(parts[-1])
    return b"".join(parts)


def weigh(report: Report, client: httpx.Client, kind: str, count: int) -> None:
    """Bytes of an index on the server's disk, once all is written."""
    index = f"{kind}{count}"
    client.post(f"/{index}/_flush").raise_for_status()
    found = client.get(f"/{index}/_stats").raise_for_status().json()
    size = found["indices"][index]["total"]["store"]["size_in_bytes"]
    report.add(f"{kind}, {count:,}", SERVER, "disk_bytes_per_doc", size / count)


def our_dense(matrix: Rows, asked: Rows, folder: Path) -> Search:
    index = Index.open(folder)
    index.add(Row(id=str(at), seq=at, version=1, dense={"f": vector[np.newaxis]}) for at, vector in enumerate(matrix))
    snapshot = index.merge()
    index.commit(0)
    index.close()

    def search(number: int) -> list[float]:
        parts = []
        for segment in snapshot.segments:
            view = segment.dense("f")
            assert view is not None
            _, compared = nearest(view, asked[number], "cosine", segment.live, COUNT)
            parts.append(compared)
        every = np.concatenate(parts)
        return list(every[kernels.top(every, np.ones(len(every), dtype=np.bool_), COUNT)].tolist())

    return search


def qdrant_dense(matrix: Rows, asked: Rows, folder: Path) -> Search:
    import qdrant_edge as q

    vectors = q.EdgeVectorParams(DIMENSIONS, q.Distance.Cosine, hnsw_config=q.HnswIndexConfig(0, 100, 10_000))
    shard = filled(
        folder,
        q.EdgeConfig(vectors={"f": vectors}, max_search_threads=1),
        (q.Point(at, {"f": vector.tolist()}) for at, vector in enumerate(matrix)),
    )
    requests = [q.QueryRequest(limit=COUNT, query=q.Query.Nearest(query.tolist(), using="f")) for query in asked]
    return lambda number: [hit.score for hit in shard.query(requests[number])]


def product(matrix: Rows, asked: Rows) -> Search:
    """What one writes without an engine."""
    lengths = np.linalg.norm(matrix, axis=1)

    def search(number: int) -> list[float]:
        query = asked[number]
        found = matrix @ query / (lengths * np.linalg.norm(query))
        return sorted(found[np.argpartition(found, -COUNT)[-COUNT:]].tolist(), reverse=True)

    return search


if __name__ == "__main__":
    main()
