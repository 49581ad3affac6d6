"""The contexts that scripts run in, as `_script_context` tells of them: what each gives, and what it sees."""

from collections.abc import Mapping
from typing import Any, NamedTuple

_MAP, _OBJECT, _NUMBER = "java.util.Map", "java.lang.Object", "java.lang.Number"
_TYPES = {"doc": _MAP, "params": _MAP, "ctx": _MAP, "state": _OBJECT, "states": "java.util.List", "_score": "double"}


class _Context(NamedTuple):
    """The type of what a script gives, what it asks getters for, and what it is called with, by type."""

    gives: str
    sees: tuple[str, ...]
    takes: Mapping[str, str] = {}


_ON_DOCUMENT, _SCORED = ("doc", "params"), ("doc", "params", "_score")
_FIELDS = ("boolean", "date", "double", "geo_point", "ip", "keyword", "long")
_PAINLESS: Mapping[str, _Context] = {
    "aggregation_selector": _Context("boolean", ("params",)),
    "aggs": _Context(_OBJECT, _SCORED),
    "aggs_combine": _Context(_OBJECT, ("params", "state")),
    "aggs_init": _Context("void", ("params", "state")),
    "aggs_map": _Context("void", (*_SCORED, "state")),
    "aggs_reduce": _Context(_OBJECT, ("params", "states")),
    "analysis": _Context("boolean", (), {"token": _MAP}),
    "bucket_aggregation": _Context(_NUMBER, ("params",)),
    "field": _Context(_OBJECT, _ON_DOCUMENT),
    "filter": _Context("boolean", _ON_DOCUMENT),
    "ingest": _Context("void", ("ctx", "params")),
    "moving-function": _Context("double", (), {"params": _MAP, "values": "double[]"}),
    "number_sort": _Context("double", _SCORED),
    "painless_test": _Context(_OBJECT, ("params",)),
    "processor_conditional": _Context("boolean", ("ctx", "params")),
    "score": _Context("double", _SCORED),
    "string_sort": _Context("java.lang.String", _SCORED),
    "terms_set": _Context(_NUMBER, _ON_DOCUMENT),
    "update": _Context("void", ("ctx", "params")),
    **{f"{kind}_field": _Context("void", _ON_DOCUMENT) for kind in _FIELDS},
}
_MUSTACHE: Mapping[str, _Context] = {
    "ingest_template": _Context("java.lang.String", ("params",)),
    "template": _Context("java.lang.String", ("params",)),
}


def contexts() -> list[dict[str, Any]]:
    """All, by name, each with its methods: `execute`, which runs the script, and getters of what it sees."""
    return [{"name": name, "methods": _methods(each)} for name, each in sorted({**_PAINLESS, **_MUSTACHE}.items())]


def languages() -> list[dict[str, Any]]:
    """The languages, each with the names of its contexts."""
    return [
        {"language": language, "contexts": sorted(own)}
        for language, own in (("mustache", _MUSTACHE), ("painless", _PAINLESS))
    ]


def _methods(context: _Context) -> list[dict[str, Any]]:
    params = [{"type": kind, "name": name} for name, kind in context.takes.items()]
    getters = [
        {"name": f"get{name[0].upper()}{name[1:]}", "return_type": _TYPES[name], "params": list[Any]()}
        for name in context.sees
    ]
    return [{"name": "execute", "return_type": context.gives, "params": params}, *getters]
