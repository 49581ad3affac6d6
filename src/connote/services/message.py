"""What the service `custom` sends: texts and JSON with templates, checked when they are set and again once filled.

Nothing that is put in leaves its place: in JSON it is one value, in a URL it is percent-encoded and no step up, in a
header it has no line breaks. The host of a URL has no templates: who may change what they stand for, but not see the
secrets, could have these sent elsewhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from connote.contract.errors import Rejected
from connote.contract.settings import SERVICE_SETTINGS, wrong_url
from connote.services.template import JsonTemplate, Template

Values = Mapping[str, Any]

_URL = re.compile(r"(https?://[^/?#]*)([^?#]*)([^#]*)")
# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# They say where a request goes and where it ends.
_FRAMING = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_NO_HEADER = "it has characters that cannot stand in an HTTP header"


@dataclass(frozen=True)
class Message:
    """The templates of a request; `params` are pairs."""

    url: str
    headers: Mapping[str, str]
    params: Sequence[Any]
    body: str

    def problems(self) -> Iterator[tuple[str, str]]:
        """Settings that are wrong whatever they are filled with, and why."""
        for name, text in self._texts():
            try:
                Template.parse(text)
            except ValueError as error:
                yield name, str(error)
                return
        parts = _URL.fullmatch(self.url)
        if reason := wrong_url(_emptied(self.url) if parts else ""):
            yield "url", reason
        elif parts and "${" in parts[1]:
            yield "url", "its host must be written out, without templates"
        for name, text in self.headers.items():
            if is_reserved(name):
                yield "headers", f"[{name}] cannot be set"
            elif _is_no_header(_emptied(text)):
                yield f"headers.{name}", _NO_HEADER
        if not all(map(_is_pair, self.params)):
            yield "query_parameters", "it must be a list of pairs of strings, a name without templates and a value"
        try:
            JsonTemplate.parse(self.body)
        except ValueError as error:
            yield "request", str(error)

    def names(self) -> Iterator[tuple[str, Sequence[str], bool]]:
        """Which settings need which names, and whether their values must be texts."""
        for name, text in self._texts():
            yield name, Template.parse(text).names, True
        yield "request", JsonTemplate.parse(self.body).names, False

    def address(self, values: Values) -> str:
        """The URL. Raises Rejected for values that do not fit into it, without telling them."""
        parts = _URL.fullmatch(self.url)
        assert parts is not None  # noqa: S101 (a problem if it were so)
        path, query = Template.parse(parts[2]), Template.parse(parts[3])
        filled = parts[1] + path.fill({name: quote(_text(name, values) or "", safe="/") for name in path.names})
        if any(step in (".", "..") for step in filled.split("/")):
            raise _no_url("it has a step [.] or [..] in its path")
        filled += query.fill({name: quote(_text(name, values) or "", safe="") for name in query.names})
        for name, text in self.params:
            if (value := _filled(text, values)) is not None:
                filled += f"{'&' if '?' in filled else '?'}{quote(name, safe='')}={quote(value, safe='')}"
        return _checked(filled)

    def headed(self, values: Values) -> dict[str, str]:
        """The headers that have a value. Raises Rejected for values that do not fit into one."""
        headers = {}
        for name, text in self.headers.items():
            value = _filled(text, values)
            if value is not None and _is_no_header(value):
                raise Rejected(
                    f"[{SERVICE_SETTINGS}] Invalid value received for field [headers.{name}]. Error: {_NO_HEADER}"
                )
            if value is not None:
                headers["Content-Type" if name.lower() == "content-type" else name] = value.strip(" ")
        return headers

    def json(self, values: Values) -> Any:  # noqa: ANN401 (JSON)
        """The body."""
        return JsonTemplate.parse(self.body).fill(values)

    def _texts(self) -> Iterator[tuple[str, str]]:
        yield "url", self.url
        yield from ((f"headers.{name}", text) for name, text in self.headers.items())
        yield from ((f"query_parameters.{pair[0]}", pair[1]) for pair in self.params if _is_pair(pair))


def is_reserved(header: str) -> bool:
    """Whether a header is not for users to set: it says where a request goes or ends, or its name is none."""
    return not _TOKEN.fullmatch(header) or header.lower() in _FRAMING


def as_text(value: Any) -> str | None:  # noqa: ANN401 (JSON)
    """How a value stands in a text; None for a list or an object, which do not."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode() if isinstance(value, bool | int | float) else None


def _emptied(text: str) -> str:
    """The text with something harmless in place of its templates."""
    template = Template.parse(text)
    return template.fill(dict.fromkeys(template.names, "1"))


def _text(name: str, values: Values) -> str | None:
    """A value as text; None if there is none."""
    value = values.get(name)
    if value is None:
        return None
    text = as_text(value)
    if text is None:
        raise Rejected(f"[{name}] must be a string, a number or a boolean to stand in a URL or a header")
    return text


def _filled(text: str, values: Values) -> str | None:
    """The text with its values; None if one is missing."""
    template = Template.parse(text)
    texts = {name: _text(name, values) for name in template.names}
    whole = {name: value for name, value in texts.items() if value is not None}
    return template.fill(whole) if len(whole) == len(texts) else None


def _checked(url: str) -> str:
    if reason := wrong_url(url):
        raise _no_url(reason)
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise _no_url("it is malformed, or too long") from None
    return url


def _no_url(reason: str) -> Rejected:
    return Rejected(
        f"[{SERVICE_SETTINGS}] Invalid url received for field [url]. Error: with its templates filled, {reason}"
    )


def _is_no_header(value: str) -> bool:
    return not value.isascii() or not value.isprintable()


def _is_pair(pair: Any) -> bool:  # noqa: ANN401 (JSON)
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(part, str) for part in pair)
        and "${" not in pair[0]
    )
