"""`_inference_fields` that come with a document: vectors that were made elsewhere, or by an index before."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from connote.contract.errors import BadDocument, ConnoteError
from connote.contract.settings import java
from connote.search.embedded import Chunk, Embedded, Part
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.vectors import read_weights


def read(supplied: Any, mapping: Fields) -> dict[str, Embedded]:  # noqa: ANN401 (JSON)
    """The semantic fields in it. Raises BadDocument for what is not of their shape."""
    if not isinstance(supplied, Mapping):
        raise BadDocument(f"[1:1] [_inference_fields] must be an object, not [{java(supplied)[:100]}]")
    found = {}
    for name, value in supplied.items():
        if name not in mapping.semantic:
            raise BadDocument(f"[1:1] Field [{name}] in [_inference_fields] is not of type [semantic_text]")
        try:
            found[name] = _field(value)
        except (ConnoteError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BadDocument(f"[1:1] failed to parse field [_inference_fields.{name}]: {error}") from None
    return found


def wire(fields: Mapping[str, Embedded], chunk_settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same as answers show it, by field."""
    return {
        name: {
            "inference": {
                "inference_id": each.inference_id,
                "model_settings": each.model,
                **({"chunking_settings": chunk_settings[name]} if chunk_settings and name in chunk_settings else {}),
                "chunks": {path: [_chunk(chunk) for chunk in part.chunks] for path, part in each.parts.items()},
            }
        }
        for name, each in fields.items()
    }


def _chunk(chunk: Chunk) -> dict[str, Any]:
    vector: Any = chunk.vector
    if chunk.tokens is not None:
        vector = dict(zip(chunk.tokens, vector, strict=True))
    return {"start_offset": chunk.start, "end_offset": chunk.end, "embeddings": vector}


def _field(value: Any) -> Embedded:  # noqa: ANN401
    inference = value["inference"]
    parts = {
        path: Part(b"", [_given(chunk) for chunk in chunks]) for path, chunks in (inference.get("chunks") or {}).items()
    }
    model = dict(inference.get("model_settings") or {})
    if not model:
        first = next((chunk for part in parts.values() for chunk in part.chunks), None)
        model = {"task_type": "sparse_embedding" if first is None or first.tokens is not None else "text_embedding"}
    return Embedded(str(inference["inference_id"]), model, parts, is_given=True)


def _given(chunk: Mapping[str, Any]) -> Chunk:
    start, end, value = int(chunk["start_offset"]), int(chunk["end_offset"]), chunk["embeddings"]
    if isinstance(value, Mapping):
        weights = read_weights(value, "sparse_vector", "embeddings")
        numbers = np.fromiter(weights.values(), dtype=np.float32, count=len(weights))
        return Chunk(start, end, numbers.tobytes(), list(weights))
    vector = np.asarray(value, dtype=np.float32)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise ValueError("[embeddings] must be an object of weights or an array of numbers")
    return Chunk(start, end, vector.tobytes())
