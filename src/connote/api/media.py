"""Media types: what a request says about its body and about the answer that it wants."""

import re
from collections.abc import Mapping

from connote.contract.errors import BadMediaType, NotAcceptable

JSON = "application/json"
LINES = "application/x-ndjson"
_LINES = re.compile(r"application/(?:x-ndjson|vnd\.elasticsearch\+x-ndjson)", re.IGNORECASE)
_VENDOR = re.compile(r"application/vnd\.elasticsearch\+json(?:\s*;\s*compatible-with\s*=\s*(\d+))?", re.IGNORECASE)
_PLAIN = re.compile(r"application/json|application/\*|\*/\*", re.IGNORECASE)
_BINARY = re.compile(
    r"application/vnd\.(?:elasticsearch\+vnd\.)?(?:mapbox-vector-tile|apache\.arrow\.stream)", re.IGNORECASE
)
_VERSIONS = ("8", "9")


def answer_type(headers: Mapping[str, str]) -> str:
    """The content type of the answer.

    Raises NotAcceptable for a type that is not spoken, BadMediaType for versions that are not, or that differ.
    """
    accept, content_type = headers.get("accept", "*/*"), headers.get("content-type")
    wanted = _version(accept, "Accept")
    sent = _version(content_type, "Content-Type") if content_type else None
    if wanted and sent and wanted != sent:
        raise BadMediaType(
            f"the versions of Accept [{accept}] and Content-Type [{content_type}] must be the same: "
            f"compatible-with={wanted} and compatible-with={sent} differ"
        )
    if wanted:
        return f"application/vnd.elasticsearch+json;compatible-with={wanted}"
    # A list of types, such as browsers send, is a wish and not a demand; text/event-stream asks for a stream.
    # So do those of vector tiles and of Arrow: what is wrong is told as JSON.
    if (
        "," in accept
        or _PLAIN.match(accept)
        or _VENDOR.match(accept)
        or _BINARY.match(accept)
        or accept.startswith("text/")
    ):
        return JSON
    raise NotAcceptable(f"Accept header [{accept}] is not supported; ask for [{JSON}]")


def is_older(headers: Mapping[str, str]) -> bool:
    """Whether the request is one of Elasticsearch 8's clients."""
    match = _VENDOR.match(headers.get("accept", ""))
    return match is not None and match[1] == "8"


def check_body_type(headers: Mapping[str, str], *, lines: bool = False) -> None:
    """Raise NotAcceptable unless the body is said to be JSON, or where `lines` are wanted, lines of it."""
    content_type = headers.get("content-type")
    if content_type is None:
        raise NotAcceptable(f"Content-Type header is missing; a body needs [{LINES if lines else JSON}]")
    if lines and _LINES.match(content_type):
        return
    if not (content_type.lower().startswith(JSON) or _VENDOR.match(content_type)):
        raise NotAcceptable(f"Content-Type header [{content_type}] is not supported; send [{JSON}]")


def _version(value: str, header: str) -> str | None:
    match = _VENDOR.match(value)
    if match is None or match[1] is None:
        return None
    if match[1] not in _VERSIONS:
        raise BadMediaType(
            f"{header} [{value}] asks for compatible version [{match[1]}]; spoken here are [{', '.join(_VERSIONS)}]"
        )
    return match[1]
