"""Templates that are there from the start, as in Elasticsearch: data streams of logs, metrics and synthetic checks.

Their components are what templates of one's own for such data are made of: fields go by their names in the Elastic
Common Schema, and other strings are keywords.

https://www.elastic.co/docs/manage-data/data-store/templates#avoid-index-pattern-collisions
https://www.elastic.co/docs/reference/ecs/ecs-field-reference
"""

from collections.abc import Mapping
from typing import Any

from connote.ingest.pipelines import LOGS

Body = dict[str, Any]
_KEYWORD: Body = {"type": "keyword", "ignore_above": 1024}
# Dates by their names, for they are strings in JSON.
_DATES = ["created", "ingested", "*_timestamp"]
_DATES += [f"*.{name}" for name in ("timestamp", "created", "ingested", "accessed", "indexed", "mtime", "ctime")]
_DATES += [f"*.{name}" for name in ("start", "end", "not_after", "not_before")]


def _rule(name: str, mapping: Mapping[str, Any], **conditions: Any) -> Body:  # noqa: ANN401 (JSON)
    return {name: {**conditions, "mapping": dict(mapping)}}


def _named(*names: str) -> list[str]:
    """Paths that end in these names."""
    return [path for name in names for path in (name, f"*.{name}")]


_STRINGS = _rule("strings_as_keywords", _KEYWORD, match_mapping_type="string")
_MESSAGES = _rule(
    "messages_as_texts", {"type": "match_only_text"}, path_match=_named("message"), match_mapping_type="string"
)
_ADDRESSES = _rule("addresses_as_ips", {"type": "ip"}, path_match=[*_named("ip"), "*_ip"], match_mapping_type="string")
_SCHEMA = [
    _MESSAGES,
    _ADDRESSES,
    _rule(
        "originals_unsearched",
        {"type": "keyword", "index": False, "doc_values": False},
        path_match="*event.original",
        match_mapping_type="string",
    ),
    _rule("dates_by_name", {"type": "date"}, path_match=_DATES, unmatch_mapping_type="object"),
    _rule("places", {"type": "geo_point"}, path_match="*.geo.location"),
    _STRINGS,
]
_STREAMED = [_MESSAGES, _ADDRESSES, _STRINGS]


def _fields(type: str) -> Body:
    """The mapping of a data stream of a type: its timestamp, and the parts of its name."""
    parts = {part: {"type": "constant_keyword"} for part in ("dataset", "namespace")}
    stream = {"properties": {"type": {"type": "constant_keyword", "value": type}, **parts}}
    return {"properties": {"@timestamp": {"type": "date"}, "data_stream": stream}}


def _component(about: str, **template: Any) -> Body:  # noqa: ANN401 (JSON)
    return {"template": template, "version": 1, "_meta": {"description": about, "managed": True}}


def _index(type: str, about: str, *components: str) -> Body:
    own = f"{type}@custom"
    return {
        "index_patterns": [f"{type}-*-*"],
        "composed_of": [f"{type}@mappings", *components, own],
        "priority": 100,
        "version": 1,
        "_meta": {"description": about, "managed": True},
        "data_stream": {"hidden": False, "allow_custom_routing": False},
        "allow_auto_create": True,
        "ignore_missing_component_templates": [own],
    }


_LENIENT = {"mapping": {"ignore_malformed": "true", "total_fields": {"ignore_dynamic_beyond_limit": "true"}}}
COMPONENT: Mapping[str, Body] = {
    "logs@mappings": _component("mappings of data streams of logs", mappings=_fields("logs")),
    "logs@settings": _component(
        "settings of data streams of logs", settings={"index": {"default_pipeline": LOGS, **_LENIENT}}
    ),
    "metrics@mappings": _component("mappings of data streams of metrics", mappings=_fields("metrics")),
    "metrics@settings": _component(
        "settings of data streams of metrics",
        settings={"index": {"mapping": {"total_fields": {"ignore_dynamic_beyond_limit": "true"}}}},
    ),
    "synthetics@mappings": _component("mappings of data streams of checks", mappings=_fields("synthetics")),
    "synthetics@settings": _component("settings of data streams of checks", settings={"index": {}}),
    "data-streams@mappings": _component(
        "strings of data streams", mappings={"date_detection": False, "dynamic_templates": _STREAMED}
    ),
    "ecs@mappings": _component(
        "fields by their names in the Elastic Common Schema",
        mappings={"date_detection": False, "dynamic_templates": _SCHEMA},
    ),
}
INDEX: Mapping[str, Body] = {
    "logs": _index("logs", "data streams of logs", "logs@settings", "ecs@mappings"),
    "metrics": _index("metrics", "data streams of metrics", "metrics@settings", "data-streams@mappings"),
    "synthetics": _index("synthetics", "data streams of checks", "synthetics@settings", "data-streams@mappings"),
}
