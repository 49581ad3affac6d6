"""Where a request of a flow goes to."""

import re
from functools import lru_cache
from urllib.parse import quote

import httpx

from connote.contract.errors import Rejected
from connote.contract.settings import SERVICE_SETTINGS, Settings
from connote.services.service import Post, Site
from connote.upstream.settings import Access

_TEMPLATE = re.compile(r"\{(\w+)\}")
_HOST_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


def of(site: Site, access: Access, settings: Settings, post: Post) -> httpx.URL:
    """The URL of a request. Raises Rejected if a setting does not fit into it."""
    if is_whole(post.url):
        address = _parsed(post.url)
    else:
        base = str(access.base_url).rstrip("/") if access.base_url else _filled(post.above or site.url, settings)
        address = _parsed(_straight(base + post.url))
    return address.copy_merge_params(post.params) if post.params else address


def is_whole(url: str) -> bool:
    """Whether a user has given the whole of it; else it is a path below the service's own or configured address."""
    return url.startswith(("http://", "https://"))


def own(site: Site) -> list[httpx.URL]:
    """The service's own address, if it is the same for all endpoints."""
    return [] if "{" in site.url or not site.url else [httpx.URL(site.url)]


def _filled(template: str, settings: Settings) -> str:
    scheme, _, rest = template.partition("://")
    host, slash, path = rest.partition("/")
    if not host:
        return template
    return (
        f"{_TEMPLATE.sub(lambda match: _host(settings, match[1]), scheme)}://"
        f"{_TEMPLATE.sub(lambda match: _host(settings, match[1]), host)}{slash}"
        + _TEMPLATE.sub(lambda match: quote(str(getattr(settings, match[1])), safe=""), path)
    )


def _host(settings: Settings, name: str) -> str:
    value = str(getattr(settings, name))
    if not _HOST_PART.fullmatch(value):
        raise Rejected(f"[{SERVICE_SETTINGS}] Invalid value [{value}]. [{name}] must be a part of a host name")
    return value


def _straight(text: str) -> str:
    """The URL, if no setting in it is a step up: that would lead to another part of the service, or of a gateway."""
    if any(step in (".", "..") for step in text.partition("?")[0].split("/")):
        raise Rejected(f"[{SERVICE_SETTINGS}] Invalid value: a setting that is [.] or [..] cannot be part of a path")
    return text


@lru_cache(maxsize=1024)
def _parsed(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise Rejected(f"Invalid url [{text}]. Error: {error}") from None
