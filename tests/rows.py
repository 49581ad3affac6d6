"""Rows that hypothesis makes, and what stands in a segment as rows again."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from connote.search.engine.row import Fields, Row, Tokens, Vector
from connote.search.engine.segment import Snapshot, Table

# Few different ones, so that they meet; among them empty, of other alphabets, with a zero, and half a pair.
WORDS = st.sampled_from(["a", "b", "ab", "abc", "", "ä", "中", "😀", "\ud800", "a\0", "a" * 9]) | st.text(max_size=4)
FLOATS = st.floats(-1e3, 1e3, width=32)
DIMENSIONS = 3
# Values by kind and field.
Held = dict[tuple[str, str], Any]


@st.composite
def tokens(draw: st.DrawFn) -> Tokens:
    """Terms whose positions now stand still and now leap."""
    terms = draw(st.lists(WORDS, max_size=6))
    steps = draw(st.lists(st.sampled_from([1, 1, 0, 100]), min_size=len(terms), max_size=len(terms)))
    return Tokens(terms, np.cumsum(steps).tolist())


def vectors() -> st.SearchStrategy[Vector]:
    """Sparse vectors, some without a token."""
    weights = st.dictionaries(WORDS, st.floats(0.0625, 8, width=16), max_size=5)
    return weights.map(lambda vector: Vector(list(vector), list(vector.values())))


def matrices() -> st.SearchStrategy[np.ndarray[Any, np.dtype[np.float32]]]:
    """Some chunks."""
    row = st.lists(FLOATS, min_size=DIMENSIONS, max_size=DIMENSIONS)
    return st.lists(row, max_size=3).map(lambda rows: np.array(rows, dtype=np.float32).reshape(-1, DIMENSIONS))


def as_fields(values: dict[str, Any]) -> Fields:
    """Fields of these values."""
    return Fields(**values)


def fields(depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """The arguments of `Fields`."""

    def by_name(values: st.SearchStrategy[Any], *names: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.dictionaries(st.sampled_from(names), values, max_size=2)

    numbers = st.fixed_dictionaries(
        {},
        optional={
            "long": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
            "double": st.lists(st.floats(allow_nan=False), max_size=3),
        },
    )
    inner = (
        {} if not depth else {"nested": by_name(st.lists(fields(depth - 1).map(as_fields), max_size=2), "rooms", "a")}
    )
    return st.fixed_dictionaries(
        {},
        optional={
            **inner,
            "terms": by_name(tokens(), "title", "body"),
            "words": by_name(st.lists(WORDS, max_size=3), "tag", "a/b:c"),
            "numbers": numbers,
            "points": by_name(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=2), "at"),
            "sparse": by_name(st.lists(vectors(), max_size=3), "sparse"),
            "dense": by_name(matrices(), "dense"),
        },
    )


def described(value: Fields) -> Held:
    """What of the fields a segment keeps: keywords as a sorted set, no empty values."""
    found: Held = {}
    for name, text in value.terms.items():
        found["terms", name] = sorted(zip(text.terms, text.positions, strict=True))
    found |= {("words", name): sorted(set(words)) for name, words in value.words.items() if words}
    found |= {("numbers", name): list(numbers) for name, numbers in value.numbers.items() if numbers}
    found |= {("points", name): list(points) for name, points in value.points.items() if points}
    for name, chunks in value.sparse.items():
        if chunks:
            found["sparse", name] = [dict(zip(chunk.tokens, chunk.weights, strict=True)) for chunk in chunks]
    found |= {("dense", name): matrix.tolist() for name, matrix in value.dense.items() if len(matrix)}
    found |= {("nested", path): [described(item) for item in items] for path, items in value.nested.items() if items}
    return found


def held(table: Table, doc: int) -> Held:
    """The same, read from a segment."""
    found: Held = {}
    for name in table.fields("text"):
        text = table.text(name)
        assert text is not None
        if text.exists[doc]:
            found["terms", name] = sorted((term, at) for term in text.terms for at in _positions(text, term, doc))
    for kind in ("words", "numbers", "points", "sparse", "dense", "nested"):
        for name in table.fields(kind):
            view: Any = getattr(table, kind)(name)
            rows = view.owners.of(doc)
            if rows.start < rows.stop:
                found[kind, name] = _values(kind, view, rows)
    return found


def _positions(text: Any, term: str, doc: int) -> list[int]:  # noqa: ANN401
    docs, _ = text.postings(term)
    positions, owners = text.positions(term)
    return [at for number in np.flatnonzero(docs == doc) for at in positions[owners.of(int(number))].tolist()]


def _values(kind: str, view: Any, rows: slice) -> Any:  # noqa: ANN401
    match kind:
        case "words":
            return [view.terms[ordinal] for ordinal in view.ordinals[rows].tolist()]
        case "numbers":
            return view.values[rows].tolist()
        case "points":
            return list(zip(view.latitudes[rows].tolist(), view.longitudes[rows].tolist(), strict=True))
        case "sparse":
            return [view.vector(row) for row in range(rows.start, rows.stop)]
        case "dense":
            return view.matrix[rows].tolist()
        case _:
            return [held(view, row) for row in range(rows.start, rows.stop)]


def documents(snapshot: Snapshot) -> dict[str, tuple[int, int, Held]]:
    """All live documents of a snapshot by id, in order: sequence number, version, and what is held of them."""
    return {
        segment.ids[doc]: (int(segment.seqs[doc]), int(segment.versions[doc]), held(segment, doc))
        for segment in snapshot.segments
        for doc in np.flatnonzero(segment.live).tolist()
    }


def expected(rows: dict[str, Row]) -> dict[str, tuple[int, int, Held]]:
    """What `documents` should give for these."""
    return {id: (row.seq, row.version, described(row)) for id, row in rows.items()}
