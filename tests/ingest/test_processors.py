"""What each processor does to a document, fails with, and takes as options; most are Elasticsearch's own examples."""

from typing import Any

import pytest

from connote.contract.errors import ParseFailed, Rejected
from connote.ingest.parse import PROCESSORS
from piped import failure, pipeline, through


@pytest.mark.parametrize(
    ("type", "options", "source", "expected"),
    [
        ("set", {"field": "count", "value": 1}, {}, {"count": 1}),
        ("set", {"field": "a.b.c", "value": ["x"]}, {}, {"a": {"b": {"c": ["x"]}}}),
        ("set", {"field": "host", "value": "{{os}} {{{os.name}}}"}, {"os": {"name": "ubuntu"}},
         {"os": {"name": "ubuntu"}, "host": "{name=ubuntu} ubuntu"}),
        ("set", {"field": "{{name}}", "value": {"{{name}}": ["{{name}}"]}}, {"name": "n"},
         {"name": "n", "n": {"n": ["n"]}}),
        ("set", {"field": "a", "copy_from": "b"}, {"b": {"c": [1]}}, {"b": {"c": [1]}, "a": {"c": [1]}}),
        ("set", {"field": "a", "copy_from": "b.c", "ignore_empty_value": True}, {"a": 1}, {"a": 1}),
        ("append", {"field": "a", "copy_from": "b.c", "ignore_empty_values": True}, {"a": [1]}, {"a": [1]}),
        ("set", {"field": "a", "value": 2, "override": False}, {"a": 1}, {"a": 1}),
        ("set", {"field": "a", "value": 2, "override": False}, {"a": None}, {"a": 2}),
        ("set", {"field": "a", "value": "{{none}}", "ignore_empty_value": True}, {"a": 1}, {"a": 1}),
        ("set", {"field": "a", "value": "{{q}}"}, {"q": 'say "x"'}, {"q": 'say "x"', "a": 'say \\"x\\"'}),
        ("set", {"field": "a", "value": "{{q}}", "media_type": "text/plain"}, {"q": '"'}, {"q": '"', "a": '"'}),
        ("set", {"field": "list.1", "value": 9}, {"list": [1, 2]}, {"list": [1, 9]}),
        ("append", {"field": "tags", "value": ["production", "{{app}}"]}, {"app": "x"},
         {"app": "x", "tags": ["production", "x"]}),
        ("append", {"field": "tags", "value": "a"}, {"tags": "b"}, {"tags": ["b", "a"]}),
        ("append", {"field": "tags", "value": ["a", "c"], "allow_duplicates": False}, {"tags": ["a"]},
         {"tags": ["a", "c"]}),
        ("remove", {"field": ["a", "b.c"]}, {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3}}),
        ("remove", {"field": []}, {"a": 1}, {"a": 1}),
        ("remove", {"field": "zz", "ignore_missing": True}, {"a": 1}, {"a": 1}),
        ("remove", {"field": "l.0"}, {"l": [1, 2]}, {"l": [2]}),
        ("remove", {"keep": ["a", "b.c"]}, {"a": 1, "b": {"c": 2, "d": 3}, "e": 4, "_f": 5}, {"a": 1, "b": {"c": 2}}),
        ("rename", {"field": "provider", "target_field": "cloud.provider"}, {"provider": "x"},
         {"cloud": {"provider": "x"}}),
        ("rename", {"field": "zz", "target_field": "y", "ignore_missing": True}, {}, {}),
        ("rename", {"field": "a", "target_field": "b", "override": True}, {"a": 1, "b": 2}, {"b": 1}),
        ("lowercase", {"field": "foo"}, {"foo": ["A", "bC"]}, {"foo": ["a", "bc"]}),
        ("uppercase", {"field": "foo", "target_field": "up"}, {"foo": "a"}, {"foo": "a", "up": "A"}),
        ("trim", {"field": "foo"}, {"foo": "\t a b \n"}, {"foo": "a b"}),
        ("split", {"field": "f", "separator": "\\s+"}, {"f": "a  b c"}, {"f": ["a", "b", "c"]}),
        ("split", {"field": "f", "separator": ","}, {"f": "A,,B,,"}, {"f": ["A", "", "B"]}),
        ("split", {"field": "f", "separator": ",", "preserve_trailing": True}, {"f": "A,,B,,"},
         {"f": ["A", "", "B", "", ""]}),
        ("join", {"field": "f", "separator": "-"}, {"f": ["a", 1, 2.0, True]}, {"f": "a-1-2.0-true"}),
        ("gsub", {"field": "f", "pattern": "\\.", "replacement": "-"}, {"f": "1.2.3"}, {"f": "1-2-3"}),
        ("gsub", {"field": "f", "pattern": "(\\w+)@(\\w+)", "replacement": "$2 at $1\\$"}, {"f": "me@home"},
         {"f": "home at me$"}),
        ("html_strip", {"field": "f"}, {"f": "<p>one &amp; <b>two</b></p>"}, {"f": "\none & two\n"}),
        ("append", {"field": "f", "value": [{"a": 1, "b": 2}, [1], "x", 1], "allow_duplicates": False},
         {"f": [{"b": 2, "a": 1}, 1]}, {"f": [{"b": 2, "a": 1}, 1, [1], "x"]}),
        ("append", {"field": "f", "value": [str(n) for n in range(200_000)], "allow_duplicates": False},
         {"f": [str(n) for n in range(200_000)]}, {"f": [str(n) for n in range(200_000)]}),
        ("html_strip", {"field": "f"}, {"f": "a<!-- b -->c<!--" + "<!--" * 100_000}, {"f": "ac"}),
        ("urldecode", {"field": "f"}, {"f": "a%20b+c%C3%A9"}, {"f": "a b cé"}),
        ("bytes", {"field": "f"}, {"f": "1kb"}, {"f": 1024}),
        ("convert", {"field": "id", "type": "integer"}, {"id": "-0x1f"}, {"id": -31}),
        ("convert", {"field": "id", "type": "long"}, {"id": ["1", 2]}, {"id": [1, 2]}),
        ("convert", {"field": "id", "type": "float"}, {"id": "1.5e3"}, {"id": 1500.0}),
        ("convert", {"field": "id", "type": "boolean"}, {"id": "TRUE"}, {"id": True}),
        ("convert", {"field": "id", "type": "string", "target_field": "s"}, {"id": 1.0}, {"id": 1.0, "s": "1.0"}),
        ("convert", {"field": "id", "type": "auto"}, {"id": ["1", "1.5", "true", "x", 7]},
         {"id": [1, 1.5, True, "x", 7]}),
        ("convert", {"field": "id", "type": "ip"}, {"id": "::1"}, {"id": "::1"}),
        ("json", {"field": "s", "target_field": "t"}, {"s": '{"foo": 2000}'},
         {"s": '{"foo": 2000}', "t": {"foo": 2000}}),
        ("json", {"field": "s", "add_to_root": True}, {"s": '{"a": {"b": 1}}', "a": {"c": 2}},
         {"s": '{"a": {"b": 1}}', "a": {"b": 1}}),
        ("json", {"field": "s", "add_to_root": True, "add_to_root_conflict_strategy": "merge"},
         {"s": '{"a": {"b": 1}}', "a": {"c": 2}}, {"s": '{"a": {"b": 1}}', "a": {"c": 2, "b": 1}}),
        ("date", {"field": "d", "formats": ["dd/MM/yyyy HH:mm:ss"], "timezone": "Europe/Amsterdam",
                  "target_field": "t"},
         {"d": "12/02/2019 14:00:00"}, {"d": "12/02/2019 14:00:00", "t": "2019-02-12T14:00:00.000+01:00"}),
        ("date", {"field": "d", "formats": ["UNIX"], "target_field": "d"}, {"d": 1000.5},
         {"d": "1970-01-01T00:16:40.500Z"}),
        ("date", {"field": "d", "formats": ["UNIX_MS", "ISO8601"]}, {"d": "2024-05-01T10:00:00+02:00"},
         {"d": "2024-05-01T10:00:00+02:00", "@timestamp": "2024-05-01T08:00:00.000Z"}),
        ("date", {"field": "d", "formats": ["TAI64N"], "target_field": "d"}, {"d": "@4000000050d506482dbdf024"},
         {"d": "2012-12-22T01:00:46.767Z"}),
        ("date", {"field": "d", "formats": ["yyyy-MM-dd"], "output_format": "dd.MM.yyyy", "target_field": "d"},
         {"d": "2024-05-01"}, {"d": "01.05.2024"}),
        ("date", {"field": "d", "formats": ["strict_date_optional_time"], "target_field": "d", "timezone": "-01:00"},
         {"d": "2024-05-01T00:00:00Z"}, {"d": "2024-04-30T23:00:00.000-01:00"}),
        ("date", {"field": "d", "formats": ["MMM d HH:mm:ss"], "output_format": "MM-dd HH", "target_field": "d"},
         {"d": "May 1 10:00:00"}, {"d": "05-01 10"}),
        ("sort", {"field": "f", "order": "desc"}, {"f": [1, 3, 2]}, {"f": [3, 2, 1]}),
        ("dot_expander", {"field": "foo.bar"}, {"foo.bar": 1, "foo": {"baz": 2}}, {"foo": {"baz": 2, "bar": 1}}),
        ("dot_expander", {"field": "foo.bar"}, {"foo.bar": 2, "foo": {"bar": 1}}, {"foo": {"bar": [1, 2]}}),
        ("dot_expander", {"field": "*"}, {"a.b": 1, "c.d": 2}, {"a": {"b": 1}, "c": {"d": 2}}),
        ("kv", {"field": "m", "field_split": " ", "value_split": "="}, {"m": "ip=1.2.3.4 error=REFUSED"},
         {"m": "ip=1.2.3.4 error=REFUSED", "ip": "1.2.3.4", "error": "REFUSED"}),
        ("kv", {"field": "m", "field_split": "&", "value_split": "=", "target_field": "u", "prefix": "p_",
                "exclude_keys": ["x"], "strip_brackets": True, "trim_value": "!"},
         {"m": "a=(1)&b='2'!&x=3&a=4"}, {"m": "a=(1)&b='2'!&x=3&a=4", "u": {"p_a": ["1", "4"], "p_b": "2"}}),
        ("csv", {"field": "c", "target_fields": ["a", "b", "d"], "empty_value": "-"},
         {"c": '1,"x, ""y""",'}, {"c": '1,"x, ""y""",', "a": "1", "b": 'x, "y"', "d": "-"}),
        ("dissect", {"field": "m", "pattern": '%{clientip} %{ident} %{auth} [%{@timestamp}] "%{verb} %{request} '
                     'HTTP/%{httpversion}" %{status} %{size}'},
         {"m": '1.2.3.4 - - [30/Apr/1998:22:00:52 +0000] "GET /english/venues/cities/images/montpellier/18.gif '
               'HTTP/1.0" 200 3171'},
         {"m": '1.2.3.4 - - [30/Apr/1998:22:00:52 +0000] "GET /english/venues/cities/images/montpellier/18.gif '
               'HTTP/1.0" 200 3171', "clientip": "1.2.3.4", "ident": "-", "auth": "-",
          "@timestamp": "30/Apr/1998:22:00:52 +0000", "verb": "GET",
          "request": "/english/venues/cities/images/montpellier/18.gif", "httpversion": "1.0", "status": "200",
          "size": "3171"}),
        ("dissect", {"field": "m", "pattern": "%{ts->} %{level}"}, {"m": "1998-08-10T17:15:42,466          WARN"},
         {"m": "1998-08-10T17:15:42,466          WARN", "ts": "1998-08-10T17:15:42,466", "level": "WARN"}),
        ("dissect", {"field": "m", "pattern": "%{+name/2} %{+name/4} %{+name/3} %{+name/1}", "append_separator": ","},
         {"m": "john jacob jingleheimer schmidt"},
         {"m": "john jacob jingleheimer schmidt", "name": "schmidt,john,jingleheimer,jacob"}),
        ("dissect", {"field": "m", "pattern": "[%{ts}] [%{level}] %{*p1}:%{&p1} %{*p2}:%{&p2} %{?skip}"},
         {"m": "[2018-08-10T17:15:42,466] [ERR] ip:1.2.3.4 error:REFUSED x"},
         {"m": "[2018-08-10T17:15:42,466] [ERR] ip:1.2.3.4 error:REFUSED x", "ts": "2018-08-10T17:15:42,466",
          "level": "ERR", "ip": "1.2.3.4", "error": "REFUSED"}),
        ("foreach", {"field": "v", "processor": {"uppercase": {"field": "_ingest._value"}}}, {"v": ["foo", "bar"]},
         {"v": ["FOO", "BAR"]}),
        ("foreach", {"field": "p", "processor": {"remove": {"field": "_ingest._value.id"}}},
         {"p": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}, {"p": [{"name": "a"}, {"name": "b"}]}),
        ("foreach", {"field": "p", "processor": {"set": {"field": "_ingest._value", "value": "{{_ingest._key}}!"}}},
         {"p": {"a": 1}}, {"p": {"a": "a!"}}),
        ("foreach", {"field": "m", "processor": {"foreach": {"field": "_ingest._value.l", "processor": {
            "append": {"field": "all", "value": "{{_ingest._value}}"}}}}},
         {"m": [{"l": ["a", "b"]}, {"l": ["c"]}]}, {"m": [{"l": ["a", "b"]}, {"l": ["c"]}], "all": ["a", "b", "c"]}),
        ("script", {"source": "ctx.n = ctx.a.length() * params.by", "params": {"by": 2}}, {"a": "xy"},
         {"a": "xy", "n": 4}),
    ],
)  # fmt: skip
def test_a_processor_changes_a_document(
    type: str, options: dict[str, Any], source: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert through(source, {type: options}) == expected


@pytest.mark.parametrize(
    ("type", "options", "source", "told"),
    [
        ("set", {"field": "a", "copy_from": "zz"}, {}, "field [zz] not present as part of path [zz]"),
        ("set", {"field": "a.b", "value": 1}, {"a": "x"},
         "cannot set [b] with parent object of type [java.lang.String] as part of path [a.b]"),
        ("set", {"field": "a.9", "value": 1}, {"a": [1]},
         "[9] is out of bounds for array with length [1] as part of path [a.9]"),
        ("set", {"field": "_id", "value": 5}, {}, "_id must be null or a String but was [5]"),
        ("set", {"field": "{{none}}", "value": 5}, {}, "path cannot be null nor empty"),
        ("remove", {"field": "a.b"}, {"a": {}}, "field [b] not present as part of path [a.b]"),
        ("rename", {"field": "a", "target_field": "b"}, {}, "field [a] doesn't exist"),
        ("rename", {"field": "a", "target_field": "b"}, {"a": 1, "b": 2}, "field [b] already exists"),
        ("lowercase", {"field": "a"}, {"a": 1},
         "field [a] of type [java.lang.Integer] cannot be cast to [java.lang.String]"),
        ("lowercase", {"field": "a"}, {"a": None}, "field [a] is null, cannot process it."),
        ("split", {"field": "a", "separator": ","}, {"a": None}, "field [a] is null, cannot split."),
        ("split", {"field": "a", "separator": "(b|bb)+$"}, {"a": "b" * 60 + "c"}, "took longer than 1 s"),
        ("join", {"field": "a", "separator": ","}, {"a": "x"}, "cannot be cast to [java.util.List]"),
        ("gsub", {"field": "a", "pattern": "a", "replacement": "$3"}, {"a": "a"}, "No group 3"),
        ("urldecode", {"field": "a"}, {"a": "%zz"}, "Illegal hex characters"),
        ("bytes", {"field": "a"}, {"a": "1 elephant"}, "must be a number of bytes or a size such as [64mb]"),
        ("convert", {"field": "a", "type": "integer"}, {"a": "1.5"}, "unable to convert [1.5] to integer"),
        ("convert", {"field": "a", "type": "double"}, {"a": "1" * 500_000 + "x"}, "unable to convert [111"),
        ("convert", {"field": "a", "type": "integer"}, {"a": "99999999999"},
         "unable to convert [99999999999] to integer"),
        ("convert", {"field": "a", "type": "boolean"}, {"a": "yes"},
         "[yes] is not a boolean value, cannot convert to boolean"),
        ("convert", {"field": "a", "type": "ip"}, {"a": "1.2.3"}, "'1.2.3' is not an IP string literal."),
        ("json", {"field": "a"}, {"a": "{"}, "field [a] holds no JSON"),
        ("json", {"field": "a", "add_to_root": True}, {"a": "[1]"}, "cannot add non-map fields to root of document"),
        ("json", {"field": "a"}, {"a": "[" * 200 + "]" * 200}, "nested more than 100 deep"),
        ("date", {"field": "a", "formats": ["yyyy"]}, {"a": "soon"}, "unable to parse date [soon]"),
        ("date", {"field": "a", "formats": ["UNIX"]}, {"a": "1e300"}, "unable to parse date [1e300]"),
        ("date", {"field": "a", "formats": ["yyyy"], "timezone": "{{z}}"}, {"a": "1", "z": "Mars"},
         "[Mars] is not known"),
        ("sort", {"field": "a"}, {"a": [1, "x"]}, "several types"),
        ("dissect", {"field": "a", "pattern": "%{x}-%{y}"}, {"a": "z"},
         "Unable to find match for dissect pattern: %{x}-%{y} against source: z"),
        ("foreach", {"field": "a", "processor": {"drop": {}}}, {"a": 1}, "cannot be cast to [java.util.List]"),
        ("kv", {"field": "a", "field_split": " ", "value_split": "="}, {"a": "x"}, "does not contain value_split [=]"),
        ("pipeline", {"name": "nowhere"}, {}, "Pipeline processor configured for non-existent pipeline [nowhere]"),
    ],
)  # fmt: skip
def test_a_processor_fails_in_elasticsearchs_words(
    type: str, options: dict[str, Any], source: dict[str, Any], told: str
) -> None:
    found = failure(source, {type: options})
    assert found.startswith("illegal_argument_exception: ")
    assert told in found


def test_what_a_script_does_to_its_params_is_over_with_it() -> None:
    step = {"script": {"source": "params.l.add(1); ctx.n = params.l.size()", "params": {"l": []}}}
    assert through({}, step) == through({}, step) == {"n": 1}


def test_a_document_can_be_failed_on_purpose() -> None:
    assert failure({"a": "x"}, {"fail": {"message": "no {{a}}"}}) == "fail_processor_exception: no x"


def test_a_script_that_makes_what_is_no_json_fails_and_leaves_a_document() -> None:
    processor = {"script": {"source": "ctx.a = 1; ctx.self = ctx; ctx.p = /x/", "ignore_failure": True}}
    assert through({"b": 2}, processor) == {"b": 2, "a": 1}
    assert "script_exception" in failure({}, {"script": "ctx.a.b = 1"})


@pytest.mark.parametrize(
    ("processor", "reason", "property_name"),
    [
        ({"set": {"value": 1}}, "[field] required property is missing", "field"),
        ({"set": {"field": 1, "value": 1}},
         "[field] property isn't a string, but of type [java.lang.Integer]", "field"),
        ({"set": {"field": "a"}}, "[value] required property is missing", "value"),
        ({"set": {"field": "a", "value": 1, "override": 1}},
         "[override] property isn't a boolean, but of type [java.lang.Integer]", "override"),
        ({"set": {"field": "a", "value": 1, "copy_from": "b"}},
         "[copy_from] cannot set both `copy_from` and `value` in the same processor", "copy_from"),
        ({"set": {"field": "a", "value": "{{#a}}"}}, "[value] Invalid template: the section [a]", "value"),
        ({"set": {"field": "a..b", "value": 1}}, "[field] path [a..b] is not valid", "field"),
        ({"set": {"field": "a", "value": 1, "x": 1, "y": 2}},
         "processor [set] doesn't support one or more provided configuration parameters [x, y]", None),
        ({"convert": {"field": "a", "type": "blob"}},
         "[type] type [blob] not supported, cannot convert field.", "type"),
        ({"gsub": {"field": "a", "pattern": "(", "replacement": ""}}, "[pattern] Invalid regex pattern.", "pattern"),
        ({"date": {"field": "a", "formats": ["'"]}}, "[formats] Invalid format", "formats"),
        ({"json": {"field": "a", "target_field": "b", "add_to_root": True}},
         "[target_field] Cannot set a target field while also setting `add_to_root` to true", "target_field"),
        ({"foreach": {"field": "a", "processor": {"drop": {}, "fail": {"message": ""}}}},
         "[processor] Must specify exactly one processor type", "processor"),
        ({"set": {"field": "a", "value": 1, "on_failure": []}}, "[on_failure] processors list cannot be empty",
         "on_failure"),
        ({"script": {"source": "1", "lang": "python"}}, "[lang] script_lang not supported [python]", "lang"),
        ({"script": {"id": "a", "source": "1"}}, "[source] give [source] or [id]", "source"),
        ({"inference": {}}, "[model_id] required property is missing", "model_id"),
        ({"inference": {"model_id": "m", "input_output": []}},
         "[input_output] property cannot be empty at least one is required", "input_output"),
        ({"inference": {"model_id": "m", "target_field": "x",
                        "input_output": {"input_field": "a", "output_field": "b"}}},
         "[target_field] option is incompatible with [input_output]. Use the [output_field] option", "target_field"),
        ({"inference": {"model_id": "m", "input_output": [{"input_field": "a", "output_field": "b"},
                                                          {"input_field": "a", "output_field": "c"}]}},
         "[input_field] names must be unique but [a] is repeated", "input_field"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_options_is_told_at_once(
    processor: dict[str, Any], reason: str, property_name: str | None
) -> None:
    ((type, options),) = processor.items()
    with pytest.raises(ParseFailed) as caught:
        pipeline({type: options | {"tag": "here"}})
    told = caught.value.told()
    assert reason in told["reason"]
    assert told["type"] == "parse_exception"
    assert (told.get("property_name"), told["processor_type"], told["processor_tag"]) == (property_name, type, "here")


def test_an_unknown_processor_is_refused() -> None:
    with pytest.raises(ParseFailed, match=r"No processor type exists with name \[blink\]"):
        pipeline({"blink": {}})


def test_an_unknown_kind_of_inference_is_refused() -> None:
    with pytest.raises(Rejected, match=r"unrecognized inference configuration type \[dreaming\]"):
        pipeline({"inference": {"model_id": "m", "inference_config": {"dreaming": {}}}})


@pytest.mark.parametrize("type", PROCESSORS)
def test_no_processor_takes_an_option_that_nobody_reads(type: str) -> None:
    with pytest.raises(Rejected):
        pipeline({type: {"no_such_option": 1}})
