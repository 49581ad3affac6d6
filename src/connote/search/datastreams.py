"""What is done with data streams: made, found, deleted, rolled over, changed and measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from connote.contract.errors import AlreadyExists, IllegalArgument, NoIndex, Unparsable
from connote.contract.settings import java
from connote.endpoints import asking
from connote.search import names
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.mapping.date import Date, DateNanos
from connote.search.mapping.mapping import MARK, TIMESTAMP
from connote.search.settings import IndexSettings
from connote.search.streams import Changes, DataStream, by_index, lifecycle_of


def find(indices: Indices, expression: str | None, *, or_indices: bool = False) -> list[DataStream]:
    """Those of names and patterns, by name; with `or_indices` a name may be that of an index, and means none.

    Raises NoIndex for a name that is not there.
    """
    known = {*indices.streams, *(indices.records if or_indices else ())}
    parts = ["*" if part in names.ALL else part for part in (expression or "*").split(",")]
    for part in parts:
        if "*" not in part and part not in known:
            raise NoIndex(part)
    found = sorted(indices.streams.items())
    if (visit := asking.visit()) is not None:
        for part in (each for each in parts if "*" not in each):
            visit.check(part)
        found = [(name, each) for name, each in found if visit.may(name)]
    return [each for name, each in found if any(names.fits(name, part) for part in parts)]


async def create(indices: Indices, name: str) -> None:
    """Make one, of the index template for its name. Raises IllegalArgument, AlreadyExists, BadIndexName."""
    names.check(name)
    async with indices.writing:
        if name in indices.streams:
            raise AlreadyExists(f"data_stream [{name}] already exists")
        if name in indices.records or name in indices.aliases():
            raise AlreadyExists(f"data stream [{name}] conflicts with index or alias")
        stream = indices.stream(name)
        if stream is None:
            raise IllegalArgument(f"no matching index template found for data stream [{name}]")
        await indices.begin(stream)


async def delete(indices: Indices, found: Sequence[DataStream]) -> None:
    """Delete data streams with their indices."""
    async with indices.writing:
        left = [indices.streams[each.name] for each in found if each.name in indices.streams]
        gone = [name for each in left for name in each.indices if name in indices.records]
        await indices.replace((), gone, Changes(gone=[each.name for each in left]))


async def roll(indices: Indices, name: str, old: str, settings: Mapping[str, Any]) -> None:
    """Let a stream be written to its next index from now on, unless it has moved on from `old` by itself."""
    async with indices.writing:
        stream = indices.streams.get(name)
        if stream is None:
            raise NoIndex(name)
        if stream.writer == old:
            await indices.begin(stream.following(stream.upcoming()), settings)


async def modify(indices: Indices, actions: Any) -> None:  # noqa: ANN401 (JSON)
    """Add indices to data streams, behind those that are written to, and take others out.

    Raises Unparsable, IllegalArgument, NoIndex.
    """
    if not isinstance(actions, list) or not actions:
        raise Unparsable("[actions] must be an array of actions, of at least one")
    async with indices.writing:
        changed = dict(indices.streams)
        for action in actions:
            stream = _modified(indices, changed, action)
            changed[stream.name] = stream
        await indices.replace((), streams=Changes(list(changed.values())))
    named, owners = [body["index"] for each in actions for body in each.values()], by_index(indices.streams)
    await _prepare(indices, [name for name in dict.fromkeys(named) if name in owners])
    await indices.set([name for name in dict.fromkeys(named) if name not in owners], {"hidden": False})


def _modified(indices: Indices, streams: Mapping[str, DataStream], action: Any) -> DataStream:  # noqa: ANN401
    kinds = ("add_backing_index", "remove_backing_index")
    if not isinstance(action, Mapping) or len(action) != 1 or next(iter(action)) not in kinds:
        raise Unparsable(f"[data_stream_action] must be one of {list(kinds)}, not [{java(action)[:100]}]")
    ((kind, body),) = action.items()
    if not isinstance(body, Mapping) or not all(isinstance(body.get(key), str) for key in ("data_stream", "index")):
        raise Unparsable(f"[{kind}] needs [data_stream] and [index], both texts")
    name, index = body["data_stream"], body["index"]
    if name not in streams:
        raise IllegalArgument(f"data stream [{name}] not found")
    if kind == "remove_backing_index":
        if index not in streams[name].indices:
            raise IllegalArgument(f"index [{index}] not found")
        return streams[name].without([index])
    owner = by_index(streams).get(index)
    if owner is not None:
        raise IllegalArgument(f"cannot add index [{index}] to data stream [{name}] because it is part of [{owner}]")
    stamp = (indices.records[index].mapping.get("properties") or {}).get(TIMESTAMP)
    if stamp is None:
        raise IllegalArgument(f"data stream timestamp field [{TIMESTAMP}] is not mapped by index [{index}]")
    if stamp.get("type") not in (Date.kind, DateNanos.kind):
        told = f"is of type [{stamp.get('type', 'object')}], but [date,date_nanos] is expected"
        raise IllegalArgument(f"data stream timestamp field [{TIMESTAMP}] {told}")
    return replace(streams[name], indices=(index, *streams[name].indices))


async def migrate(indices: Indices, alias: str) -> None:
    """Make a data stream of an alias and its indices. Raises IllegalArgument, and what the mappings have against it."""
    found = indices.aliases().get(alias)
    if not found:
        raise IllegalArgument(f"alias [{alias}] does not exist")
    writers = [name for name in found if indices.records[name].aliases[alias].get("is_write_index")]
    if not writers and len(found) > 1:
        raise IllegalArgument(f"alias [{alias}] must specify a write index")
    own = [indices.records[name].aliases[alias] for name in found]
    if any(set(each) & {"filter", "index_routing", "search_routing"} for each in own):
        raise IllegalArgument(f"alias [{alias}] may not have custom filtering or routing")
    template = indices.upcoming_stream(alias)
    if template is None:
        raise IllegalArgument(f"no matching index template found for data stream [{alias}]")
    writer = writers[0] if writers else found[0]
    _check_alone(indices, found)
    await _prepare(indices, found)
    async with indices.writing:
        _check_alone(indices, found)
        ordered = (*(name for name in found if name != writer), writer)
        freed = [replace(indices.records[name], aliases=_without(indices, name, alias)) for name in found]
        await indices.replace(freed, streams=Changes([replace(template, indices=ordered)]))


def _check_alone(indices: Indices, found: Sequence[str]) -> None:
    """Raise IllegalArgument for an index that is part of a data stream."""
    owners = by_index(indices.streams)
    if taken := [name for name in found if name in owners]:
        raise IllegalArgument(f"index [{taken[0]}] is part of data stream [{owners[taken[0]]}] already")


async def _prepare(indices: Indices, found: Sequence[str]) -> None:
    """Let indices be as those of data streams are: hidden, and every document has a timestamp."""
    for name in found:
        await indices.map([name], {MARK: {"enabled": True}, "properties": {TIMESTAMP: _stamp(indices, name)}})
    await indices.set(found, {"hidden": True})


def _stamp(indices: Indices, name: str) -> Mapping[str, Any]:
    """The timestamp's mapping in an index; a date where there is none."""
    known: Mapping[str, Any] = (indices.records[name].mapping.get("properties") or {}).get(TIMESTAMP, {"type": "date"})
    return known


