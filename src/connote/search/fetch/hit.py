"""What an answer shows of a hit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from connote.contract import dates
from connote.contract.errors import ConnoteError, SearchFailed
from connote.search import columns
from connote.search.beside import Beside
from connote.search.collect import Found, Hit
from connote.search.fetch import fields as shown_fields
from connote.search.fetch.docvalues import docvalues
from connote.search.fetch.fields import INFERENCE, Wanted
from connote.search.fetch.page import Document, Page
from connote.search.fetch.stored import stored
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.names import fits
from connote.search.query.query import Hits
from connote.search.request import SearchRequest


def fetched(hits: Sequence[Hit], request: SearchRequest, beside: Beside) -> list[dict[str, Any]]:
    """The hits as the answer shows them."""
    every = {id(hit.found): hit.found for hit in hits}
    pages = {key: Page(found, [hit for hit in hits if hit.found is found]) for key, found in every.items()}
    adds = {key: beside.adds(found, request) for key, found in every.items()}
    named, shown = Named(), []
    for hit in hits:
        page = pages[id(hit.found)]
        body = _shown(hit, page.routing(hit), request, named)
        shown.append(body)
        if not (request.shows_more or adds[id(hit.found)]):
            continue
        document = Document(page, hit)
        body |= _values(hit, document, request)
        beside.add(body, hit, request, document, partial(fetched, beside=beside))
        body |= _told(hit, request)
    return shown


def _shown(hit: Hit, routing: str | None, request: SearchRequest, named: "Named") -> dict[str, Any]:
    """Which document it is, and its score."""
    found = hit.found
    segment = found.seen.snapshot.segments[hit.segment]
    body: dict[str, Any] = {"_index": found.seen.index.name, "_id": segment.ids[hit.document]}
    if request.version:
        body["_version"] = int(segment.versions[hit.document])
    if request.seq_no:
        body |= {"_seq_no": hit.seq, "_primary_term": 1}
    body["_score"] = np.float32(hit.score) if request.is_scored else None
    if routing is not None:
        body["_routing"] = routing
    if segment.ignored is not None and (ignored := _ignored(hit)):
        body["_ignored"] = ignored
    if names := named.of(hit):
        body["matched_queries"] = names if request.scores_names else list(names)
    return body


def _ignored(hit: Hit) -> list[str]:
    """Which of its fields had to leave a value out."""
    words = hit.found.seen.snapshot.segments[hit.segment].ignored
    return [] if words is None else [words.terms[at] for at in words.ordinals[words.owners.of(hit.document)].tolist()]


def _told(hit: Hit, request: SearchRequest) -> dict[str, Any]:
    """Why it is where it is."""
    body, found = dict[str, Any](), hit.found
    if request.explain:
        body["_explanation"] = _why(hit)
    if len(request.sort) > request.hidden:
        pairs = list(zip(found.clauses, hit.values, strict=True))[: len(request.sort) - request.hidden]
        body["sort"] = [value if each is None else each.shown(value) for each, value in pairs]
    return body


def _values(hit: Hit, document: Document, request: SearchRequest) -> dict[str, Any]:
    """`_source` and `fields`."""
    body, mapping = dict[str, Any](), hit.found.seen.reader.mapping
    if request.shows_source and mapping.shown.is_shown:
        shown, inference = mapping.shown.apply(document.source), dict[str, Any]()
        if (request.shows_inference or request.source.excludes_vectors is False) and document.kept:
            inference = {INFERENCE: shown_fields.inference_fields(document.kept, mapping, document.source)}
        if request.source.excludes_vectors is False:
            shown = {**shown, **inference}
        source = request.source.settled(hit.found.seen.index.settings.excludes_vectors)
        body["_source"] = source.apply(shown, mapping.vectors)
        if request.shows_inference:
            body["_source"] |= inference
    found = dict[str, Any]()
    if request.fields or request.docvalue_fields:
        found |= shown_fields.values(request.fields, document.source, mapping)
        found |= docvalues(request.docvalue_fields, document.source, mapping)
        found |= _columns([*request.fields, *request.docvalue_fields], hit)
        if left := shown_fields.left_out(request.fields, _ignored(hit), document.source, mapping):
            body["ignored_field_values"] = left
    if request.stored_fields:
        found |= stored(request.stored_fields, document.source, mapping)
    if request.scripts:
        found |= _scripted(hit, request)
    if found:
        body["fields"] = found
    return body


def _columns(wanted: Sequence[Wanted], hit: Hit) -> dict[str, list[Any]]:
    """The values of runtime fields."""
    seen, found = hit.found.seen, dict[str, list[Any]]()
    for name, each in seen.reader.mapping.runtime.items():
        form = next((own for own in wanted if fits(name, own.pattern)), None)
        if form is not None:
            values = columns.shown(seen.snapshot.segments[hit.segment], name, hit.document)
            if values:
                found[name] = [_formatted(each.field, value, form.format) for value in values]
    return found


def _formatted(field: Field, value: Any, form: str | None) -> Any:  # noqa: ANN401
    if isinstance(field, Date):
        return dates.render(value, form or field["format"])
    return shown_fields.formatted(field, value, form)


def _scripted(hit: Hit, request: SearchRequest) -> dict[str, list[Any]]:
    """What the request's scripts make of the hit. Raises SearchFailed."""
    seen, found = hit.found.seen, dict[str, list[Any]]()
    for name, each in request.scripts.items():
        try:
            values = each.values(seen.reader, seen.snapshot.segments[hit.segment], hit.document, hit.score)
        except ConnoteError as error:
            raise SearchFailed({seen.index.name: error}) from None
        if values is not None:
            found[name] = values
    return found


def _why(hit: Hit) -> dict[str, Any] | None:
    if hit.why is not None:
        return hit.why.wire()
    found = hit.found
    why = found.weight.explain(found.seen.snapshot.segments[hit.segment], hit.document)
    return why.wire() if why else None


@dataclass
class Named:
    """Which of the queries with names a hit matches, and with what score; each runs once over a segment."""

    known: dict[tuple[int, int], list[tuple[str, Hits]]] = field(default_factory=dict)

    def of(self, hit: Hit) -> dict[str, np.float32]:
        """The scores by name."""
        key = id(hit.found), hit.segment
        if key not in self.known:
            self.known[key] = list(self._hits(hit.found, hit.segment))
        return {name: hits.points()[hit.document] for name, hits in self.known[key] if hits.mask[hit.document]}

    def _hits(self, found: Found, segment: int) -> Iterator[tuple[str, Hits]]:
        table, queries = found.seen.snapshot.segments[segment], [*found.query.named()]
        if found.post is not None:
            queries += found.post.named()
        for each in queries:
            yield str(each.name), replace(each, name=None).weigh(found.seen.reader).run(table, scored=True)
