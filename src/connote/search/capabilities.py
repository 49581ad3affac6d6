"""What can be done with fields, over several indices: `_field_caps`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.search.mapping.field import Field
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.ranges import RANGES
from connote.search.names import fits

# By type of field, under which of them it is told; others under their own.
_FAMILIES = {
    "annotated_text": "text",
    "constant_keyword": "keyword",
    "match_only_text": "text",
    "semantic_text": "text",
    "token_count": "integer",
    "wildcard": "keyword",
}
_PLAIN = (
    "text",
    "rank_features",
    "rank_feature",
    "sparse_vector",
    "dense_vector",
    "binary",
    "search_as_you_type",
    "completion",
    "percolator",
    "rank_vectors",
    *(kind.kind for kind in RANGES),
)
# Fields of every document: type, whether it is searchable, whether it can be aggregated.
_METADATA = {
    "_id": ("_id", True, False),
    "_ignored": ("_ignored", True, True),
    "_index": ("_index", True, True),
    "_routing": ("_routing", True, False),
    "_seq_no": ("_seq_no", True, True),
    "_source": ("_source", False, False),
    "_version": ("_version", False, True),
}


@dataclass(frozen=True)
class Capability:
    """What a field is in one index."""

    type: str
    searchable: bool
    aggregatable: bool
    is_metadata: bool = False
    meta: tuple[tuple[str, str], ...] = ()


def of(mapping: Fields, patterns: Sequence[str]) -> dict[str, Capability]:
    """The fields, and objects above them, that fit one of the patterns."""
    every: dict[str, Capability] = {name: Capability(*each, is_metadata=True) for name, each in _METADATA.items()}
    for name, branch in mapping.branches.items():
        every[name] = Capability("nested" if branch.is_nested else "object", False, False)
    every |= {name: _of_field(field) for name, field in mapping.fields.items()}
    return {name: each for name, each in every.items() if any(fits(name, pattern) for pattern in patterns)}


def _of_field(field: Field) -> Capability:
    kind = _FAMILIES.get(field.kind, field.kind)
    searchable = "index" not in field.params or bool(field["index"])
    values = "doc_values" not in field.params or bool(field["doc_values"])
    meta = field["meta"] if "meta" in field.params else None
    kept = tuple(sorted((str(key), str(value)) for key, value in (meta or {}).items()))
    return Capability(kind, searchable, kind not in _PLAIN and values, meta=kept)


def joined(found: Mapping[str, Mapping[str, Capability]], *, unmapped: bool = False) -> dict[str, Any]:
    """The answer's `fields`, of what is found by index: for each its types, and where these differ the indices."""
    names = sorted({name for each in found.values() for name in each})
    return {name: _types(name, found, unmapped=unmapped) for name in names}


def _types(name: str, found: Mapping[str, Mapping[str, Capability]], *, unmapped: bool) -> dict[str, Any]:
    by_type: dict[str, dict[str, Capability]] = {}
    for index, each in found.items():
        if name in each:
            by_type.setdefault(each[name].type, {})[index] = each[name]
    told = {kind: _told(kind, own, is_only=len(by_type) == 1) for kind, own in sorted(by_type.items())}
    lacking = [index for index, each in found.items() if name not in each]
    if unmapped and lacking:
        for kind, own in by_type.items():
            told[kind]["indices"] = sorted(own)
        none = {"type": "unmapped", "metadata_field": False, "searchable": False, "aggregatable": False}
        told["unmapped"] = {**none, "indices": sorted(lacking)}
    return told


def _told(kind: str, own: Mapping[str, Capability], *, is_only: bool) -> dict[str, Any]:
    searchable = all(each.searchable for each in own.values())
    aggregatable = all(each.aggregatable for each in own.values())
    told: dict[str, Any] = {
        "type": kind,
        "metadata_field": any(each.is_metadata for each in own.values()),
        "searchable": searchable,
        "aggregatable": aggregatable,
    }
    if not is_only:
        told["indices"] = sorted(own)
    if not searchable and any(each.searchable for each in own.values()):
        told["non_searchable_indices"] = sorted(index for index, each in own.items() if not each.searchable)
    if not aggregatable and any(each.aggregatable for each in own.values()):
        told["non_aggregatable_indices"] = sorted(index for index, each in own.items() if not each.aggregatable)
    meta: dict[str, set[str]] = {}
    for each in own.values():
        for key, value in each.meta:
            meta.setdefault(key, set()).add(value)
    return {**told, "meta": {key: sorted(values) for key, values in meta.items()}} if meta else told
