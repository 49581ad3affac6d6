"""From the values of a document to what the engine takes."""

from collections.abc import Mapping as Object

import numpy as np

from connote.search.embedded import Embedded
from connote.search.engine.row import Fields, Row, Tokens, Vector
from connote.search.engine.segment import IGNORED
from connote.search.mapping.mapping import Mapping
from connote.search.mapping.text import Text
from connote.search.mapping.values import Values


def row(id: str, seq: int, version: int, values: Values, mapping: Mapping, embedded: Object[str, Embedded]) -> Row:
    """A document as the engine takes it; a semantic field has a row a chunk."""
    own = _fields(values, mapping)
    sparse, dense = dict(own.sparse), dict(own.dense)
    for name, each in embedded.items():
        chunks = each.chunks
        if not chunks:
            continue
        if each.is_sparse:
            sparse[name] = [chunk.sparse for chunk in chunks]
        else:
            dense[name] = np.stack([chunk.vector for chunk in chunks])
    words = {**own.words, IGNORED: sorted(values.ignored)} if values.ignored else own.words
    return Row(
        id=id,
        seq=seq,
        version=version,
        terms=own.terms,
        words=words,
        numbers=own.numbers,
        points=own.points,
        sparse=sparse,
        dense=dense,
        nested=own.nested,
    )


def _fields(values: Values, mapping: Mapping) -> Fields:
    return Fields(
        terms={name: _tokens(mapping, name, texts) for name, texts in values.texts.items()},
        words=values.words,
        numbers=values.numbers,
        points=values.points,
        sparse={name: [Vector(list(weights), list(weights.values()))] for name, weights in values.sparse.items()},
        dense=values.dense,
        nested={path: [_fields(each, mapping) for each in objects] for path, objects in values.nested.items()},
    )


def _tokens(mapping: Mapping, name: str, texts: list[str]) -> Tokens:
    field = mapping.fields[name]
    if not isinstance(field, Text):
        raise TypeError(f"{name} is no text")
    return Tokens(*field.analyzer.positioned(texts))
