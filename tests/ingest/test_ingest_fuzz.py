"""Whatever a stranger puts into a pipeline and through it: a document, or a clear error, never a fault of ours."""

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connote.contract.errors import Rejected
from connote.ingest.document import Document
from connote.ingest.parse import PROCESSORS, parse
from connote.ingest.run import Failed
from connote.ingest.simulate import wire
from piped import outcomes

FIELDS: list[str] = [
    "a",
    "b.c",
    "b",
    "l",
    "l.0",
    "_ingest._value",
    "_id",
    "_index",
    "_ingest.x",
    "{{a}}",
    "",
    "a..b",
    "@timestamp",
]
TEXTS = [
    "x",
    "a,b=c d",
    "1kb",
    "%41",
    "[1]",
    '{"a": {"b": 1}}',
    "2024-01-01",
    "12",
    "true",
    "-0x1",
    "<b>t</b>",
    ".",
    "1e5",
]
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars | st.text(max_size=5) | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "d.e"]), inner, max_size=3)
    ),
    max_leaves=6,
)
scripts = st.sampled_from(
    ["ctx.a = ctx", "ctx.remove('_ingest')", "ctx._ingest = 1", "ctx.clear()", "ctx.l.add(ctx.l)", "ctx._id = [1]",
     "ctx.a.b", "ctx._ingest._value = null", "ctx.put(1, 2)", "ctx.x = /a/", "ctx.n = 0.0 / 0", "ctx.t = new Date()",
     "true", "ctx.a == 1"]
)  # fmt: skip
field = st.sampled_from(FIELDS)
separators = st.sampled_from([",", " ", "=", "\\s+", "(", "(a|aa)+$", ""])
plain_options = st.fixed_dictionaries(
    {},
    optional={
        "field": field | st.lists(field, max_size=2) | values,
        "target_field": field | values,
        "value": values,
        "copy_from": field,
        "keep": st.lists(field, max_size=2),
        "type": st.sampled_from(["integer", "long", "float", "boolean", "string", "ip", "auto", "x"]),
        **dict.fromkeys(("separator", "pattern", "field_split", "value_split", "replacement", "trim_key"), separators),
        "formats": st.lists(
            st.sampled_from(["ISO8601", "UNIX", "UNIX_MS", "TAI64N", "yyyy-MM-dd", "MMM d", "{{a}}"]), max_size=2
        ),
        "timezone": st.sampled_from(["UTC", "Europe/Paris", "+01:00", "{{a}}", "x"]),
        "target_fields": st.lists(field, max_size=3) | values,
        "source": scripts,
        "name": st.sampled_from(["mine", "other", "{{a}}"]),
        "message": st.sampled_from(["{{a}}", "x"]),
        "model_id": st.just("m"),
        "input_output": st.fixed_dictionaries({"input_field": field, "output_field": field}) | values,
        "field_map": st.dictionaries(field, field, max_size=2),
        "inference_config": st.just({"ner": {}}) | values,
        "path": field,
        "order": st.sampled_from(["asc", "desc", "x"]),
        "media_type": st.sampled_from(["text/plain", "x"]),
        **dict.fromkeys(
            ("override", "ignore_missing", "ignore_failure", "add_to_root", "allow_duplicates", "ignore_empty_value"),
            st.booleans() | values,
        ),
        "if": scripts,
        "tag": st.just("t"),
    },
)
TAKEN = {
    "set": "field value copy_from override ignore_empty_value media_type",
    "append": "field value allow_duplicates media_type",
    "remove": "field keep ignore_missing",
    "rename": "field target_field ignore_missing override",
    "convert": "field target_field type ignore_missing",
    "json": "field target_field add_to_root",
    "date": "field target_field formats timezone",
    "split": "field target_field separator ignore_missing",
    "join": "field target_field separator",
    "gsub": "field target_field pattern replacement ignore_missing",
    "dissect": "field pattern ignore_missing",
    "kv": "field target_field field_split value_split trim_key ignore_missing",
    "csv": "field target_fields separator ignore_missing",
    "inference": "model_id input_output target_field field_map inference_config ignore_missing",
    "script": "source",
    "pipeline": "name",
    "fail": "message",
    "drop": "",
    "sort": "field target_field order",
    "dot_expander": "field path override",
    "foreach": "field ignore_missing processor",
}


def processors(inner: st.SearchStrategy[dict[str, Any]] | None) -> st.SearchStrategy[dict[str, Any]]:
    def of(type: str) -> st.SearchStrategy[dict[str, Any]]:
        names = TAKEN.get(type, "field target_field ignore_missing").split()
        options = plain_options.map(
            lambda given: {k: v for k, v in given.items() if k in (*names, "if", "tag", "ignore_failure")}
        )
        if inner is not None and "processor" in names:
            options = st.builds(lambda own, one: own | {"processor": one}, options, inner)
        return options.map(lambda own: {type: own})

    return st.sampled_from(sorted(PROCESSORS)).flatmap(of)


one = processors(processors(None))


def is_taken(processor: dict[str, Any]) -> bool:
    """Whether a pipeline may have it; if not, that is told."""
    try:
        parse("mine", {"processors": [processor]}, lambda _: None)
    except Rejected as error:
        return not error.reason
    return True


sources = st.dictionaries(st.sampled_from(["a", "b", "l", "d.e", "_id"]), values, max_size=4)


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(one, max_size=4), handlers=st.lists(one, max_size=1), source=sources)
def test_no_pipeline_and_no_document_is_a_fault_of_ours(
    steps: list[dict[str, Any]], handlers: list[dict[str, Any]], source: dict[str, Any]
) -> None:
    body: dict[str, Any] = {"processors": [step for step in steps if is_taken(step)]}
    if handlers and is_taken(handlers[0]):
        body["on_failure"] = handlers
    other = parse("other", {"processors": [{"set": {"field": "o", "value": 1}}]}, lambda _: None)
    found: dict[str, Any] = {"other": other}
    found["mine"] = parse("mine", body, found.get)
    (outcome,) = outcomes(found["mine"], source)
    if isinstance(outcome, Failed):
        assert outcome.error.status == 400, outcome.error
        assert outcome.error.told()["type"]
    if isinstance(outcome, Document):
        assert orjson.dumps(wire([outcome], [outcome]))
        assert orjson.dumps(outcome.source)
