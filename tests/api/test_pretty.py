"""JSON as Elasticsearch prints it for people."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as some

from connote.api.pretty import printed

PRETTY = """{
  "took" : 5,
  "a\\"b: " : {
    "c : " : [ ],
    "d" : { }
  },
  "hits" : [
    1,
    "x: {}",
    { },
    [
      "[]",
      [ ]
    ]
  ]
}
"""
bodies = some.recursive(
    some.none() | some.text() | some.integers(-9, 9),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=12,
)


@given(bodies)
def test_what_is_printed_for_people_is_the_same_json(body: Any) -> None:  # noqa: ANN401 (JSON)
    assert orjson.loads(printed(body)) == body


def test_pretty_is_as_elasticsearch_prints_it() -> None:
    body = {"took": 5, 'a"b: ': {"c : ": [], "d": {}}, "hits": [1, "x: {}", {}, ["[]", []]]}
    assert printed(body).decode() == PRETTY
