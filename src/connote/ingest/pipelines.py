"""The pipelines of this server: kept, found, run, and tried out."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest, NotFound
from connote.ingest import parse
from connote.ingest.document import Document, plain
from connote.ingest.enrich import Lookup
from connote.ingest.pipeline import Broken, Pipeline
from connote.ingest.run import Inferring, Outcome, run
from connote.store.bodies import BodyStore

log = logging.getLogger("connote.ingest")

# Those that are there from the start, as in Elasticsearch: what comes to a data stream of logs without a time has that
# of its arrival. https://www.elastic.co/docs/manage-data/data-store/data-streams/logs-data-stream
LOGS = "logs@default-pipeline"
_SHIPPED: Mapping[str, Mapping[str, Any]] = {
    LOGS: {
        "description": "logs without a time have that of their arrival; then [logs@custom], if there is one",
        "processors": [
            {"set": {"field": "@timestamp", "value": "{{{_ingest.timestamp}}}", "override": False}},
            {"pipeline": {"name": "logs@custom", "ignore_missing_pipeline": True}},
        ],
        "version": 1,
        "_meta": {"managed": True},
    }
}
_ALL = ("*", "_all")
_MOST_ID = 512


class Pipelines:
    """Pipelines by id. `users` are asked who uses one (`is the default pipeline of …`) before it is deleted."""

    def __init__(
        self, store: BodyStore, infer: Inferring, lookup: Callable[[str], Lookup | None] = lambda _: None
    ) -> None:
        self._store, self._infer, self._lookup = store, infer, lookup
        self.users: list[Callable[[str], str | None]] = []
        self._writing = asyncio.Lock()
        self._pipelines: dict[str, Pipeline] = {}
        for id, body in {**_SHIPPED, **store.all()}.items():
            self._pipelines[id] = self._kept(id, body)

    def _kept(self, id: str, body: Mapping[str, Any]) -> Pipeline:
        try:
            return parse.parse(id, body, self._pipelines.get, self._lookup)
        except ConnoteError as error:
            log.warning("pipeline [%s] cannot be read: %s", id, error)
            return Broken(id, body, error)

    def find(self, ids: str = "*") -> dict[str, Mapping[str, Any]]:
        """The bodies of the pipelines that these names, separated by commas, or patterns name."""
        names = ids.split(",")
        return {
            id: self._pipelines[id].body
            for id in sorted(self._pipelines)
            if any(name in _ALL or fnmatchcase(id, _literal(name)) for name in names)
        }

    def has(self, id: str) -> bool:
        """Whether there is a pipeline of that id."""
        return id in self._pipelines

    async def put(self, id: str, body: Mapping[str, Any], version: int | None = None) -> None:
        """Keep a pipeline; with a `version` only in place of one of that version.

        Raises InvalidRequest for an id that cannot be, IllegalArgument for another version, and what parsing raises.
        """
        _check_id(id)
        kept: dict[str, Any] = plain(dict(body), f"pipeline [{id}]")
        parsed = await asyncio.to_thread(parse.parse, id, kept, self._pipelines.get, self._lookup)
        async with self._writing:
            if version is not None:
                kept = self._versioned(id, kept, version)
                parsed = replace(parsed, body=kept)
            await asyncio.to_thread(self._store.put, id, kept)
            self._pipelines[id] = parsed

    def _versioned(self, id: str, body: dict[str, Any], version: int) -> dict[str, Any]:
        told = f"version conflict, required version [{version}] for pipeline [{id}]"
        if id not in self._pipelines:
            raise IllegalArgument(f"{told} but no pipeline was found")
        current = self._pipelines[id].body.get("version")
        if current != version:
            shown = "no version was found" if current is None else f"current version is [{current}]"
            raise IllegalArgument(f"{told} but {shown}")
        given = body.get("version")
        if given == version:
            raise IllegalArgument(f"cannot update pipeline [{id}] with the same version [{version}]")
        return body if given is not None else body | {"version": version + 1}

    def substituted(self, bodies: Mapping[str, Mapping[str, Any]]) -> "Pipelines":
        """The same with others in place of some, which are not kept. Raises what parsing raises."""
        made = copy(self)
        made._pipelines = dict(self._pipelines)
        for id, body in bodies.items():
            _check_id(id)
            kept: dict[str, Any] = plain(dict(body), f"pipeline [{id}]")
            made._pipelines[id] = parse.parse(id, kept, made._pipelines.get, self._lookup)
        return made

    async def delete(self, ids: str) -> None:
        """Delete the pipelines of that name, or those that a pattern names. Those that are shipped come back.

        Raises NotFound, IllegalArgument for one that is in use.
        """
        async with self._writing:
            found = [id for id in self.find(ids) if id == ids or id not in _SHIPPED]
            if not found and ids not in _ALL:
                raise NotFound(f"pipeline [{ids}] is missing")
            for id in found:
                for user in self.users:
                    if told := user(id):
                        raise IllegalArgument(f"pipeline [{id}] cannot be deleted because it {told}")
            await asyncio.to_thread(self._store.remove, found)
            for id in found:
                del self._pipelines[id]
                if id in _SHIPPED:
                    self._pipelines[id] = self._kept(id, _SHIPPED[id])

    def using(self, model_id: str) -> list[str]:
        """The ids of the pipelines that infer with that model or endpoint."""
        return [id for id in sorted(self._pipelines) if model_id in parse.models(self._pipelines[id].body)]

    def enriching(self, policy: str) -> list[str]:
        """The ids of the pipelines that enrich by that policy."""
        return [id for id in sorted(self._pipelines) if policy in parse.policies(self._pipelines[id].body)]

    async def run(self, id: str, documents: Sequence[Document]) -> list[Outcome]:
        """Put documents through a pipeline; they are changed in place. Raises IllegalArgument if there is none."""
        return await run(self._found(id), documents, self._infer)

    async def simulate(
        self, documents: Sequence[Document], *, id: str | None = None, body: Mapping[str, Any] | None = None
    ) -> list[Outcome]:
        """Put documents through a pipeline that is kept, or through one that is only given."""
        if body is None:
            return await self.run(id or "", documents)
        given = parse.parse(_SIMULATED, plain(dict(body), "[pipeline]"), self._pipelines.get, self._lookup)
        return await run(given, documents, self._infer)

    def _found(self, id: str) -> Pipeline:
        if id not in self._pipelines:
            raise IllegalArgument(f"pipeline with id [{id}] does not exist")
        return self._pipelines[id]


_SIMULATED = "_simulate_pipeline"


def _literal(name: str) -> str:
    """The pattern with `*` alone as a wildcard."""
    return name.replace("[", "[[]").replace("?", "[?]")


def _check_id(id: str) -> None:
    if not id.strip() or len(id) > _MOST_ID or "*" in id or "," in id or any(ord(char) < 32 for char in id):
        rule = f"it must have 1 to {_MOST_ID} characters, and neither wildcards, commas nor control characters"
        raise InvalidRequest([f"Invalid pipeline id [{id[:_MOST_ID]}]: {rule}"])
