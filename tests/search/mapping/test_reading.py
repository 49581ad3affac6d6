"""Documents are read by a mapping: examples, and whatever a stranger may send."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connote.contract.errors import BadDocument, BadMapping, ConnoteError, IllegalArgument, StrictMapping
from connote.search.analysis import Analysis
from connote.search.engine.build import build
from connote.search.mapping.document import Reader
from connote.search.mapping.mapping import KINDS, Mapping
from connote.search.mapping.row import row
from connote.search.mapping.values import Values


def mapped(**properties: Any) -> Mapping:  # noqa: ANN401 (JSON)
    return Mapping.read({"properties": properties}, Analysis())


def read(mapping: Mapping, **source: Any) -> Values:  # noqa: ANN401
    return Reader(mapping, "1").read(source)


def test_each_kind_of_field_takes_its_values() -> None:
    mapping = mapped(
        t={"type": "text"},
        k={"type": "keyword", "ignore_above": 3},
        n={"type": "long"},
        f={"type": "half_float"},
        b={"type": "boolean"},
        d={"type": "date"},
        ip={"type": "ip"},
        g={"type": "geo_point"},
        v={"type": "dense_vector", "dims": 2},
        s={"type": "sparse_vector"},
        m={"type": "semantic_text"},
        flat={"type": "flattened"},
    )
    values = read(
        mapping,
        t=["one", 2, True],
        k=["abc", "abcd"],
        n=["7", 8.0],
        f=0.1,
        b=["true", False, ""],
        d=["2026-11-25", 5],
        ip="::FFFF:1",
        g=[[13.4, 52.5], [1, 2]],
        v=[3, 4],
        s=[{"a": 1, "b": 2}, {"a": 3}],
        m=["text", 75, True, "  "],
        flat={"x": {"y": ["z", 1]}},
    )
    assert values.texts == {"t": ["one", "2", "true"]}
    assert values.words["k"] == ["abc"]
    assert values.ignored == {"k"}
    assert values.numbers["n"] == [7, 8]
    assert values.numbers["f"] == [float(np.float16(0.1))]
    assert values.words["b"] == ["true", "false", "false"]
    assert values.numbers["d"] == [1795564800000, 5]
    assert values.words["ip"] == ["::ffff:1"]
    assert values.points["g"] == [(52.5, 13.4), (2.0, 1.0)]
    assert values.dense["v"].tolist() == [[3, 4]]
    assert values.sparse["s"] == {"a": 3.0, "b": 2.0}
    assert values.inputs == {"m": {"m": ["text", "75", "true", "  "]}}
    assert values.words["flat.x.y"] == ["z", "1"]


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("long", "x", 'For input string: "x"'),
        ("integer", 2**31, "out of range"),
        ("byte", 128, "out of range"),
        ("float", "1" * 400, "only finite values"),
        ("double", "1" * 400, "only finite values"),
        ("boolean", "yes", "only [true] or [false]"),
        ("date", "yesterday", "failed to parse date field [yesterday]"),
        ("ip", "1.2.3", "'1.2.3' is not an IP string literal."),
        ("geo_point", [200, 0], "illegal longitude value [200"),
        ("dense_vector", [1, 2], "different number of dimensions [2] than defined in the mapping [3]"),
        ("dense_vector", [3e38, 0, 0], "may not be so long"),
        ("sparse_vector", {"a": -1}, "must be a positive normal float"),
        ("semantic_text", {"text": "x"}, "expected [String|Number|Boolean]"),
        ("keyword", {"a": 1}, "Expected a value but found an object"),
        ("alias", 1, "Cannot write to a field alias [f]."),
        ("scaled_float", 1e300, "finite"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_field(kind: str, value: object, told: str) -> None:
    more: dict[str, dict[str, Any]] = {
        "dense_vector": {"dims": 3},
        "alias": {"path": "g"},
        "scaled_float": {"scaling_factor": 1e300},
    }
    mapping = mapped(f={"type": kind, **more.get(kind, {})}, g={"type": "keyword"})
    with pytest.raises(BadDocument, match=r"failed to parse field \[f\] of type") as raised:
        read(mapping, f=value)
    assert isinstance(raised.value.caused_by, ConnoteError)
    assert told in raised.value.caused_by.reason


def test_malformed_values_may_be_ignored() -> None:
    mapping = mapped(n={"type": "long", "ignore_malformed": True}, m={"type": "long"})
    values = read(mapping, n=[1, "x", 2])
    assert (values.numbers["n"], values.ignored) == ([1, 2], {"n"})


def test_null_is_no_value_unless_the_field_says_what_it_is() -> None:
    mapping = mapped(
        a={"type": "keyword"}, b={"type": "keyword", "null_value": "NONE"}, c={"type": "long", "null_value": 0}
    )
    values = read(mapping, a=None, b=[None, "x"], c=None)
    assert (values.words["b"], values.numbers["c"], "a" in values.words) == (["NONE", "x"], [0], False)


def test_values_are_copied_to_other_fields_from_where_they_stand() -> None:
    mapping = mapped(
        title={"type": "text", "copy_to": ["all", "meaning"]},
        body={"type": "text", "copy_to": "meaning"},
        all={"type": "text"},
        meaning={"type": "semantic_text"},
        notes={"type": "nested", "properties": {"text": {"type": "text", "copy_to": "meaning"}}},
    )
    values = read(mapping, title="T", body=["B1", "B2"], meaning="M", notes=[{"text": "N"}])
    assert values.texts["all"] == ["T"]
    assert values.inputs == {"meaning": {"title": ["T"], "body": ["B1", "B2"], "meaning": ["M"], "notes.text": ["N"]}}
    assert read(mapped(a={"type": "keyword", "copy_to": "new.b"}), a="x").added == {
        "properties": {
            "new": {
                "properties": {"b": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}}
            }
        }
    }


def test_nested_objects_are_apart_and_plain_ones_are_not() -> None:
    mapping = mapped(
        o={"properties": {"k": {"type": "keyword"}}},
        n={"type": "nested", "properties": {"k": {"type": "keyword"}}},
    )
    values = read(mapping, o=[{"k": "a"}, {"k": "b"}], n=[{"k": "c"}, {"k": "d"}])
    assert values.words == {"o.k": ["a", "b"]}
    assert [each.words for each in values.nested["n"]] == [{"n.k": ["c"]}, {"n.k": ["d"]}]


def test_names_with_dots_are_paths_unless_subobjects_are_off() -> None:
    assert read(mapped(a={"properties": {"b": {"type": "long"}}}), **{"a.b": 1}).numbers == {"a.b": [1]}
    flat = Mapping.read({"subobjects": False, "properties": {"a.b": {"type": "long"}}}, Analysis())
    assert read(flat, a={"b": 1}, **{"a.b": 2}).numbers == {"a.b": [1, 2]}
    added = read(flat, **{"x.y": "z"}).added
    assert flat.merged(added).fields.keys() == {"a.b", "x.y", "x.y.keyword"}


def test_multi_fields_see_what_their_field_sees() -> None:
    mapping = mapped(t={"type": "text", "fields": {"raw": {"type": "keyword"}, "m": {"type": "semantic_text"}}})
    values = read(mapping, t="Hello")
    assert (values.texts["t"], values.words["t.raw"], values.inputs) == (
        ["Hello"],
        ["Hello"],
        {"t.m": {"t": ["Hello"]}},
    )


def test_what_is_not_enabled_is_not_looked_at() -> None:
    mapping = mapped(o={"type": "object", "enabled": False})
    assert read(mapping, o={"a": [{"b": object}]}) == Values()
    assert Reader(Mapping.read({"enabled": False}, Analysis()), "1").read({"a": 1}).added == {}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "boolean"),
        (1, "long"),
        (1.5, "float"),
        ([1, 2.5], "float"),
        ("2026-11-25T10:00:00Z", "date"),
        ("2026/11/25", "date"),
        ("12", "text"),
        ([0.5] * 128, "dense_vector"),
        ([0.5] * 127, "float"),
        ([[], [None, "x"]], "text"),
    ],
)
def test_a_new_field_is_mapped_by_its_first_value(value: object, kind: str) -> None:
    assert read(mapped(), f=value).added["properties"]["f"]["type"] == kind


def test_nothing_is_mapped_for_nothing() -> None:
    assert read(mapped(), a=None, b=[], c=[None, []]).added == {}


def test_dynamic_templates_map_fields_by_name_path_and_kind() -> None:
    templates = [
        {"ids": {"match": "*_id", "mapping": {"type": "keyword"}}},
        {"deep": {"path_match": "meta.*", "match_mapping_type": "long", "mapping": {"type": "integer"}}},
        {"coded": {"match_pattern": "regex", "match": "^c\\d+$", "mapping": {"type": "{dynamic_type}", "store": True}}},
        {
            "strings": {
                "match_mapping_type": "string",
                "unmatch": "raw*",
                "mapping": {"type": "text", "analyzer": "{name}"},
            }
        },
        {"objects": {"match_mapping_type": "object", "match": "list", "mapping": {"type": "nested"}}},
    ]
    mapping = Mapping.read({"dynamic_templates": templates}, Analysis())
    added = read(
        mapping, user_id=5, meta={"n": 1, "s": "x"}, c12=True, english="hello", rawest="x", list=[{"a": 1}, {"b": 2}]
    ).added["properties"]
    assert added["user_id"] == {"type": "keyword"}
    assert added["meta"] == {"properties": {"n": {"type": "integer"}, "s": {"type": "text", "analyzer": "s"}}}
    assert added["c12"] == {"type": "boolean", "store": True}
    assert added["english"] == {"type": "text", "analyzer": "english"}
    assert "fields" in added["rawest"]
    assert added["list"] == {"type": "nested", "properties": {"a": {"type": "long"}, "b": {"type": "long"}}}


def test_a_strict_mapping_refuses_new_fields_of_copies_too() -> None:
    strict = Mapping.read({"dynamic": "strict", "properties": {"a": {"type": "text", "copy_to": "b"}}}, Analysis())
    for source in ({"c": 1}, {"a": "x"}):
        with pytest.raises(StrictMapping):
            read(strict, **source)


def test_a_lenient_reader_leaves_out_what_does_not_fit() -> None:
    mapping = Mapping.read(
        {"dynamic": "strict", "properties": {"n": {"type": "long"}, "k": {"type": "keyword"}}}, Analysis()
    )
    values = Reader(mapping, "1", lenient=True).read({"n": ["x", 1], "k": {"a": 1}, "new": 5})
    assert (values.numbers["n"], values.ignored, values.added) == ([1], {"n", "k"}, {})


def test_the_first_vector_says_how_long_all_are() -> None:
    mapping = mapped(v={"type": "dense_vector"}, o={"properties": {"v": {"type": "dense_vector"}}})
    assert mapping.wire()["properties"]["v"] == {"type": "dense_vector"}
    values = read(mapping, v=[1, 2], o={"v": [1, 2, 3]})
    known = mapping.merged(values.added)
    assert known.wire()["properties"]["v"] == {
        "type": "dense_vector",
        "dims": 2,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": "int8_hnsw", "m": 16, "ef_construction": 100},
    }
    assert known.fields["o.v"]["dims"] == 3
    assert not read(known, v=[1, 2]).added
    with pytest.raises(BadDocument):
        read(known, v=[1, 2, 3])
    with pytest.raises(IllegalArgument, match="dims"):
        known.merged({"properties": {"v": {"type": "dense_vector", "dims": 3}}})


def test_flags_and_whole_numbers_that_came_as_texts_are_shown_as_what_they_are() -> None:
    mapping = mapped(v={"type": "dense_vector", "index": "true", "dims": "3"}, k={"type": "keyword", "store": "false"})
    shown = mapping.wire()["properties"]
    assert (shown["v"]["index"], shown["v"]["dims"], shown["k"]["store"]) == (True, 3, False)


def test_vectors_are_no_multi_fields() -> None:
    with pytest.raises(BadMapping, match="cannot be used in multi field"):
        mapped(k={"type": "keyword", "fields": {"v": {"type": "dense_vector", "dims": 2}}})


def test_vectors_that_come_as_base64_are_unpacked_and_those_in_hexadecimal_stay() -> None:
    mapping = mapped(
        f={"type": "dense_vector", "dims": 2, "similarity": "l2_norm"},
        b={"type": "dense_vector", "dims": 2, "element_type": "byte"},
        bits={"type": "dense_vector", "dims": 16, "element_type": "bit"},
        k={"type": "keyword", "copy_to": "copy"},
        copy={"type": "dense_vector", "dims": 1},
    )
    values = read(mapping, f="P4AAAD+ZmZo=", b="01ff", bits="12d5", k="P4AAAA==")
    assert values.unpacked == {"f": [1.0, 1.2]}
    assert values.dense["b"].tolist() == [[1.0, -1.0]]
    assert values.dense["bits"].shape == (1, 16)
    assert values.dense["copy"].tolist() == [[1.0]]


# Whatever a stranger may send.
NAMES = ["a", "b", "o", "n", "v"]
SOME: dict[str, dict[str, Any]] = {
    "dense_vector": {"dims": 2},
    "scaled_float": {"scaling_factor": 10},
    "token_count": {"analyzer": "standard"},
    "alias": {"path": "a"},
    "date": {"format": "yyyy-MM-dd||epoch_millis"},
}
texts = st.text(max_size=8) | st.sampled_from(
    ["2026-11-25", "12,13", "true", "u4pru", "1e400", "-0", "1.5", "127.0.0.1", "POINT (1 2)", "9" * 30, "MQ=="]
)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*NAMES, "lat", "lon", "type", "coordinates", "a.b"]) | texts, inner, max_size=3
        )
    ),
    max_leaves=6,
)
leaf = st.sampled_from(sorted(KINDS)).map(lambda kind: {"type": kind, **SOME.get(kind, {})})
fields = st.recursive(
    leaf,
    lambda inner: (
        st.builds(
            lambda kind, properties: {"type": kind, "properties": properties},
            st.sampled_from(["object", "nested"]),
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
        )
        | st.builds(
            lambda own, multi: own | {"fields": multi} if own["type"] not in ("alias", "semantic_text") else own,
            leaf,
            st.dictionaries(st.just("x"), leaf, max_size=1),
        )
    ),
    max_leaves=4,
)
bodies = st.builds(
    lambda properties, dynamic: {"properties": properties, "dynamic": dynamic},
    st.dictionaries(st.sampled_from(NAMES), fields, max_size=4),
    st.sampled_from([True, False, "strict"]),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=bodies, sources=st.lists(st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=4), max_size=3))
def test_every_document_is_read_or_refused_and_what_is_read_can_be_indexed(body: Any, sources: list[Any]) -> None:  # noqa: ANN401
    try:
        mapping = Mapping.read(body, Analysis())
    except ConnoteError as error:
        assert error.status == 400  # noqa: PT017 (or it is read)
        return
    assert Mapping.read(mapping.wire(), Analysis()).wire() == mapping.wire()
    rows = []
    for number, source in enumerate(sources):
        try:
            found = Reader(mapping, str(number)).read(source)
            if found.added:
                mapping = mapping.merged(found.added)
                found = Reader(mapping, str(number)).read(source)
            assert not found.added
        except ConnoteError as error:
            assert error.status == 400  # noqa: PT017 (or it is read)
            found = Reader(mapping, str(number), lenient=True).read(source)
        rows.append(row(str(number), number, 1, found, mapping, {}))
    orjson.dumps(mapping.wire())
    if rows:
        build(rows)
