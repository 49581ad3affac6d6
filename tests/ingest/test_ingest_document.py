"""Fields by their paths, in Elasticsearch's words, and what a document may hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document, plain


def test_fields_metadata_and_ingest_are_one_to_a_processor_and_apart_at_the_end() -> None:
    document = Document({"a": {"b": 1}}, {"_index": "i", "_id": "1"}, "2026-01-01T00:00:00Z")
    assert document.get(path.parse("_source.a.b")) == 1
    assert document.get(path.parse("_ingest.timestamp")) == "2026-01-01T00:00:00Z"
    document.put(path.parse("_index"), "j")
    document.put(path.parse("c.d"), 2)
    assert document.source == {"a": {"b": 1}, "c": {"d": 2}}
    assert document.metadata == {"_index": "j", "_id": "1"}


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("", "path cannot be null nor empty"),
        ("a..b", "path [a..b] is not valid"),
        ("x.y", "field [x] not present as part of path [x.y]"),
        ("a.n.z", "cannot resolve [z] from null as part of path [a.n.z]"),
        ("a.s.z", "cannot resolve [z] from object of type [java.lang.String] as part of path [a.s.z]"),
        ("a.l.z", "[z] is not an integer, cannot be used as an index as part of path [a.l.z]"),
        ("a.l.7", "[7] is out of bounds for array with length [1] as part of path [a.l.7]"),
        (".".join("a" * 60), "has 60 names; at most 50 are taken"),
    ],
)
def test_what_is_not_there_is_told(at: str, told: str) -> None:
    document = Document({"a": {"n": None, "s": "x", "l": [1]}})
    with pytest.raises(IllegalArgument) as caught:
        document.get(path.parse(at))
    assert told in caught.value.reason


names = st.lists(st.sampled_from(["a", "b", "0", "1"]), min_size=1, max_size=4).map(tuple)
trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=8,
)


@given(root=st.dictionaries(st.sampled_from(["a", "b"]), trees), at=names, value=st.integers())
def test_what_is_put_is_there_until_it_is_removed(root: dict[str, Any], at: tuple[str, ...], value: int) -> None:
    try:
        path.put(root, at, value)
    except IllegalArgument:
        return
    assert path.get(root, at) == value
    assert path.remove(root, at) == value


def test_a_copy_shares_nothing() -> None:
    inner = [1]
    copy = plain({"a": inner}, "x")
    inner.append(2)
    assert copy == {"a": [1]}


@pytest.mark.parametrize("depth", [99, 101])
def test_depth_is_bounded(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    if depth < 100:
        assert plain(value, "x") == value
    else:
        with pytest.raises(IllegalArgument, match="nested more than 100 deep"):
            plain(value, "x")


def test_what_grows_by_being_shared_is_bounded() -> None:
    value: Any = "x" * 100
    for _ in range(60):
        value = [value, value]
    with pytest.raises(IllegalArgument, match="has more than"):
        plain(value, "x", [1000, 1000])
