"""Templates, as Mustache has them."""

import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract.errors import IllegalArgument
from connote.ingest.template import FORM, JSON, TEXT, Template

VALUES: dict[str, Any] = {
    "name": "Ann",
    "quote": 'a "b" <c>',
    "n": 1.0,
    "none": None,
    "list": [{"x": 1}, {"x": 2}],
    "words": ["a", "b"],
    "deep": {"er": {"est": [5, 6]}},
    "yes": True,
    "no": False,
    "empty": [],
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("Hi {{name}}, {{ name }}!", "Hi Ann, Ann!"),
        ("{{quote}}|{{{quote}}}|{{&quote}}", 'a \\"b\\" <c>|a "b" <c>|a "b" <c>'),
        ("{{missing}}{{none}}{{deep.missing.x}}", ""),
        ("{{n}} {{deep.er.est.1}} {{words}} {{deep.er}}", "1.0 6 [a, b] {est=[5, 6]}"),
        ("{{#list}}<{{x}}{{name}}>{{/list}}", "<1Ann><2Ann>"),
        ("{{#words}}{{.}};{{/words}}", "a;b;"),
        ("{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{#empty}}e{{/empty}}{{^no}}N{{/no}}{{^missing}}10{{/missing}}", "yN10"),
        ("{{#deep}}{{#er}}{{est.0}}{{/er}}{{/deep}}", "5"),
        ("{{! a comment }}x", "x"),
        ("{{#toJson}}list{{/toJson}}", '[{"x":1},{"x":2}]'),
        ("{{#join}}words{{/join}} {{#join delimiter='-'}}words{{/join delimiter='-'}}", "a,b a-b"),
        ("{ {{name}} }", "{ Ann }"),
        ("{{unclosed", "{{unclosed"),
        ("{{=( )=}}(name) {{name}} (={{ }}=){{name}} (name)", "Ann {{name}} Ann (name)"),
        ("{{=<% %>=}}<%#list%><% x %>{<%/list%><%name", "1{2{<%name"),
    ],
)
def test_a_template_gives_its_text(source: str, expected: str) -> None:
    assert Template(source).render(VALUES) == expected


@pytest.mark.parametrize(("media_type", "expected"), [(JSON, 'a \\"b\\" <c>'), (TEXT, 'a "b" <c>'),
                                                      (FORM, "a+%22b%22+%3Cc%3E")])  # fmt: skip
def test_the_media_type_says_how_values_are_escaped(media_type: str, expected: str) -> None:
    assert Template("{{quote}}", media_type).render(VALUES) == expected


@pytest.mark.parametrize("source", ["{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{#a}}{{#b}}{{/a}}{{/b}}", "{{#a}}" * 30])
def test_a_malformed_template_is_refused(source: str) -> None:
    with pytest.raises(IllegalArgument, match="section"):
        Template(source)


@pytest.mark.parametrize("source", ["{{=}}", "{{= =}}", "{{=<%=}}", "{{=a b c=}}", "{{=<= =>=}}"])
def test_other_delimiters_are_two(source: str) -> None:
    with pytest.raises(IllegalArgument, match="delimiters of a template must be two"):
        Template(source)


@pytest.mark.parametrize("source", ["{{" + " " * 60_000, "{{=( )=}}" + "(" * 60_000, "{{{" * 20_000])
def test_what_is_never_closed_is_read_once(source: str) -> None:
    assert Template(source).render({}) == source.removeprefix("{{=( )=}}")


def test_what_becomes_too_long_is_refused() -> None:
    many = {"a": list(range(1000)), "b": "x" * 1000}
    with pytest.raises(IllegalArgument, match="at most 10000000 characters"):
        Template("{{#a}}{{#a}}{{b}}{{/a}}{{/a}}").render(many)


tags = st.sampled_from(["{{", "}}", "{{=( )=}}", "(={{ }}=)", "(a)",
                        "{{{", "}}}", "{{#a}}", "{{/a}}", "{{^b}}", "{{/b}}", "{{a.b}}", "{{.}}", "{{&a}}",
                        "{{#toJson}}a{{/toJson}}", "{{#join}}a{{/join}}"])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None, database=None)
@given(
    source=st.lists(tags | st.text(string.printable, max_size=4), max_size=8).map("".join),
    given=st.dictionaries(st.sampled_from(["a", "b"]), values),
)
def test_any_text_is_a_template_or_refused(source: str, given: dict[str, Any]) -> None:
    with suppress(IllegalArgument):
        assert isinstance(Template(source).render(given), str)
