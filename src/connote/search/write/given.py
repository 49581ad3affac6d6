"""`_inference_fields`: vectors that come with a document, as they were made elsewhere, and how they are shown.

On the wire offsets count UTF-16 code units, as in Java; here code points.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from connote.chunking.words import to_utf16
from connote.contract.errors import BadDocument, ConnoteError
from connote.contract.settings import java
from connote.search import embedded
from connote.search.embedded import Chunk, Embedded, Part
from connote.search.mapping.document import Reader
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.vectors import read_weights

Texts = Mapping[str, Sequence[str]]
# What stands in a digest in place of chunking settings, since nobody knows these.
_GIVEN = "given"


def read(supplied: Any, mapping: Fields, inputs: Mapping[str, Texts]) -> dict[str, Embedded]:  # noqa: ANN401 (JSON)
    """The semantic fields in it; `inputs` are the document's texts. Raises BadDocument."""
    if not isinstance(supplied, Mapping):
        raise BadDocument(f"[1:1] [_inference_fields] must be an object, not [{java(supplied)[:100]}]")
    found = {}
    for name, value in supplied.items():
        if name not in mapping.semantic:
            raise BadDocument(f"[1:1] Field [{name}] in [_inference_fields] is not of type [semantic_text]")
        try:
            found[name] = _field(value, inputs.get(name, {}))
        except (ConnoteError, KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
            told = f"[{error.args[0]}] is missing" if isinstance(error, KeyError) else str(error)
            raise BadDocument(f"[1:1] failed to parse field [_inference_fields.{name}]: {told}") from None
    return found


def is_same(before: Embedded, texts: Texts) -> bool:
    """Whether vectors that came with a document are of these texts."""
    return (
        before.is_given
        and before.parts.keys() == texts.keys()
        and all(part.digest == _digest(texts[path], before.inference_id) for path, part in before.parts.items())
    )


def wire(fields: Mapping[str, Embedded], mapping: Fields, source: Mapping[str, Any]) -> dict[str, Any]:
    """The same as answers show it, by field."""
    inputs = Reader(mapping, "").read(source).inputs
    return {name: {"inference": _shown(name, each, mapping, inputs.get(name, {}))} for name, each in fields.items()}


def _shown(name: str, each: Embedded, mapping: Fields, texts: Texts) -> dict[str, Any]:
    field = mapping.semantic.get(name)
    cut = field["chunking_settings"] if field else None
    return {
        "inference_id": each.inference_id,
        "model_settings": each.model,
        **({"chunking_settings": dict(cut)} if cut else {}),
        "chunks": {
            path: [_chunk(chunk, to_utf16(embedded.join(texts.get(path, ())))) for chunk in part.chunks]
            for path, part in each.parts.items()
        },
    }


def _chunk(chunk: Chunk, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, Any]:
    vector: Any = chunk.vector
    if chunk.tokens is not None:
        vector = dict(zip(chunk.tokens, vector.tolist(), strict=True))
    last = len(places) - 1
    start, end = (int(places[min(at, last)]) for at in (chunk.start, chunk.end))
    return {"start_offset": start, "end_offset": end, "embeddings": vector}


def _field(value: Any, texts: Texts) -> Embedded:  # noqa: ANN401
    inference = value["inference"]
    id = str(inference["inference_id"])
    parts = {}
    for path, chunks in (inference.get("chunks") or {}).items():
        own = texts.get(path, ())
        places = to_utf16(embedded.join(own))
        parts[path] = Part(_digest(own, id), [_given(chunk, places) for chunk in chunks])
    chunks = [chunk for part in parts.values() for chunk in part.chunks]
    model = dict(inference.get("model_settings") or {}) or _guessed(chunks)
    _check(chunks, model)
    return Embedded(id, model, parts, is_given=True)


def _given(chunk: Mapping[str, Any], places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Chunk:
    start, end = (int(np.searchsorted(places, int(chunk[name]))) for name in ("start_offset", "end_offset"))
    last = len(places) - 1
    start, end, value = min(start, last), min(end, last), chunk["embeddings"]
    if isinstance(value, Mapping):
        weights = read_weights(value, "sparse_vector", "embeddings")
        numbers = np.fromiter(weights.values(), dtype=np.float32, count=len(weights))
        return Chunk(start, end, numbers.tobytes(), list(weights))
    vector = np.asarray(value, dtype=np.float32)
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise ValueError("[embeddings] must be an object of weights or an array of numbers")
    return Chunk(start, end, vector.tobytes())


def _guessed(chunks: Sequence[Chunk]) -> dict[str, Any]:
    if not chunks or chunks[0].tokens is not None:
        return {"task_type": "sparse_embedding"}
    dimensions = len(chunks[0].vector)
    return {
        "task_type": "text_embedding",
        "dimensions": dimensions,
        "similarity": "cosine",
        "element_type": "float",
    }


def _check(chunks: Sequence[Chunk], model: Mapping[str, Any]) -> None:
    """Raise ValueError unless all chunks are of the kind and size that the model settings say."""
    is_sparse, size = model.get("task_type") == "sparse_embedding", model.get("dimensions")
    for chunk in chunks:
        if (chunk.tokens is not None) != is_sparse:
            raise ValueError(f"[embeddings] are not what [task_type] says, [{model.get('task_type')}]")
        if not is_sparse and len(chunk.vector) != size:
            raise ValueError(f"[embeddings] have {len(chunk.vector)} dimensions, [model_settings] say [{size}]")


def _digest(texts: Sequence[str], endpoint: str) -> bytes:
    return embedded.digest(texts, endpoint, _GIVEN)
