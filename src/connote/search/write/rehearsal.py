"""Writes rehearsed: what pipelines and mappings would make of documents, and nothing is kept.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-simulate-ingest
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import ConnoteError, NoIndex, Unparsable
from connote.contract.settings import java
from connote.ingest.pipelines import Pipelines
from connote.search.indices import Indices
from connote.search.mapping.document import Reader
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.settings import IndexSettings
from connote.search.streams import marked
from connote.search.templates import Templates
from connote.search.write.item import Item
from connote.search.write.operation import Outcome
from connote.search.write.prepare import Prepare

Body = dict[str, Any]
_SUBSTITUTIONS = ("pipeline", "component_template", "index_template")


@dataclass(frozen=True)
class Substitutions:
    """What stands in for this time: pipelines and templates by name, and what is added to mappings."""

    pipelines: Mapping[str, Any] = field(default_factory=dict)
    components: Mapping[str, Any] = field(default_factory=dict)
    templates: Mapping[str, Any] = field(default_factory=dict)
    mapping: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Substitutions":
        """Of the request's body. Raises Unparsable."""
        known = ("docs", *(f"{name}_substitutions" for name in _SUBSTITUTIONS), "mapping_addition")
        if unknown := [name for name in body if name not in known]:
            raise Unparsable(f"[simulate] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")
        given = {name: {} if body.get(name) is None else body[name] for name in known[1:]}
        for name, value in given.items():
            inner = value.values() if isinstance(value, Mapping) and name != "mapping_addition" else ()
            if not isinstance(value, Mapping) or not all(isinstance(each, Mapping) for each in inner):
                raise Unparsable(f"[{name}] must be an object of objects, not [{java(value)[:100]}]")
        return cls(*given.values())


class Rehearsal:
    """One rehearsal, with its substitutions. Raises what is wrong with these."""

    def __init__(
        self, indices: Indices, templates: Templates, pipelines: Pipelines, substitutions: Substitutions
    ) -> None:
        is_other = bool(substitutions.components or substitutions.templates)
        others = templates.with_others(substitutions.components, substitutions.templates) if is_other else None
        self._indices = indices if others is None else indices.imagined(others)
        self._pipelines = pipelines.with_others(substitutions.pipelines) if substitutions.pipelines else pipelines
        self._addition = substitutions.mapping

    async def run(self, items: Sequence[Item], pipeline: str | None) -> list[Body]:
        """What would become of each document, as the answer shows it."""
        found = await Prepare(self._indices, self._pipelines).rehearsed(items, pipeline)
        return await asyncio.to_thread(
            lambda: [self._told(item, made, ran) for item, (made, ran) in zip(items, found, strict=True)]
        )

    def _told(self, item: Item, made: Item | Outcome, ran: Sequence[str]) -> Body:
        if isinstance(made, Outcome):
            error = {} if made.error is None else {"error": made.error.told()}
            return {"doc": {**_shown(item), **error, "executed_pipelines": list(ran)}} if error else {"doc": None}
        return {"doc": {**_shown(made), "executed_pipelines": list(ran), **self._mapped(made)}}

    def _mapped(self, item: Item) -> Body:
        """What the mapping would make of a document: what it ignores, and why it refuses it."""
        told: Body = {}
        try:
            mapping, most = self._mapping(item.index)
            told["effective_mapping"] = {"_doc": wire} if (wire := mapping.wire()) else {}
            values = Reader(mapping, item.id or "").read(item.source or {})
            if values.added:
                values = Reader(mapping.merged(values.added, most), item.id or "").read(item.source or {})
        except ConnoteError as error:
            return {**told, "error": error.told()}
        ignored = [{"field": name} for name in sorted(values.ignored)]
        return told | ({"ignored_fields": ignored} if ignored else {})

    def _mapping(self, name: str) -> tuple[Fields, int]:
        """The mapping of the index that writes to that name would go to, and how many fields it may have."""
        try:
            record = self._indices.records[self._indices.written(name)]
            settings, body = IndexSettings.of(record), record.mapping
        except NoIndex:
            composed = self._indices.composed(name, {})
            composed = marked(composed) if self._indices.stream(name) is not None else composed
            settings, body = IndexSettings.read(composed.get("settings") or {}), composed.get("mappings") or {}
        made = Fields.read(body, self._indices.analysis(settings), settings.most_fields, settings.defaults)
        return (made.merged(self._addition, settings.most_fields) if self._addition else made), settings.most_fields


def _shown(item: Item) -> Body:
    own = {"_index": item.index, "_id": item.id, "_routing": item.routing}
    return {**{name: value for name, value in own.items() if value is not None}, "_version": -3, "_source": item.source}
