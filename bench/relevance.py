"""Ranking quality: nDCG@10 of BM25, sparse, dense and their fusions, on test collections given by path.

    .venv/bin/python -m bench.relevance PATH/cranfield PATH/cacm

A collection is a folder in BEIR's layout (corpus.jsonl, queries.jsonl, qrels/test.tsv). Documents are indexed and
searched through the HTTP API, as a user would: title and text are one text field with the analyzer `english`, copied
into semantic fields on SPLADE-tiny (once more with its tokens weighed by idf) and all-MiniLM-L6-v2. Facts to compare
with: docs/performance.md.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from bench.report import Report
from bench.server import serving

DEPTH, WINDOW, BATCH = 10, 200, 200
SPARSE, DENSE = ".elser-2-elastic", "bench-minilm"
MAPPING = {
    "mappings": {
        "properties": {
            "text": {"type": "text", "analyzer": "english", "copy_to": ["sparse", "weighted", "dense"]},
            "sparse": {"type": "semantic_text", "inference_id": SPARSE},
            "weighted": {"type": "semantic_text", "inference_id": SPARSE, "weighting": {"idf": 0.5}},
            "dense": {"type": "semantic_text", "inference_id": DENSE},
        }
    }
}


def searches(query: str) -> Mapping[str, dict[str, Any]]:
    """The body of each way to search."""
    bm25, sparse, weighted = ({"match": {field: query}} for field in ("text", "sparse", "weighted"))
    dense = {"semantic": {"field": "dense", "query": query}}

    def retrievers(*queries: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"standard": {"query": each}} for each in queries]

    def rrf(*queries: Mapping[str, Any]) -> dict[str, Any]:
        return {"retriever": {"rrf": {"retrievers": retrievers(*queries), "rank_window_size": WINDOW}}}

    def linear(*parts: tuple[Mapping[str, Any], float, str]) -> dict[str, Any]:
        listed = [
            {"retriever": retriever, "weight": weight, "normalizer": normalizer}
            for (_, weight, normalizer), retriever in zip(parts, retrievers(*(part[0] for part in parts)), strict=True)
        ]
        return {"retriever": {"linear": {"retrievers": listed, "rank_window_size": WINDOW}}}

    return {
        "BM25, stemmed": {"query": bm25},
        "sparse": {"query": sparse},
        "sparse, idf^0.5": {"query": weighted},
        "dense": {"query": dense},
        "rrf(BM25, sparse)": rrf(bm25, sparse),
        "rrf(BM25, dense)": rrf(bm25, dense),
        "rrf(all three)": rrf(bm25, sparse, dense),
        "linear(BM25 + 0.66 sparse)": linear((bm25, 1, "none"), (sparse, 0.66, "none")),
        "linear(BM25 + 0.66 sparse, idf^0.5)": linear((bm25, 1, "none"), (weighted, 0.66, "none")),
        "linear(BM25 + dense, minmax)": linear((bm25, 1, "minmax"), (dense, 1, "minmax")),
    }


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a .jsonl file."""
    with file.open(encoding="utf-8") as text:
        for line in text:
            yield json.loads(line)


def judged(folder: Path) -> dict[str, dict[str, int]]:
    """Relevance by query and document."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        found[query][document] = int(grade)
    return found


def ndcg(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """NDCG@10 with the gains as they are judged: https://dl.acm.org/doi/10.1145/582415.582418."""

    def gain(values: Sequence[int]) -> float:
        return sum(value / math.log2(rank + 2) for rank, value in enumerate(values[:DEPTH]))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(id, 0) for id in ranked]) / best if best else 0.0


def index(client: httpx.Client, name: str, folder: Path) -> None:
    """Put the documents in."""
    client.put(f"/{name}", json=MAPPING).raise_for_status()
    documents = [
        (each["_id"], f"{each.get('title', '')} {each['text']}".strip()) for each in lines(folder / "corpus.jsonl")
    ]
    for start in range(0, len(documents), BATCH):
        rows = [
            line
            for id, text in documents[start : start + BATCH]
            for line in (json.dumps({"index": {"_id": id}}), json.dumps({"text": text}))
        ]
        headers = {"Content-Type": "application/x-ndjson"}
        reply = client.post(f"/{name}/_bulk", content="\n".join(rows) + "\n", headers=headers, timeout=None)
        assert not reply.raise_for_status().json()["errors"], reply.text[:500]
    client.post(f"/{name}/_refresh").raise_for_status()


def measure(client: httpx.Client, folder: Path, report: Report) -> None:
    """One collection."""
    index(client, folder.name.lower(), folder)
    grades, totals = judged(folder), defaultdict[str, float](float)
    queries = {each["_id"]: each["text"] for each in lines(folder / "queries.jsonl") if each["_id"] in grades}
    for id, query in queries.items():
        for name, body in searches(query).items():
            asked = {**body, "size": DEPTH, "_source": False}
            reply = client.post(f"/{folder.name.lower()}/_search", json=asked).raise_for_status().json()
            totals[name] += ndcg([hit["_id"] for hit in reply["hits"]["hits"]], grades[id])
    for name, total in totals.items():
        report.add(f"{folder.name}, {len(queries)} queries", name, "ndcg@10", total / len(queries))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    given = parser.parse_args()
    report = Report("Ranking quality")
    settings = {"model_id": "sentence-transformers/all-MiniLM-L6-v2", "num_allocations": 2, "num_threads": 1}
    with serving() as client:
        endpoint = {"service": "elasticsearch", "service_settings": settings}
        client.put(f"/_inference/text_embedding/{DENSE}", json=endpoint).raise_for_status()
        for folder in given.collections:
            measure(client, folder, report)
    report.print()
    report.write(given.json)


if __name__ == "__main__":
    main()
