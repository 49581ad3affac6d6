"""Another index with the same documents: a clone, or one of fewer or more shards, of which there is one here anyway.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-clone
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search import embedded
from connote.search.index import Index
from connote.search.indices import Indices
from connote.search.settings import IndexSettings
from connote.search.thread import finished
from connote.store.documents import Stored

_BLOCKS = ("blocks.read", "blocks.write")
_KNOWN = ("settings", "aliases", "max_primary_shard_size")


async def resize(indices: Indices, how: str, source: str, target: str, body: Mapping[str, Any]) -> None:
    """Make `target` of an index that is not written to: `how` is `clone`, `shrink` or `split`. All or nothing.

    Nothing is inferred again. Raises IllegalArgument, Unparsable, and what a new index raises.
    """
    if unknown := [name for name in body if name not in _KNOWN]:
        raise Unparsable(f"unknown field [{unknown[0]}]; known are [{', '.join(_KNOWN)}]")
    indices.check_open(source)
    if not indices.settings(source).blocked("write"):
        raise IllegalArgument(
            f'index {source} must block write operations to resize index. use "index.blocks.write=true"'
        )
    record, given = indices.records[source], body.get("settings") or {}
    if not isinstance(given, Mapping):
        raise Unparsable(f"[settings] must be an object, not [{java(given)[:100]}]")
    changed = IndexSettings.read(given).values
    _check(how, record.settings, changed)
    kept = {name: value for name, value in record.settings.items() if how == "clone" or name != "number_of_shards"}
    settings = {name: value for name, value in {**kept, **changed}.items() if value is not None}
    # Nobody reads it before it is whole, nor what is left of it if the server is stopped meanwhile. Nor does anybody
    # write to it: documents keep the sequence numbers that they have.
    blocked = settings | dict.fromkeys(_BLOCKS, True)
    await indices.create(
        target, {"settings": blocked, "mappings": record.mapping, "aliases": body.get("aliases") or {}}
    )
    try:
        old, new = await indices.open(source), await indices.open(target)
        async with new.lock:
            await finished(partial(_copy, old, new))
        await indices.set([target], {name: settings.get(name) for name in _BLOCKS})
    except BaseException:
        await indices.delete([target])
        raise


def _check(how: str, before: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    """Raise IllegalArgument for numbers of shards that do not fit."""
    old, told = int(before.get("number_of_shards", 1)), changed.get("number_of_shards")
    if told is None and how == "split":
        raise IllegalArgument("index.number_of_shards is required for split operations")
    new = (old if how == "clone" else 1) if told is None else int(told)
    if how == "clone" and new != old:
        raise IllegalArgument(f"the number of target shards [{new}] must be that of the source shards [{old}]")
    if how == "shrink" and (new < 1 or old % new):
        raise IllegalArgument(f"the number of source shards [{old}] must be a multiple of [{new}]")
    if how == "split" and (new < old or new % old):
        raise IllegalArgument(f"the number of source shards [{old}] must be a factor of [{new}]")


def _copy(old: Index, new: Index) -> None:
    """All documents with what their texts became, as they are now."""
    for states in old.documents.since(-1):
        live = [each for each in states if each.source is not None]
        if live:
            new.keep(live, [_row(new, each) for each in live], [])
    new.refresh()


def _row(index: Index, state: Stored) -> Any:  # noqa: ANN401 (the engine's)
    values = index.read(state.id, embedded.source(state.source or b"{}"))
    return index.row(state.id, state.seq, state.version, values, embedded.load(state.inference))
