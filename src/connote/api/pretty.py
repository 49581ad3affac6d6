"""JSON as Elasticsearch prints it for people: a space before each colon, and one within what is empty."""

import re
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
# A line of orjson's: strings have no line breaks in them.
_KEY = re.compile(rb'^( *"(?:[^"\\]|\\.)*"): ', re.MULTILINE)
_EMPTY = re.compile(rb'^( *(?:"(?:[^"\\]|\\.)*" : )?[\[{])(?=[\]}],?$)', re.MULTILINE)


def printed(body: Any) -> bytes:  # noqa: ANN401 (JSON)
    """The JSON of a body, indented by two spaces, with a line break at its end."""
    return _EMPTY.sub(rb"\1 ", _KEY.sub(rb"\1 : ", orjson.dumps(body, option=_OPTIONS)))
