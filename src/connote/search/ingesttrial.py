"""Indexing that is only tried: what pipelines make of documents, and whether the mapping would take them.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-simulate-ingest
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import ConnoteError, NoIndex
from connote.ingest.pipelines import Pipelines
from connote.search.indices import Indices
from connote.search.mapping.document import Reader
from connote.search.mapping.mapping import Mapping as Mapped
from connote.search.settings import IndexSettings
from connote.search.templates import Templates
from connote.search.write.item import Item
from connote.search.write.operation import Outcome
from connote.search.write.prepare import Prepare

Bodies = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Substitutes:
    """What stands in place of what is kept, by name, and what the mapping has besides."""

    pipelines: Bodies = field(default_factory=dict)
    components: Bodies = field(default_factory=dict)
    templates: Bodies = field(default_factory=dict)
    mapping: Mapping[str, Any] = field(default_factory=dict)


class Trial:
    """One try. With other templates an index is as these would make it, even if it is there."""

    def __init__(self, indices: Indices, pipelines: Pipelines, templates: Templates, substitutes: Substitutes) -> None:
        """Raises what is wrong with a substitute."""
        self._indices, self._substitutes = indices, substitutes
        self._templates = templates.substituted(substitutes.components, substitutes.templates)
        prepare = Prepare(indices, pipelines.substituted(substitutes.pipelines), self._settings)
        self._prepare = prepare

    async def run(self, items: Sequence[Item], pipeline: str | None) -> list[dict[str, Any]]:
        """By document what it became, the pipelines that it met, and what is wrong with it, as the answer shows it."""
        tried = await self._prepare.tried(items, pipeline)
        return [await self._told(item, made, ran) for item, (made, ran) in zip(items, tried, strict=True)]

    async def _told(self, given: Item, made: Item | Outcome, ran: Sequence[str]) -> dict[str, Any]:
        after = made if isinstance(made, Item) else given
        body = {"_id": after.id, "_index": after.index, "_version": -3, "_source": after.source}
        told: dict[str, Any] = {"executed_pipelines": list(ran)}
        try:
            if isinstance(made, Outcome) and made.error is not None:
                raise made.error
            if isinstance(made, Item):
                told |= await self._mapped(made)
        except ConnoteError as error:
            told["error"] = error.told()
        return {"doc": {**body, **told}}

    async def _mapped(self, item: Item) -> dict[str, Any]:
        """What the mapping leaves out, and what it would be afterwards. Raises BadDocument."""
        mapping, source = await self._mapping(item.index), item.source or {}
        values = Reader(mapping, item.id or "").read(source)
        if values.added:
            mapping = mapping.merged(values.added)
            values = Reader(mapping, item.id or "").read(source)
        told = {"ignored_fields": [{"field": name} for name in sorted(values.ignored)]} if values.ignored else {}
        wire = mapping.wire()
        return {**told, "effective_mapping": {"_doc": wire} if wire else {}}

    async def _mapping(self, name: str) -> Mapped:
        """Of the index that is there, or that would be made."""
        try:
            mapping = None if self._has_templates else (await self._indices.open(self._indices.written(name))).mapping
        except NoIndex:
            mapping = None
        if mapping is None:
            settings = self._settings(name)
            given = self._templates.compose(name, {}).get("mappings") or {}
            mapping = Mapped.read(given, self._indices.analysis(settings), settings.most_fields, settings.defaults)
        return mapping.merged(self._substitutes.mapping) if self._substitutes.mapping else mapping

    @property
    def _has_templates(self) -> bool:
        return bool(self._substitutes.components or self._substitutes.templates)

    def _settings(self, name: str) -> IndexSettings:
        if not self._has_templates:
            return self._indices.upcoming(name)
        return IndexSettings.read(self._templates.compose(name, {}).get("settings") or {})
