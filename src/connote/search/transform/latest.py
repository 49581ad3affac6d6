"""A transform by the latest: of each combination of values the document with the greatest time, as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, Unparsable
from connote.search.transform.identity import identity

Body = Mapping[str, Any]
_NAME, _HITS = "_transform", "_latest"


@dataclass(frozen=True)
class Latest:
    """`keys` are the fields whose values are told apart, `sort` that of time."""

    keys: Sequence[str]
    sort: str

    @classmethod
    def parse(cls, body: Body) -> "Latest":
        """`{"unique_key": […], "sort": …}`. Raises Unparsable, BadQuery."""
        if unknown := [name for name in body if name not in ("unique_key", "sort")]:
            raise Unparsable(f"[latest] unknown field [{unknown[0]}]")
        keys, sort = body.get("unique_key"), body.get("sort")
        if not isinstance(keys, list) or not keys or not all(isinstance(each, str) and each for each in keys):
            raise BadQuery("latest.unique_key must be non-empty, an array of names of fields")
        if len(set(keys)) < len(keys):
            raise BadQuery("latest.unique_key must not have a field twice")
        if not isinstance(sort, str) or not sort:
            raise BadQuery("latest.sort must be the name of a field")
        return cls(keys, sort)

    def page(self, size: int, after: Body | None) -> dict[str, Any]:
        """What a search asks for, besides its query: so many buckets behind a place."""
        sources = [{name: {"terms": {"field": name}}} for name in self.keys]
        composite: dict[str, Any] = {"size": size, "sources": sources, **({} if after is None else {"after": after})}
        hits = {_HITS: {"top_hits": {"size": 1, "sort": [{self.sort: {"order": "desc"}}]}}}
        return {"size": 0, "aggs": {_NAME: {"composite": composite, "aggs": hits}}}

    def documents(
        self,
        answer: Body,
        typed: Callable[[str], str | None],  # noqa: ARG002 (as a pivot has it)
    ) -> tuple[list[tuple[str, dict[str, Any]]], Body | None, int]:
        """The documents of a page with their ids, where it ends (None: with the last), and how many it is of."""
        found = answer["aggregations"][_NAME]
        made = [(identity(each["key"]), each[_HITS]["hits"]["hits"][0]["_source"]) for each in found["buckets"]]
        return made, found.get("after_key") if made else None, sum(each["doc_count"] for each in found["buckets"])

    def mapping(self, typed: Callable[[str], str | None]) -> dict[str, str]:  # noqa: ARG002
        """Documents are as they are: nothing is known of their fields but what the source's mapping says."""
        return {}
