"""Templates: what stands for a value becomes that value and nothing else, whatever it holds."""

import json
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connote.services.template import JsonTemplate, Slot, Template

names = st.text("abcXYZ019_.-", min_size=1, max_size=8)
# Hostile on purpose: what templates, JSON, URLs and headers are made of.
texts = st.one_of(st.text(), st.text('${}"\\,:[]{}abc\r\n', max_size=20), st.sampled_from(["${a}", '", "b": "', "${"]))
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(texts, names), max_size=5), texts, texts)
def test_a_text_keeps_what_is_no_template_and_does_not_look_at_values_again(
    pairs: list[tuple[str, str]], last: str, value: str
) -> None:
    assume(not any("${" in plain for plain, _ in pairs) and "${" not in last)
    template = Template.parse("".join(f"{plain}${{{name}}}" for plain, name in pairs) + last)
    assert list(template.names) == [name for _, name in pairs]
    assert template.fill(dict.fromkeys(template.names, value)) == "".join(plain + value for plain, _ in pairs) + last


@given(texts)
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    for kind in (Template, JsonTemplate):
        with suppress(ValueError):
            assert "${" in text or not kind.parse(text).names


@given(values, names, values)
def test_json_is_what_it_was_with_values_in_their_places(around: object, name: str, value: object) -> None:
    assume(value is not None and "${" not in json.dumps(around))
    template = JsonTemplate.parse(f'{{"before": {json.dumps(around)}, "here": [${{{name}}}], "last": ${{{name}}}}}')
    assert template.fill({name: value}) == {"before": around, "here": [value], "last": value}


@given(texts, texts)
def test_what_is_sent_has_one_value_where_the_template_is(before: str, value: str) -> None:
    """Also where the text before it tries to open a string that the value would close."""
    with suppress(ValueError):
        filled = JsonTemplate.parse(f'[{before}${{x}}, "end"]').fill({"x": value})
        assert filled[-2:] == [value, "end"] or "${" in before


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "${x}"}',  # quotes around it
        '{"a": "b ${x}"}',
        '{"a": "${x} b"}',
        r'["a\${x}, "b"]',  # its quote escaped, to end the string elsewhere
        r'["\${x}, "b"]',
        "{${x}: 1}",  # the name of a member
        '{"a": ${x}${x}}',
        '{"a": 1${x}}',
        '{"a": ${x}',
        "${",
        "${x",
        "${x y}",
        '["${}"]',
        "",
        "[" * 65 + "${x}" + "]" * 65,
        "[" * 5000,
    ],
)
def test_a_template_that_is_no_whole_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"template|JSON|deeper"):
        JsonTemplate.parse(text)


def test_members_and_elements_without_a_value_are_left_out() -> None:
    template = JsonTemplate.parse('{"n": ${n}, "list": [${n}, 1, ${s}], "deep": {"n": ${n}}}')
    assert template.fill({"s": "text"}) == {"list": [1, "text"], "deep": {}}
    assert JsonTemplate.parse("${n}").tree == Slot("n")
    assert JsonTemplate.parse("${n}").fill({}) is None
