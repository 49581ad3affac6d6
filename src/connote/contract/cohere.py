"""Cohere's protocol as connote speaks it to clients, releases 1 and 2: https://docs.cohere.com/reference/about.

What is asked for and cannot be passed on is refused, never silently left out.
"""

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from connote.contract import requests
from connote.contract.body import about, meant, read
from connote.contract.content import Content, Item
from connote.contract.errors import ConnoteError, IllegalArgument, Unparsable
from connote.contract.results import Dense, Ranked, Usage

# Accepted and left out: how early Cohere would handle the request.
IGNORED = frozenset({"priority"})
# Not passed on, so that only values are accepted that ask for nothing, beside null.
NEUTRAL: Mapping[str, Sequence[Any]] = {
    "max_chunks_per_doc": (10,),
    "max_tokens": (),
    "max_tokens_per_doc": (4096,),
    "rank_fields": (["text"],),
    "relevant_spans": (),
}
INPUT_TYPES = {
    "search_document": "ingest",
    "search_query": "search",
    "classification": "classification",
    "clustering": "clustering",
    "image": None,
}
# What each kind of vector can be had as.
_FORMS: Mapping[str, Sequence[str]] = {"float": ("float", "base64"), "byte": ("int8",), "bit": ("binary",)}


class ImageUrl(msgspec.Struct, forbid_unknown_fields=True):
    """A picture as a `data:` URL."""

    url: str


class ImagePart(msgspec.Struct, tag="image_url", forbid_unknown_fields=True):
    """A picture in an input."""

    image_url: ImageUrl


class TextPart(msgspec.Struct, tag="text", forbid_unknown_fields=True):
    """A text in an input."""

    text: str


class EmbedInput(msgspec.Struct, forbid_unknown_fields=True):
    """What becomes one vector."""

    content: list[TextPart | ImagePart]


class EmbedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked of `/v1/embed` and `/v2/embed`; without `model` the default model answers."""

    model: str | None = None
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"] | None = None
    texts: list[str] | None = None
    images: list[str] | None = None
    inputs: list[EmbedInput] | None = None
    output_dimension: int | None = None
    embedding_types: list[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]] | None = None
    truncate: Literal["END", "NONE"] | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "EmbedRequest":
        """The request in a JSON body. Raises Unparsable, IllegalArgument for what is not passed on."""
        return read(meant(body, IGNORED, NEUTRAL), cls, "embed")

    def contents(self) -> tuple[list[Content], str]:
        """The inputs, and the field in which they came. Raises Unparsable unless there is one such field."""
        ways: dict[str, list[Content] | None] = {
            "texts": None if self.texts is None else requests.contents(self.texts),
            "images": None if self.images is None else [(Item("image", image),) for image in self.images],
            "inputs": None if self.inputs is None else [tuple(map(_item, each.content)) for each in self.inputs],
        }
        given = [(contents, field) for field, contents in ways.items() if contents is not None]
        if len(given) != 1:
            raise Unparsable(f"[embed] give one of [{', '.join(ways)}]")
        return given[0]


def _item(part: TextPart | ImagePart) -> Item:
    return Item("text", part.text) if isinstance(part, TextPart) else Item("image", part.image_url.url)


def embedded(result: Dense, asked: EmbedRequest, release: str, warnings: Sequence[str]) -> dict[str, Any]:
    """The answer of `/v1/embed` or `/v2/embed`. Raises IllegalArgument for other vectors than there are."""
    result.check(asked.output_dimension, "output_dimension")
    forms = _FORMS[result.element]
    wished = asked.embedding_types or forms[:1]
    if others := [form for form in wished if form not in forms]:
        told = f"[embedding_types] has [{others[0]}]; the endpoint gives [{', '.join(forms)}]"
        raise about("embedding_types", IllegalArgument(told))
    is_by_type = release == "2" or asked.embedding_types is not None
    by_type = {form: [_row(row, form) for row in result.vectors] for form in wished}
    return {
        "response_type": "embeddings_by_type" if is_by_type else "embeddings_floats",
        "id": _id(),
        "embeddings": by_type if is_by_type else by_type[wished[0]],
        "texts": asked.texts or [],
        "meta": _meta(release, {"billed_units": {"input_tokens": result.usage.read}}, warnings),
    }


def _row(row: "np.ndarray[Any, Any]", form: str) -> Any:  # noqa: ANN401 (JSON)
    return base64.b64encode(row.astype("<f4").tobytes()).decode() if form == "base64" else row


class RerankRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked of `/v1/rerank` and `/v2/rerank`; without `model` the default model answers."""

    query: str
    documents: list[str | dict[str, Any]]
    model: str | None = None
    top_n: int | None = None
    return_documents: bool | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "RerankRequest":
        """The request in a JSON body. Raises Unparsable, IllegalArgument for what is not passed on."""
        return read(meant(body, IGNORED, NEUTRAL), cls, "rerank")

    def texts(self) -> list[str]:
        """The documents' texts. Raises Unparsable for a document without."""
        found = [document if isinstance(document, str) else document.get("text") for document in self.documents]
        for at, text in enumerate(found):
            if not isinstance(text, str):
                where = f"documents[{at}]"
                raise about(where, Unparsable(f"[rerank] [{where}] must be a text or an object that has [text]"))
        return [str(text) for text in found]


def reranked(result: Ranked, asked: RerankRequest, release: str, warnings: Sequence[str]) -> dict[str, Any]:
    """The answer of `/v1/rerank` or `/v2/rerank`."""
    found = []
    for rank in result.ranks:
        document = asked.documents[rank.index]
        shown = {"document": {"text": document} if isinstance(document, str) else document}
        score = {"index": rank.index, "relevance_score": np.float32(rank.score)}
        found.append(score | shown if asked.return_documents else score)
    usage = {"tokens": {"input_tokens": result.usage.read}}
    return {"id": _id(), "results": found, "meta": _meta(release, usage, warnings)}


def usage(told: Usage) -> dict[str, Any]:
    """The tokens of a chat."""
    counted = {"input_tokens": told.read, "output_tokens": told.written}
    return {"billed_units": counted, "tokens": counted}


def error(told: ConnoteError) -> dict[str, Any]:
    """A failure as Cohere tells it."""
    return {"message": told.reason}


def _meta(release: str, counted: Mapping[str, Any], warnings: Sequence[str]) -> dict[str, Any]:
    meta = {"api_version": {"version": release}, **counted}
    return meta | {"warnings": list(warnings)} if warnings else meta


def _id() -> str:
    return str(uuid.uuid4())
