"""Services' errors, as the wire tells them."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson

from connote.contract.errors import Refused

_PREFIXES = {
    400: "Received a bad request status code",
    401: "Received an authentication error status code",
    403: "Received a permission denied error status code",
    405: "Received a method not allowed status code",
    413: "Received a content too large status code",
    429: "Received a rate limit status code",
}
_TRANSIENT = frozenset({408, 425, 429})
_MOST_TEXT = 2000
_LEAST_SECRET = 4
# Where services put the text of an error; each may be a text, or lead on to one.
_MEMBERS = (
    "error",
    "errors",
    "message",
    "Message",
    "detail",
    "error_message",
    "errorMessage",
    "msg",
    "reason",
    "fault",
    "title",
)


def refused(status: int, body: bytes, *, url: str, id: str, secrets: Iterable[str] = ()) -> Refused:
    """The error for a service's answer with that status and body. Secrets are taken out of its text."""
    parsed, secrets = _json(body), list(secrets)
    reason = f"{_prefix(status, url)} for request from inference entity id [{id}] status [{status}]"
    if told := _text(parsed):
        reason += f". Error message: [{clean(told, secrets)[:_MOST_TEXT]}]"  # half a secret would not be found
    return Refused(
        clean(reason, secrets),
        status=shown(status),
        kind=_kind(parsed),
        transient=is_transient(status),
    )


def shown(status: int) -> int:
    """The status that a service's becomes: its own if that is known and below 500."""
    return status if 400 <= status < 500 and status in HTTPStatus._value2member_map_ else 400


def is_transient(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status >= 500 or status in _TRANSIENT


def unreachable(
    reason: str, *, id: str, secrets: Iterable[str] = (), transient: bool = True, reached: bool = True
) -> Refused:
    """The error for a service that did not answer."""
    text = f"Failed to send request from inference entity id [{id}]: {reason}"
    return Refused(clean(text, secrets), status=400, transient=transient, reached=reached)


def cleaned(error: Refused, secrets: Iterable[str]) -> Refused:
    """The error of a sign-in, without the secrets: who gives tokens may repeat what it was asked with."""
    error.args = (clean(str(error), secrets)[:_MOST_TEXT],)
    error.transient, error.status = is_transient(error.status), shown(error.status)
    return error


def clean(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets. What has fewer than four characters is none, and would be found everywhere."""
    for secret in secrets:
        if len(secret) >= _LEAST_SECRET:
            text = text.replace(secret, "***")
    return text


def _prefix(status: int, url: str) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"Resource not found at [{url}]"
    if status < 300:
        return "Received an error response"
    if status < 400:
        return "Unhandled redirection"
    if status >= 500:
        return "Received a server error status code"
    return _PREFIXES.get(status, "Received an unsuccessful status code")


def _json(body: bytes) -> Any:  # noqa: ANN401
    try:
        return orjson.loads(body)  # unlike json's, its texts can always be written again
    except orjson.JSONDecodeError:
        return None


def _text(value: Any, depth: int = 0) -> str | None:  # noqa: ANN401
    """The text of an error in what a service answers."""
    if isinstance(value, str):
        return value
    if depth > 4:
        return None
    if isinstance(value, list):
        return next((text for item in value if (text := _text(item, depth + 1))), None)
    if isinstance(value, Mapping):
        return next((text for name in _MEMBERS if (text := _text(value.get(name), depth + 1))), None)
    return None


def _kind(value: Any) -> str | None:  # noqa: ANN401
    error = value.get("error") if isinstance(value, Mapping) else None
    kind = error.get("type") if isinstance(error, Mapping) else None
    return kind if isinstance(kind, str) else None
