"""Certificates, HTTP/2 and proxies, against a server and a proxy that others wrote the protocols of."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import hypercorn
import pytest
import trustme
from hypercorn.asyncio import serve

from connote.upstream import client
from connote.upstream.guard import Guard
from connote.upstream.settings import Access

LOCAL = Guard(private=True)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name, certificate in (("server", ca.issue_cert("127.0.0.1")), ("client", ca.issue_cert("me@example.org"))):
        certificate.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    return ca, tmp_path


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI)
    """Tells the HTTP version, and how many bytes it was sent."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    told = json.dumps({"version": scope["http_version"], "bytes": len(body)}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


@asynccontextmanager
async def server(folder: Path | None, *, asks_for_certificate: bool = False) -> AsyncIterator[str]:
    config = hypercorn.Config()
    config.bind, config.accesslog, config.errorlog = ["127.0.0.1:0"], None, None
    if folder:
        config.certfile, config.keyfile = str(folder / "server.pem"), str(folder / "server.key")
        if asks_for_certificate:
            config.ca_certs, config.verify_mode = str(folder / "ca.pem"), ssl.CERT_REQUIRED
    sockets = config.create_sockets()
    listener = (sockets.secure_sockets or sockets.insecure_sockets)[0]
    listener.listen()
    config.create_sockets = lambda: sockets  # type: ignore[method-assign]
    stop = asyncio.Event()
    serving = asyncio.ensure_future(serve(app, config, shutdown_trigger=stop.wait))
    yield f"{'https' if folder else 'http'}://127.0.0.1:{listener.getsockname()[1]}/"
    stop.set()
    await serving


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy: tunnels CONNECT, and hands on whole-URL requests. Gives its URL, and the first lines it was sent."""
    seen = list[str]()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while part := await source.read(65536):
                sink.write(part)
                await sink.drain()
        sink.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head.split(b"\r\n")[0].decode())
        method, target, _ = seen[-1].split(" ")
        where = httpx.URL(f"https://{target}" if method == "CONNECT" else target)
        inner, outer = await asyncio.open_connection(where.host, where.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            outer.write(head)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    running = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", seen
    running.close()


async def ask(access: Access, url: str, guard: Guard = LOCAL) -> Any:  # noqa: ANN401 (JSON)
    transport = client.make("openai", access, guard, [])
    try:
        response = await transport.handle_async_request(httpx.Request("POST", url, content=b"x" * 100_000))
        told = json.loads(await response.aread())
        await response.aclose()
        return told
    finally:
        await transport.aclose()


@pytest.mark.parametrize("http2", [False, True])
def test_a_certificate_of_an_own_authority(authority: tuple[trustme.CA, Path], http2: bool) -> None:
    _, folder = authority

    async def run() -> None:
        async with server(folder) as url:
            with pytest.raises(httpx.ConnectError):
                await ask(Access(http2=http2), url)
            told = await ask(Access(ca=str(folder / "ca.pem"), http2=http2), url)
            assert told == {"version": "2" if http2 else "1.1", "bytes": 100_000}

    asyncio.run(run())


@pytest.mark.parametrize("http2", [False, True])
def test_a_client_certificate(authority: tuple[trustme.CA, Path], http2: bool) -> None:
    _, folder = authority
    ca, own = str(folder / "ca.pem"), (str(folder / "client.pem"), str(folder / "client.key"))

    async def run() -> None:
        async with server(folder, asks_for_certificate=True) as url:
            with pytest.raises(httpx.TransportError):
                await ask(Access(ca=ca, http2=http2), url)
            assert (await ask(Access(ca=ca, certificate=own[0], key=own[1], http2=http2), url))["bytes"] == 100_000

    asyncio.run(run())


@pytest.mark.parametrize("http2", [False, True])
def test_a_proxy(authority: tuple[trustme.CA, Path], http2: bool) -> None:
    _, folder = authority

    async def run() -> None:
        async with proxy() as (address, seen), server(folder) as secure, server(None) as plain:
            access = Access(proxy=httpx.URL(address), ca=str(folder / "ca.pem"), http2=http2)
            assert (await ask(access, secure))["bytes"] == 100_000
            assert (await ask(access, plain))["bytes"] == 100_000
            assert [line.split(" ")[0] for line in seen] == ["CONNECT", "POST"]
            assert seen[1].split(" ")[1] == plain

    asyncio.run(run())


@pytest.mark.parametrize("http2", [False, True])
def test_a_proxy_that_refuses_us_does_not_tell_its_password(http2: bool) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as running:
            address = f"127.0.0.1:{running.sockets[0].getsockname()[1]}"
            access = Access(proxy=httpx.URL(f"http://me:hunter2@{address}"), http2=http2)
            with pytest.raises(httpx.ProxyError, match=r"^407 Proxy Authentication Required$"):
                await ask(access, "https://example.org/?key=secret")

    asyncio.run(run())


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("through_proxy", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_forbidden_address_is_not_connected_to(host: str, through_proxy: bool, http2: bool) -> None:
    """However it is written. A proxy resolves names itself, and is the guard for them; addresses are refused before."""

    async def run() -> None:
        async with server(None) as url, proxy() as (address, seen):
            access = Access(http2=http2, proxy=httpx.URL(address) if through_proxy else None)
            with pytest.raises((httpx.TransportError, OSError)):
                await ask(access, url.replace("127.0.0.1", host), Guard(private=False))
            assert seen == []

    if through_proxy and not host.startswith(("[", "127.0.0.1")):
        pytest.skip("the proxy's business")
    asyncio.run(run())
