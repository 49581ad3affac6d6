"""Enrich policies over indices: checked when they are made, and executed, which copies documents."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connote.contract.errors import Conflict, IllegalArgument, NoIndex
from connote.ingest.enrich import MOST, Policies, Policy
from connote.ingest.pipelines import Pipelines
from connote.search import embedded, names
from connote.search.fetch.source import SourceFilter
from connote.search.indices import Indices
from connote.search.matching import Matching
from connote.search.query.term import values_at

_BATCH = 1000
# The parameters of a field's mapping that say how its values are read.
_READ = ("type", "format", "scaling_factor")


class Enriching:
    """Makes, executes and deletes policies."""

    def __init__(self, policies: Policies, indices: Indices, matching: Matching, pipelines: Pipelines) -> None:
        self.policies, self._indices, self._matching, self._pipelines = policies, indices, matching, pipelines
        self._writing = asyncio.Lock()

    async def put(self, name: str, body: Mapping[str, Any]) -> None:
        """Keep a new policy. Raises BadIndexName, Unparsable, IllegalArgument, AlreadyExists, NoIndex."""
        names.check(name)
        policy = Policy.parse(name, body)
        for index in self._found(policy):
            self._check(policy, index)
        async with self._writing:
            await asyncio.to_thread(self.policies.put, policy)

    async def execute(self, name: str) -> None:
        """Copy the documents as they are now. Raises NotFound, NoIndex, IllegalArgument for too many, BadQuery."""
        policy, rows = self.policies.get(name), list[tuple[list[Any], dict[str, Any]]]()
        shown, path = SourceFilter(includes=[policy.match_field, *policy.enrich_fields]), policy.match_field.split(".")
        indices = self._found(policy)
        filters = self._indices.filters(",".join(policy.indices), indices)
        found = await self._matching.find(indices, policy.query, filters=filters)
        try:
            if sum(len(each.seqs) for each in found) > MOST:
                raise IllegalArgument(f"policy [{name}] would copy more than {MOST} documents; give it a [query]")
            for each in found:
                async for batch in each.batches(_BATCH):
                    sources = [embedded.source(state.source or b"{}") for state in batch]
                    told = [(values_at(source, path), shown.apply(source)) for source in sources]
                    rows += [(values, source) for values, source in told if values]
        finally:
            for each in found:
                each.release()
        mapping = {field: self._node(indices, field) for field in (policy.match_field, *policy.enrich_fields)}
        async with self._writing:
            await asyncio.to_thread(self.policies.fill, name, rows, mapping)

    async def delete(self, name: str) -> None:
        """Delete a policy. Raises NotFound, Conflict if a pipeline uses it."""
        self.policies.get(name)
        if used := self._pipelines.enriching(name):
            raise Conflict(f"Could not delete policy [{name}] because a pipeline is referencing it {used}")
        async with self._writing:
            await asyncio.to_thread(self.policies.remove, name)

    def _found(self, policy: Policy) -> list[str]:
        found = self._indices.resolve(",".join(policy.indices))
        if not found:
            raise NoIndex(",".join(policy.indices))
        return found

    def _check(self, policy: Policy, index: str) -> None:
        """Raise IllegalArgument for a field that an index does not map."""
        for name in (policy.match_field, *policy.enrich_fields):
            if self._mapped(index, name) is None:
                raise IllegalArgument(f"Could not find field [{name}] in mapping of index [{index}]")

    def _mapped(self, index: str, name: str) -> Mapping[str, Any] | None:
        """How an index maps a field."""
        node: Any = self._indices.records[index].mapping
        for part in name.split("."):
            node = (node.get("properties") or node.get("fields") or {}).get(part)
            if node is None:
                return None
        found: Mapping[str, Any] = node
        return found

    def _node(self, indices: Sequence[str], name: str) -> dict[str, Any]:
        """What of a field's mapping says how its values are read, by the first index that has it."""
        node = next((found for index in indices if (found := self._mapped(index, name)) is not None), {})
        return {param: node[param] for param in _READ if param in node}
