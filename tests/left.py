"""What tests leave on a server is deleted."""

from urllib.parse import quote

import httpx


def forget_indices(http: httpx.Client) -> None:
    forget(http, "/_data_stream/*")
    for name in http.get("/_all?expand_wildcards=all").json():
        forget(http, f"/{quote(name)}")


def forget(http: httpx.Client, path: str) -> None:
    reply = http.delete(path)
    assert reply.status_code == 200, reply.text
