"""Who may ask. Off by default, and then only this machine may."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from connote.contract.errors import Forbidden, IllegalArgument
from connote.endpoints.asking import ANONYMOUS
from connote.security.asker import Asker
from connote.security.authentication import ANYBODY

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


def counted(asker: Asker) -> str:
    """By which name what they use is counted: that of a key of the configuration, or who they are."""
    if asker is ANYBODY:
        return ANONYMOUS
    return str(asker.key_name) if asker.kind == "api_key" and asker.key is None else asker.identity
