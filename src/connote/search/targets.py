"""Which index an alias, a data stream or an index means where it must be one."""

from collections.abc import Mapping, Sequence

from connote.contract.errors import IllegalArgument, NoIndex
from connote.search.streams import DataStream
from connote.store.indices import IndexRecord

Aliases = Mapping[str, Sequence[str]]


def written(name: str, records: Mapping[str, IndexRecord], aliases: Aliases, streams: Mapping[str, DataStream]) -> str:
    """The one index that writes to that name go to. Raises NoIndex, IllegalArgument for an alias of several."""
    if name in records:
        return name
    if name in streams:
        return streams[name].writer
    found = aliases.get(name, [])
    if not found:
        raise NoIndex(name)
    if (stream := behind(name, aliases, streams)) is not None:
        return stream.writer
    writers = [each for each in found if records[each].aliases[name].get("is_write_index")]
    if len(writers) == 1:
        return writers[0]
    if len(found) > 1 or records[found[0]].aliases[name].get("is_write_index") is False:
        raise IllegalArgument(
            f"no write index is defined for alias [{name}]. The write index may be explicitly disabled using "
            "is_write_index=false or the alias points to multiple indices without one being designated as a "
            "write index"
        )
    return found[0]


def single(name: str, records: Mapping[str, IndexRecord], named: Aliases) -> str:
    """The one index that reads by id of that name go to. Raises NoIndex, IllegalArgument if there are several."""
    if name in records:
        return name
    found = named.get(name, [])
    if not found:
        raise NoIndex(name)
    if len(found) > 1:
        raise IllegalArgument(
            f"alias [{name}] has more than one index associated with it [{', '.join(found)}], can't execute a "
            "single index op"
        )
    return found[0]


def behind(name: str, aliases: Aliases, streams: Mapping[str, DataStream]) -> DataStream | None:
    """The data stream of that name, or the only one that all indices of an alias are of."""
    if name in streams:
        return streams[name]
    found = set(aliases.get(name, ()))
    return next((each for each in streams.values() if found <= set(each.indices)), None) if found else None
