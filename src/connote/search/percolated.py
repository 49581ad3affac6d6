"""What hits show of the documents that their kept queries match: slots, and highlights of these."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from connote.search import highlight
from connote.search.collect import Hit
from connote.search.query.percolate import Percolate, Percolation
from connote.search.query.query import Query

_SLOT = "_percolator_document_slot"


def percolates(query: Query) -> list[Percolate]:
    """The percolate queries in a query that is ready to run."""
    return list(_in(query))


def add(body: dict[str, Any], hit: Hit, queries: list[Percolate], wanted: highlight.Highlight | None) -> None:
    """Put slots among the hit's fields, and fragments of the documents among its highlights."""
    segment = hit.found.seen.snapshot.segments[hit.segment]
    for each in queries:
        percolation = each.percolation
        text = "" if percolation is None else percolation.query(segment, hit.document)
        if percolation is None or not text:
            continue
        slots = np.flatnonzero(percolation.hits(text).mask).tolist()
        if not slots:
            continue
        name = _SLOT if each.slot is None else f"{_SLOT}_{each.slot}"
        body.setdefault("fields", {}).update({name: slots, **_named(name, percolation, text, slots)})
        own = [] if len(queries) == 1 else [str(each.slot)]
        if wanted is not None and (parts := _highlights(percolation, text, slots, wanted, own)):
            body.setdefault("highlight", {}).update(parts)


def _in(query: Query) -> Iterator[Percolate]:
    if isinstance(query, Percolate):
        yield query
    for part in query.parts():
        yield from _in(part)


def _named(name: str, percolation: Percolation, text: str, slots: list[int]) -> Mapping[str, list[str]]:
    """By slot, which of the kept query's parts with names match the document there."""
    masks = [(str(each.name), percolation.run(each).mask) for each in percolation.parsed(text).named()]
    found = {f"{name}_{slot}_matched_queries": [told for told, mask in masks if mask[slot]] for slot in slots}
    return {key: told for key, told in found.items() if told}


def _highlights(
    percolation: Percolation, text: str, slots: list[int], wanted: highlight.Highlight, own: list[str]
) -> dict[str, list[str]]:
    """By field; before its name stand the query's `own`, and of several documents the slot."""
    kept, found = percolation.parsed(text), dict[str, list[str]]()
    for slot in slots:
        before = [*own, str(slot)] if len(percolation.documents) > 1 else own
        queries = [kept if each.query is None else each.query for each in wanted.fields]
        shown = highlight.shown(wanted, queries, percolation.documents[slot], {}, percolation.reader)
        found |= {"_".join([*before, name]): fragments for name, fragments in shown.items()}
    return found
