"""The cache: what a model gave for a text is computed once.

A key is the hash of everything that the result depends on: the model's files and its row in the catalog, the engines'
versions, where and in which precision it ran, what was asked, and the text. Texts themselves are never kept.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum, auto
from typing import Any, TypeVar

from connote.endpoints import entry
from connote.endpoints.memory import Memory
from connote.runtime.fleet import Deployment, Fleet
from connote.runtime.local import Inputs, Outputs
from connote.store.cache import CacheStore

# From so many characters on, hashes and entries are made in another thread.
_MANY = 1 << 16

T = TypeVar("T")


class Caching(StrEnum):
    """What one request wants of the cache."""

    USE = auto()
    REFRESH = auto()  # read nothing, keep the results
    BYPASS = auto()  # neither


class Cache:
    """Stands before the fleet: texts that it knows are answered from memory or disk, only the others are sent on.

    Counts texts, not requests: a hit was answered without computing.
    """

    def __init__(self, fleet: Fleet, memory: Memory, disk: CacheStore | None) -> None:
        self._fleet, self._memory, self._disk = fleet, memory, disk
        self._is_on = memory.limit > 0 or disk is not None
        self.hits, self.misses = Counter[str](), Counter[str]()

    async def run(self, wish: Deployment, inputs: Inputs, caching: Caching = Caching.USE) -> Outputs:
        """What `Fleet.run` gives, and raises; equal texts are computed once."""
        current = self._fleet.current(wish)
        is_kept = current is None or current.caches
        if caching is Caching.BYPASS or not self._is_on or not is_kept or not inputs.texts:
            return await self._fleet.run(wish, inputs)
        texts = list(dict.fromkeys(inputs.texts))
        served = await self._served(wish)
        found = await self._find(served, inputs, texts) if served and caching is Caching.USE else {}
        missing = [text for text in texts if text not in found]
        if caching is Caching.USE:
            self.misses[wish.id] += len(missing)
            self.hits[wish.id] += len(inputs.texts) - len(missing)
        computed = dict[str, bytes]()
        if missing:
            is_whole = len(missing) == len(inputs.texts)
            outputs = await self._fleet.run(wish, inputs if is_whole else replace(inputs, texts=missing))
            computed = dict(zip(missing, await _aside(missing, entry.split, outputs), strict=True))
            if await self._keep(wish, inputs, computed) != served and found:
                # What was found is of another model than the one that has answered now.
                return await self.run(wish, inputs, Caching.REFRESH)
            if is_whole:
                return outputs
        entries = found | computed
        return await _aside(inputs.texts, entry.join, [entries[text] for text in inputs.texts])

    def counts(self, deployment: str) -> dict[str, int]:
        """Hits and misses of one deployment since the start."""
        return {"hits": self.hits[deployment], "misses": self.misses[deployment]}

    def forget(self, deployment: str) -> None:
        """Count anew for a deployment."""
        self.hits.pop(deployment, None)
        self.misses.pop(deployment, None)

    async def stats(self) -> dict[str, Any]:
        """Hits and misses since the start, and how full it is."""
        hits, misses, disk = self.hits.total(), self.misses.total(), self._disk
        entries, size = await asyncio.to_thread(disk.measure) if disk else (0, 0)
        return {
            "hits": hits,
            "misses": misses,
            "hit_rate": hits / (hits + misses) if hits else 0.0,
            "memory": _fullness(len(self._memory), self._memory.bytes, self._memory.limit),
            "disk": _fullness(entries, size, disk.limit if disk else 0),
            "dropped_writes": disk.dropped if disk else 0,
        }

    async def clear(self) -> None:
        """Forget everything."""
        self._memory.clear()
        if self._disk:
            await asyncio.to_thread(self._disk.clear)

    async def close(self) -> None:
        """Write what waits."""
        if self._disk:
            await asyncio.to_thread(self._disk.close)

    async def _served(self, wish: Deployment) -> str | None:
        """What a deployment's results depend on beside the request; None if that is not known before it is loaded."""
        model = await self._fleet.identity(wish)
        if model is None:
            return None
        placement = self._fleet.placement(wish)
        if placement is None:
            key = _placement_key(wish, model)
            known = (await self._read([key])).get(key)
            placement = known.decode() if known else None
        return None if placement is None else f"{model} {placement}"

    async def _find(self, served: str, inputs: Inputs, texts: list[str]) -> dict[str, bytes]:
        keys = await _aside(texts, _keys, served, inputs, texts)
        found = await self._read(keys.values())
        return {text: found[key] for text, key in keys.items() if key in found}

    async def _keep(self, wish: Deployment, inputs: Inputs, computed: Mapping[str, bytes]) -> str | None:
        """Keep results under the keys of what has really served, and tell what that is."""
        model, placement = await self._fleet.identity(wish), self._fleet.placement(wish)
        if model is None or placement is None:
            return None  # it was stopped in the meantime
        served = f"{model} {placement}"
        keys = await _aside(list(computed), _keys, served, inputs, list(computed))
        values = {keys[text]: encoded for text, encoded in computed.items()}
        # A restart then knows the keys before it has loaded anything.
        where = _placement_key(wish, model)
        if self._memory.get(where) != placement.encode():
            values[where] = placement.encode()
        self._memory.put(values)
        if self._disk:
            self._disk.write(values)
        return served

    async def _read(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        found, rest = dict[bytes, bytes](), list[bytes]()
        for key in keys:
            value = self._memory.get(key)
            if value is not None:
                found[key] = value
            elif self._disk and self._disk.may_have(key):
                rest.append(key)
        if rest and self._disk:
            read = await asyncio.to_thread(self._disk.read, rest)
            self._memory.put(read)
            found |= read
        return found


def _keys(served: str, inputs: Inputs, texts: Iterable[str]) -> dict[str, bytes]:
    asked = (inputs.search, inputs.is_bare, inputs.query, inputs.config)
    seed = hashlib.sha256(ascii((entry.FORM, served, asked)).encode()).digest()
    return {text: hashlib.sha256(seed + text.encode("utf-8", "surrogatepass")).digest() for text in texts}


def _placement_key(wish: Deployment, model: str) -> bytes:
    return hashlib.sha256(ascii(("placement", wish.id, model)).encode()).digest()


def _fullness(entries: int, size: int, limit: int) -> dict[str, int]:
    return {"entries": entries, "bytes": size, "limit_bytes": limit}


async def _aside(texts: Iterable[str], work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 (work's own)
    """Do the work: here if the texts are short, else in another thread, so that other requests do not wait."""
    if sum(map(len, texts)) < _MANY:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)
