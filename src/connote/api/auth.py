"""Who may ask. Off by default, and then only this machine may."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from connote.contract.errors import Forbidden, IllegalArgument, Unauthorized
from connote.endpoints.asking import ANONYMOUS

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_host(headers: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise IllegalArgument unless the request is for one of the names, or for this machine.

    Without a key only this machine may ask. A web page could rebind its own name to 127.0.0.1 and ask as one of its
    users' browsers; but the Host header then tells that name.
    """
    host = headers.get("host", "")
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    if name.lower() not in (*LOOPBACK, *names):
        raise IllegalArgument(
            f"the host name [{name}] is not answered without authentication: ask for [localhost], "
            "set CONNOTE_API_KEY, or list the name in [server] allowed_hosts"
        )


def check_origin(headers: Mapping[str, str], method: str) -> None:
    """Raise Forbidden if the page of another site asks for more than to look.

    Such a page cannot read answers, but without a key it could have things done: a browser sends a POST without a body
    for anybody. Browsers tell where a request comes from (https://www.w3.org/TR/fetch-metadata); nobody else does.
    """
    origin = headers.get("origin", "")
    if not origin or method in ("GET", "HEAD") or headers.get("sec-fetch-site") == "same-origin":
        return
    site = urlsplit(origin)
    if origin == "null" or (site.scheme in ("http", "https") and site.netloc != headers.get("host")):
        raise Forbidden(f"[Origin: {origin}] is not this server: pages of other sites may change nothing without a key")


def check(headers: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """The name of the key that the request carries. Raises Unauthorized unless it carries one of the keys.

    Without keys to ask for anything passes, and is anonymous. All keys are compared, each in constant time.

    The forms are those of Elasticsearch's clients: `ApiKey KEY`, `ApiKey base64(id:KEY)`, `Bearer KEY`, and
    `Basic base64(user:KEY)`.
    """
    if not keys:
        return ANONYMOUS
    given = headers.get("authorization", "")
    if not given:
        raise Unauthorized("missing authentication credentials: send the header [Authorization: ApiKey …]")
    candidates = [candidate.encode() for candidate in _candidates(given)]
    found = [name for name, key in keys.items() for each in candidates if hmac.compare_digest(each, key.encode())]
    if not found:
        raise Unauthorized("unable to authenticate: the [Authorization] header does not hold a key of the server")
    return found[0]


def _candidates(given: str) -> list[str]:
    scheme, _, credentials = given.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return [credentials]
    if scheme.lower() == "apikey":
        return [credentials, *_after_colon(credentials)]
    return _after_colon(credentials) if scheme.lower() == "basic" else []


def _after_colon(encoded: str) -> list[str]:
    try:
        _, colon, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [key] if colon else []
