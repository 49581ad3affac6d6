"""Documents for tests: houses, as a stranger might describe them."""

from typing import Any

from hypothesis import strategies as some

from search.query.small import Small

MAPPING: dict[str, Any] = {
    "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
    "body": {"type": "text"},
    "tag": {"type": "keyword"},
    "price": {"type": "integer"},
    "area": {"type": "float"},
    "sold": {"type": "boolean"},
    "day": {"type": "date"},
    "place": {"type": "geo_point"},
}
WORDS = ("river", "house", "view", "garden", "old", "quiet", "rivers", "gardens")
words = some.sampled_from(WORDS)
texts = some.lists(words, max_size=7).map(" ".join)
tags = some.sampled_from(["new", "sold", "Old", "river", "garden", "garden-view"])
prices = some.integers(-5, 20)
areas = some.sampled_from([0.0, 0.1, 0.5, 1.0, 2.5, 99.25, -3.5])
days = some.sampled_from(["2024-01-01", "2024-01-01T10:30:00Z", "2024-01-31", "2024-02-29T23:59:59.999Z", "2023-12-31"])
points = some.tuples(some.floats(-80, 80), some.floats(-179, 179)).map(lambda each: {"lat": each[0], "lon": each[1]})


def several(value: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """A value, or a list of some."""
    return value | some.lists(value, max_size=3)


documents = some.fixed_dictionaries(
    {},
    optional={
        "title": several(texts),
        "body": texts,
        "tag": several(tags),
        "price": several(prices),
        "area": several(areas),
        "sold": some.booleans(),
        "day": several(days),
        "place": several(points),
    },
)


@some.composite
def houses(draw: some.DrawFn) -> tuple[Small, list[dict[str, Any]]]:
    """An index of houses, in segments, and what they are; deleted ones are none at all."""
    listed = draw(some.lists(documents, min_size=1, max_size=9))
    return Small(MAPPING, listed, segments=draw(some.integers(1, 3))), listed