def _without(indices: Indices, name: str, alias: str) -> dict[str, Any]:
    return {other: each for other, each in indices.records[name].aliases.items() if other != alias}


async def set_lifecycle(indices: Indices, found: Sequence[DataStream], given: Any) -> None:  # noqa: ANN401
    """Give data streams a lifecycle, or take it from them (None). Raises Unparsable, IllegalArgument."""
    made = None if given is None else lifecycle_of(given)
    async with indices.writing:
        left = [indices.streams[each.name] for each in found if each.name in indices.streams]
        await indices.replace((), streams=Changes([replace(each, lifecycle=made) for each in left]))


def latest(index: Index) -> int | None:
    """The greatest timestamp of an index, in milliseconds since 1970."""
    found = []
    for segment in index.snapshot().segments:
        view = segment.numbers(TIMESTAMP)
        if view is not None and (own := view.values[segment.live[view.owners.numbers]]).size:
            found.append(int(np.max(own)))
    return max(found, default=None)


def told(indices: Indices, stream: DataStream) -> dict[str, Any]:
    """A data stream as GET shows it."""
    own = [
        {
            "index_name": name,
            "index_uuid": indices.records[name].uuid,
            **_managed(stream, indices.records[name].settings),
            "index_mode": indices.settings(name).mode,
        }
        for name in stream.indices
    ]
    writer = _managed(stream, indices.records[stream.writer].settings)
    shown: dict[str, Any] = {
        "name": stream.name,
        "timestamp_field": {"name": TIMESTAMP},
        "indices": own,
        "generation": stream.generation,
        "_meta": stream.meta,
        "status": "GREEN",
        "template": stream.template,
        "lifecycle": stream.lifecycle,
        "settings": IndexSettings(dict(stream.settings)).nested(),
        "mappings": stream.mappings,
        "next_generation_managed_by": writer["managed_by"],
        "prefer_ilm": writer["prefer_ilm"],
        "ilm_policy": writer.get("ilm_policy"),
        "hidden": stream.hidden,
        "system": False,
        "allow_custom_routing": stream.allow_custom_routing,
        "replicated": False,
        "rollover_on_write": False,
        "index_mode": indices.settings(stream.writer).mode,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _managed(stream: DataStream, settings: Mapping[str, Any]) -> dict[str, Any]:
    """By what an index of a stream is managed: a policy of its own, or the lifecycle of the stream."""
    policy, prefers = settings.get("lifecycle.name"), settings.get("lifecycle.prefer_ilm") not in (False, "false")
    if policy and (prefers or not stream.is_managed):
        return {"prefer_ilm": prefers, "managed_by": "Index Lifecycle Management", "ilm_policy": policy}
    return {"prefer_ilm": prefers, "managed_by": "Data stream lifecycle" if stream.is_managed else "Unmanaged"}
