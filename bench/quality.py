"""What lower precision costs in ranking: a collection encoded and searched exactly, in each precision beside float32.

    .venv/bin/python -m bench.quality --collection FOLDER

The folder is laid out as BEIR's: corpus.jsonl, queries.jsonl, qrels/test.tsv. `overlap` is how many of float32's top 10
documents stay, `cosine` compares documents' vectors, `flips` is the share of a document's terms that come or go. Ratios
are to float32. The system `connote` is the precision that the quality gate chooses, which serves.
"""

import argparse
import csv
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.report import Report, arguments
from bench.systems import batches
from numpy.typing import NDArray

from connote.config import load
from connote.runtime.backends.backend import Precision, Terms
from connote.runtime.catalog import Model
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel

Matrix = NDArray[np.float32]
MODELS = ("rasyosef/splade-tiny", "sentence-transformers/all-MiniLM-L6-v2")
TOP = 10
VOCABULARY = 30_522  # of the sparse models that are measured


@dataclass(frozen=True)
class Collection:
    """Texts, and for each query the gains of the documents that were judged, by position."""

    documents: Sequence[str]
    queries: Sequence[str]
    gains: Sequence[Mapping[int, int]]

    @classmethod
    def read(cls, folder: Path, most: int | None) -> "Collection":
        """All of it, or the first documents and queries only."""
        documents, queries = (_lines(folder / f"{name}.jsonl")[:most] for name in ("corpus", "queries"))
        position = {one["_id"]: i for i, one in enumerate(documents)}
        gains: dict[str, dict[int, int]] = {}
        with (folder / "qrels" / "test.tsv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["corpus-id"] in position:
                    gains.setdefault(row["query-id"], {})[position[row["corpus-id"]]] = int(row["score"])
        judged = [one for one in queries if one["_id"] in gains]
        texts = [f"{one.get('title', '')} {one['text']}".strip() for one in documents]
        return cls(texts, [one["text"] for one in judged], [gains[one["_id"]] for one in judged])


def encode(model: LocalModel, texts: Sequence[str], *, search: bool) -> Matrix:
    """A row a text: over the vocabulary for a sparse model, a vector for a dense one."""
    items = model.encode(Inputs(texts, search=search))
    rows: Matrix | None = None
    for batch in batches([item.used for item in items], model.backend.budget, pads=model.backend.pads):
        for position, output in zip(batch, model.run([items[i] for i in batch]), strict=True):
            row = spread(output) if isinstance(output, Terms) else output
            rows = np.zeros((len(texts), len(row)), dtype=np.float32) if rows is None else rows
            rows[position] = row
    assert rows is not None
    return rows


def spread(terms: Terms) -> Matrix:
    """A row over the vocabulary."""
    row = np.zeros(VOCABULARY, dtype=np.float32)
    row[terms.ids] = terms.weights
    return row


def ndcg(ranked: Sequence[int], gains: Mapping[int, int]) -> float:
    """NDCG of the first 10 with linear gains (https://en.wikipedia.org/wiki/Discounted_cumulative_gain)."""
    ideal = sorted((gain for gain in gains.values() if gain > 0), reverse=True)[:TOP]
    best = sum(gain / np.log2(i + 2) for i, gain in enumerate(ideal))
    return float(sum(gains.get(one, 0) / np.log2(i + 2) for i, one in enumerate(ranked[:TOP])) / best) if best else 0.0


def measure(name: str, collection: Collection, case: str, report: Report) -> None:
    """One model in every precision."""
    library = Library(load(None).models_path())
    row, folder = library.resolve(library.find(name), lambda *_: None)
    exact: Matrix | None = None
    first: NDArray[np.int64] | None = None
    best: float | None = None
    served = chosen(row, folder)
    report.note(f"{case}: connote serves in {served}")
    for precision in Precision:
        model = LocalModel.load(row, folder, 2, precision)
        documents = encode(model, collection.documents, search=False)
        scores = encode(model, collection.queries, search=True) @ documents.T
        top = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
        model.close()
        exact, first = (documents, top) if exact is None or first is None else (exact, first)
        found = [ndcg(ranked.tolist(), gains) for ranked, gains in zip(top, collection.gains, strict=True)]
        kept = [len({*a.tolist()} & {*b.tolist()}) / TOP for a, b in zip(first, top, strict=True)]
        lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(documents, axis=1)
        cosines = (exact * documents).sum(axis=1) / np.maximum(lengths, 1e-12)
        best = best or statistics.mean(found)
        for system in (f"connote {precision}", *(["connote"] if precision is served else [])):
            report.add(case, system, "ndcg_at_10", statistics.mean(found), best)
            report.add(case, system, "overlap", statistics.mean(kept))
            report.add(case, system, "cosine_mean", float(cosines.mean()))
            report.add(case, system, "cosine_least", float(cosines.min()))
            report.add(case, system, "flips", float(((exact > 0) != (documents > 0)).sum() / (exact > 0).sum()))


def chosen(row: Model, folder: Path) -> Precision:
    """The precision that the gate lets serve."""
    model = LocalModel.load(row, folder, 2)
    model.close()
    return model.backend.precision


def _lines(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> None:
    options = _options()
    report = Report("Ranking by precision, exact search; ratios to float32")
    collection = Collection.read(options.collection, 300 if options.quick else None)
    for name in options.models or (
        ["rasyosef/splade-tiny"] if options.quick else ["rasyosef/splade-tiny", "all-MiniLM-L6-v2"]
    ):
        measure(name, collection, f"{options.collection.name}, {name}", report)
    report.note(f"{len(collection.documents)} documents, {len(collection.queries)} queries")
    report.print()
    report.write(options.json)


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--collection", type=Path, required=True, metavar="FOLDER", help="laid out as BEIR's")
    parser.add_argument("--models", nargs="+", metavar="MODEL", help="ids or aliases of the catalog")
    return parser.parse_args()


if __name__ == "__main__":
    main()
