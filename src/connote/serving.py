"""A server process: from a configuration to answers on a socket, until it is told to stop."""

import asyncio
import gc
import ipaddress
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from threadpoolctl import threadpool_limits

from connote.api.events import EventStream
from connote.api.server import create
from connote.app import opened
from connote.config import Config
from connote.contract.errors import Conflict, IllegalArgument

# Seconds that an idle connection is kept. Elasticsearch keeps it for ever, and its clients count on that: one that is
# closed just as the next request is sent on it fails that request.
_IDLE = 3600
# Open files that are enough for some thousand indices, as Elasticsearch asks for.
_FILES = 65_535


def run(config: Config, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the URL, in a thread of its own, once it answers.

    Raises IllegalArgument for an unsafe or impossible address, Conflict if the port or the data folder is in use.
    """
    for chatty in ("uvicorn", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    check_safe(config)
    allow_files()
    with (
        _bound(config.server.host, config.server.port) as listener,
        # Searches run side by side. Threads of BLAS wait for each other by spinning: long, on a busy machine.
        threadpool_limits(1, user_api="blas"),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(config, listener, ready))


def allow_files() -> None:
    """Let this process open as many files as it may: an index needs some, and the usual limit is for people at work."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def check(config: Config) -> None:
    """Raise what `run` would raise for the address, before time is spent on anything else."""
    check_safe(config)
    with _bound(config.server.host, config.server.port):
        pass


def check_safe(config: Config) -> None:
    """Raise IllegalArgument if others than this machine could ask without a key."""
    if not config.keys() and not _is_loopback(config.server.host):
        raise IllegalArgument(
            f"refusing to listen on {config.server.host} without authentication: set CONNOTE_API_KEY (clients then "
            "send it as their API key), or listen on 127.0.0.1 behind a proxy that authenticates"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Binding comes first, so that nothing is started for a port that is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError, ValueError) as error:  # the last two: what is no port, and no name
            told = getattr(error, "strerror", None) or error
            raise Conflict(f"cannot listen on {host}:{port}: {told}; choose another --port") from None
        yield listener


async def _serve(config: Config, listener: socket.socket, ready: Callable[[str], None]) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with opened(config) as house:
        house.trained.deployments.resume()

        def started() -> None:
            house.folder.announce(url)
            threading.Thread(target=ready, args=(url,), daemon=True).start()

        settings = uvicorn.Config(
            create(house),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=_IDLE,
            lifespan="off",
            ws="none",
            proxy_headers=False,  # nobody is asked who the client is
            server_header=False,
        )
        # What is there by now stays. To look through all of it for what nobody uses any more takes a tenth of a second.
        gc.collect()
        gc.freeze()
        server = _Server(settings, started)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to us: uvicorn would raise them again before we have tidied up."""

    def __init__(self, settings: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(settings)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets=sockets)
        self._started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def stop(self) -> None:
        """Finish the requests in flight, then end; a second time, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
        EventStream.end_all()
