"""The body of a simulation, and what it shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, ParseFailed
from connote.ingest.document import METADATA, Document, now, plain
from connote.ingest.painless.values import java_class
from connote.ingest.pipeline import shown
from connote.ingest.run import Failed, Left, Outcome

# What a document has that its request leaves out; the version is Java's for "any".
NO_INDEX = "_index"
_DEFAULTS = {"_index": NO_INDEX, "_id": "_id", "_version": -3}
_MOST_DOCUMENTS = 10_000


def documents(body: Mapping[str, Any], *, verbose: bool, index: str | None = None) -> list[Document]:
    """The documents in a request's `docs`; `index` is of those that name none. Raises ParseFailed, IllegalArgument."""
    docs = body.get("docs")
    if docs is None:
        raise _wrong("docs", "required property is missing")
    if not isinstance(docs, list):
        raise _wrong("docs", f"property isn't a list, but of type [{java_class(docs)}]")
    if not 0 < len(docs) <= _MOST_DOCUMENTS:
        told = "must specify at least one document in [docs]"
        raise IllegalArgument(told if not docs else f"[docs] may have at most {_MOST_DOCUMENTS} documents")
    return [_document(doc, verbose=verbose, index=index) for doc in docs]


def given(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pipeline in a request. Raises ParseFailed."""
    found = body.get("pipeline")
    if found is None:
        raise _wrong("pipeline", "required property is missing")
    if not isinstance(found, dict):
        raise _wrong("pipeline", f"property isn't a map, but of type [{java_class(found)}]")
    return found


def _document(doc: object, *, verbose: bool, index: str | None) -> Document:
    if not isinstance(doc, dict):
        raise IllegalArgument("malformed [docs] section, should include an inner object")
    source = doc.get("_source")
    if source is None:
        raise _wrong("_source", "required property is missing")
    if not isinstance(source, dict):
        raise _wrong("_source", f"property isn't a map, but of type [{java_class(source)}]")
    metadata: dict[str, Any] = {} if index is None else {"_index": index}
    metadata |= {name: doc[name] for name in METADATA if doc.get(name) is not None}
    for name in ("_index", "_id", "_routing"):
        if isinstance(value := metadata.get(name), int | float) and not isinstance(value, bool):
            metadata[name] = str(value)
    made = Document(plain(source, "[_source]"), plain({**_DEFAULTS, **metadata}, "[docs]"), now())
    made.check()
    if verbose:
        made.trace = []
    return made


def wire(documents: Sequence[Document], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The answer: each document as it became, or with a trace what each processor made of it."""
    return {"docs": [_shown(document, outcome) for document, outcome in zip(documents, outcomes, strict=True)]}


def _shown(document: Document, outcome: Outcome) -> dict[str, Any] | None:
    if document.trace is not None:
        return {"processor_results": document.trace}
    if isinstance(outcome, Left):
        return None
    if isinstance(outcome, Failed):
        return {"error": outcome.error.wire()["error"]}
    try:
        return {"doc": shown(document)}
    except ConnoteError as error:
        return {"error": error.wire()["error"]}


def _wrong(name: str, reason: str) -> ParseFailed:
    error = ParseFailed(f"[{name}] {reason}")
    error.details = {"property_name": name}
    return error
