"""Data streams: one name for a row of hidden indices with timestamps, of which the last is written to.

https://www.elastic.co/docs/manage-data/data-store/data-streams
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connote.contract import durations
from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search.mapping.mapping import MARK, TIMESTAMP

_OPTIONS = ("hidden", "allow_custom_routing")
_BACKING = re.compile(r"\.ds-(?P<stream>.+)-\d{4}\.\d\d\.\d\d-\d{6,}", re.DOTALL)


@dataclass(frozen=True)
class DataStream:
    """`indices` from the oldest to the one that is written to; `generation` counts those there have been.

    `settings` and `mappings` are those of its next indices above what its template says, settings by their full names.
    `rolled` says when indices were rolled over, in milliseconds since 1970: what was taken out may come back.
    """

    name: str
    indices: Sequence[str]
    generation: int = 1
    template: str = ""
    hidden: bool = False
    allow_custom_routing: bool = False
    meta: Mapping[str, Any] | None = None
    lifecycle: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    rolled: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, body: Mapping[str, Any]) -> "DataStream":
        """As it was kept."""
        return cls(name, **body)

    def kept(self) -> dict[str, Any]:
        """As it is kept, by its name."""
        return {name: value for name, value in vars(self).items() if name != "name"} | {"indices": list(self.indices)}

    @property
    def writer(self) -> str:
        """The index that is written to."""
        return self.indices[-1]

    @property
    def is_managed(self) -> bool:
        """Whether its lifecycle is followed."""
        return bool(self.lifecycle and self.lifecycle.get("enabled"))

    @property
    def retention(self) -> float | None:
        """For how many seconds documents are kept at least; None is for ever."""
        said = (self.lifecycle or {}).get("data_retention")
        return None if said is None else durations.seconds(str(said), "data_retention")

    def following(self, index: str) -> "DataStream":
        """With one more index, which is written to from now on."""
        rolled = {**self.rolled, self.writer: int(time.time() * 1000)}
        return replace(self, indices=(*self.indices, index), generation=self.generation + 1, rolled=rolled)

    def upcoming(self, now: datetime | None = None) -> str:
        """The name of its next index."""
        return backing(self.name, self.generation + 1, now)

    def without(self, gone: Iterable[str]) -> "DataStream":
        """Without some indices. Raises IllegalArgument for the one that is written to."""
        lost = set(gone)
        if self.writer in lost:
            raise IllegalArgument(
                f"index [{self.writer}] is the write index for data stream [{self.name}] and cannot be deleted"
            )
        return replace(self, indices=tuple(each for each in self.indices if each not in lost))


@dataclass(frozen=True)
class Changes:
    """Streams to keep, and names of those to forget."""

    kept: Sequence[DataStream] = field(default_factory=tuple)
    gone: Sequence[str] = field(default_factory=tuple)

    @classmethod
    def without(cls, streams: Mapping[str, DataStream], gone: Iterable[str]) -> "Changes":
        """What indices that go leave of streams. Raises IllegalArgument for one that is written to."""
        lost = set(gone)
        changed = [each.without(lost) for each in streams.values() if lost & set(each.indices)]
        return cls(
            [replace(each, rolled={n: at for n, at in each.rolled.items() if n not in lost}) for each in changed]
        )

    def over(self, before: Mapping[str, DataStream]) -> dict[str, DataStream]:
        """What there is after them."""
        left = {name: each for name, each in before.items() if name not in self.gone}
        return left | {each.name: each for each in self.kept}

    def bodies(self) -> dict[str, dict[str, Any] | None]:
        """By name what is to be kept; None is to be forgotten."""
        return {**dict.fromkeys(self.gone), **{each.name: each.kept() for each in self.kept}}


def backing(stream: str, generation: int, now: datetime | None = None) -> str:
    """The name of a backing index: `.ds-logs-2026.11.26-000001`."""
    return f".ds-{stream}-{now or datetime.now(UTC):%Y.%m.%d}-{generation:06}"


def is_backing(index: str, stream: str) -> bool:
    """Whether an index was made for a data stream, and did not come from elsewhere."""
    found = _BACKING.fullmatch(index)
    return found is not None and found["stream"] == stream


def begun(name: str, template: str, body: Mapping[str, Any], lifecycle: Mapping[str, Any] | None) -> DataStream:
    """A new stream as its index template has it, with the name of its first index."""
    given = body.get("data_stream") or {}
    return DataStream(
        name,
        (backing(name, 1),),
        template=template,
        hidden=given.get("hidden") in (True, "true"),
        allow_custom_routing=given.get("allow_custom_routing") in (True, "true"),
        meta=body.get("_meta"),
        lifecycle=lifecycle,
    )


def options(name: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """What `data_stream` of an index template says, as GET shows it. Raises Unparsable."""
    if not isinstance(given, Mapping):
        raise Unparsable(f"[data_stream] of index template [{name}] must be an object, not [{java(given)[:100]}]")
    if unknown := [each for each in given if each not in _OPTIONS]:
        raise Unparsable(f"[data_stream_template] unknown field [{unknown[0]}]; known are [{', '.join(_OPTIONS)}]")
    for each in _OPTIONS:
        if given.get(each, False) not in (True, False, "true", "false"):
            raise Unparsable(f"[{each}] must be a boolean, not [{java(given[each])[:100]}]")
    return {each: given.get(each, False) in (True, "true") for each in _OPTIONS}


def marked(composed: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an index, as a backing index: hidden, and every document has one timestamp."""
    settings = {"hidden": True, **(composed.get("settings") or {})}
    return {**composed, "mappings": stamped(composed.get("mappings") or {}), "settings": settings}


def stamped(mappings: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping by which every document has one timestamp."""
    properties = mappings.get("properties") or {}
    if isinstance(properties, Mapping):  # what is none is refused with the rest of the mapping
        properties = {TIMESTAMP: {"type": "date"}, **properties}
    return {**mappings, MARK: {"enabled": True}, "properties": properties}


def lifecycle_of(given: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """A lifecycle as it is kept. Raises Unparsable, IllegalArgument."""
    if not isinstance(given, Mapping):
        raise Unparsable(f"[lifecycle] must be an object, not [{java(given)[:100]}]")
    known = ("enabled", "data_retention", "downsampling", "downsampling_method", "effective_retention")
    if unknown := [each for each in given if each not in known]:
        raise Unparsable(f"[data_stream_lifecycle] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")
    if given.get("downsampling") is not None:
        raise IllegalArgument("[downsampling] of a lifecycle is not supported; see docs/compatibility.md")
    made: dict[str, Any] = {"enabled": given.get("enabled", True) in (True, "true")}
    if (kept := given.get("data_retention")) is not None:
        if not durations.seconds(str(kept), "data_retention"):
            raise IllegalArgument("[data_retention] must be a time that is greater than 0")
        made["data_retention"] = str(kept)
    return made


def by_index(streams: Mapping[str, DataStream]) -> dict[str, str]:
    """The stream of each backing index."""
    return {index: name for name, each in streams.items() for index in each.indices}
