"""Configuration: defaults, then a TOML file, then `CONNOTE_*` variables, then flags."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs import user_config_path, user_data_path

from connote.contract import durations, sizes
from connote.contract.errors import IllegalArgument
from connote.endpoints.asking import ANONYMOUS
from connote.endpoints.preconfigured import ENDPOINTS as PRECONFIGURED
from connote.endpoints.price import Price, Prices
from connote.endpoints.shadow import KEY as SHADOW
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import CATALOG, Head, Model
from connote.runtime.sandbox.limits import Limits
from connote.runtime.sources import Folder, Hub
from connote.services.registry import SERVICES
from connote.upstream import settings as upstream
from connote.upstream.settings import Access, Outbound

# The name of the single `api_key`.
DEFAULT = "default"
MOST_POLL = 0.01  # seconds
_KEY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


class ServerConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[server]`: where it listens, and how large a request may be."""

    host: str = "127.0.0.1"
    port: int = 9200
    max_body_bytes: int = 100 * 1024 * 1024
    allowed_hosts: list[str] = []
    max_model_bytes: int | str = "10gb"
    idle_poll: str = "200micros"

    def poll_seconds(self) -> float:
        """How long the next request is looked for before the process sleeps. Raises IllegalArgument that names it."""
        seconds = durations.seconds(self.idle_poll, "[server] idle_poll")
        if seconds is None or seconds > MOST_POLL:
            raise IllegalArgument(f"[server] idle_poll must be 0 to 10ms, not [{self.idle_poll}]: it takes a processor")
        return seconds

    def model_bytes(self) -> int:
        """How large an uploaded model may be. Raises IllegalArgument for what is no size."""
        return sizes.parse(self.max_model_bytes, "[server] max_model_bytes")


class CacheConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[cache]`: how many bytes of results are kept, in memory and on disk; 0 keeps none."""

    memory: int | str = "64mb"
    disk: int | str = "1gb"

    def memory_bytes(self) -> int:
        """The limit in memory. Raises IllegalArgument that names it."""
        return sizes.parse(self.memory, "[cache] memory")

    def disk_bytes(self) -> int:
        """The limit on disk. Raises IllegalArgument that names it."""
        return sizes.parse(self.disk, "[cache] disk")


class ModelConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[[models]]`: a row of your own in the catalog, from a local folder or the hub."""

    id: str
    head: Head
    folder: str | None = None
    hub: str | None = None
    revision: str = "main"
    aliases: list[str] = []
    max_tokens: int = 512
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    idf: bool = False
    logs: int = 1

    def row(self) -> Model:
        """The catalog row. Raises IllegalArgument unless there is exactly one of folder and hub."""
        if (self.folder is None) == (self.hub is None):
            raise IllegalArgument(f"[[models]] {self.id}: give either folder or hub")
        if self.folder is not None and not Path(self.folder).is_dir():
            raise IllegalArgument(f"[[models]] {self.id}: there is no folder {self.folder}")
        source = Folder(Path(self.folder)) if self.folder is not None else Hub(str(self.hub), self.revision)
        return Model(
            id=self.id,
            head=self.head,
            sources=(source,),
            licence="given by the configuration",
            aliases=tuple(self.aliases),
            max_tokens=self.max_tokens,
            dimensions=self.dimensions,
            query_prefix=self.query_prefix,
            passage_prefix=self.passage_prefix,
            idf=self.idf,
            logs=self.logs,
        )


class RuntimeConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[runtime]`: how models run on this machine."""

    precision: Precision | None = None
    idle_after: str = "15m"
    upload_memory: int | str | None = None
    unconfined_uploads: bool = False

    def limits(self) -> Limits:
        """What the worker of an uploaded model may take. Raises IllegalArgument for what is no size."""
        memory = None if self.upload_memory is None else sizes.parse(self.upload_memory, "[runtime] upload_memory")
        return Limits(memory=memory, unconfined=self.unconfined_uploads)

    def seconds(self) -> float:
        """How long a model that may be unloaded stays without use. Raises IllegalArgument for what is no duration."""
        seconds = durations.seconds(self.idle_after)
        if not seconds or seconds <= 0:
            raise IllegalArgument(f"[runtime] idle_after must be a time such as 15m, not [{self.idle_after}]")
        return seconds


class ElasticConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[elastic]`: another connote that runs the endpoints of the `elastic` service; without a url this one does."""

    url: str | None = None
    api_key: str | None = None

    def remote(self) -> tuple[str, str | None] | None:
        """Its URL and key, if there is one. Raises IllegalArgument for what is no URL."""
        url = upstream.url(self.url, "[elastic] url")
        return None if url is None else (str(self.url), self.api_key)


class ServiceConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[services.NAME]`: how a third party is reached."""

    base_url: str | None = None
    token_url: str | None = None
    proxy: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    http2: bool = False

    def access(self, name: str) -> Access:
        """The same, checked. Raises IllegalArgument for what is no URL, or a file that cannot be read."""
        access = Access(
            upstream.url(self.base_url, f"[services.{name}] base_url"),
            upstream.url(self.token_url, f"[services.{name}] token_url"),
            upstream.url(self.proxy, f"[services.{name}] proxy", user=True),
            self.ca,
            self.certificate,
            self.key,
            self.http2,
        )
        access.tls(name)
        return access


class OutboundConfig(msgspec.Struct, forbid_unknown_fields=True):
    """`[outbound]`: what holds for all requests to third parties."""

    allow: list[str] = []
    retries: int = 4
    first_delay: str = "1s"
    most_delay: str = "5s"
    idle: str = "60s"

    def settings(self, services: Mapping[str, ServiceConfig], *, private: bool) -> Outbound:
        """The same, checked. Raises IllegalArgument that names what is wrong."""
        if unknown := sorted(set(services) - set(SERVICES)):
            raise IllegalArgument(f"[services.{unknown[0]}] is no service; known are {', '.join(sorted(SERVICES))}")
        if not 0 <= self.retries <= 20:
            raise IllegalArgument(f"[outbound] retries must be 0 to 20, not [{self.retries}]")
        first, most, idle = (
            durations.seconds(getattr(self, name), f"[outbound] {name}")
            for name in ("first_delay", "most_delay", "idle")
        )
        return Outbound(
            {name: service.access(name) for name, service in services.items()},
            [upstream.network(text) for text in self.allow],
            private,
            self.retries,
            first or 0.0,
            most or 0.0,
            idle or 60.0,
        )


class Config(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that can be configured; the names are those of the TOML file."""

    data: str = msgspec.field(default_factory=lambda: str(user_data_path("connote")))
    models_folder: str | None = None
    api_key: str | None = None
    api_keys: dict[str, str] = {}
    server: ServerConfig = msgspec.field(default_factory=ServerConfig)
    runtime: RuntimeConfig = msgspec.field(default_factory=RuntimeConfig)
    cache: CacheConfig = msgspec.field(default_factory=CacheConfig)
    elastic: ElasticConfig = msgspec.field(default_factory=ElasticConfig)
    secret_key_file: str = msgspec.field(default_factory=lambda: str(user_config_path("connote") / "secret.key"))
    outbound: OutboundConfig = msgspec.field(default_factory=OutboundConfig)
    services: dict[str, ServiceConfig] = {}
    prices: dict[str, Price] = {}
    endpoint_names: dict[str, str] = {}
    models: list[ModelConfig] = []

    def catalog(self) -> list[Model]:
        """The catalog with the rows of this configuration, which come last and so win."""
        return [*CATALOG, *(model.row() for model in self.models)]

    def sending(self) -> Outbound:
        """How third parties are reached.

        Without a key only this machine's own users may ask, and what they may reach they can reach without connote; so
        private addresses are open to them. With a key only those in `[outbound] allow` are.
        """
        return self.outbound.settings(self.services, private=not self.keys())

    def keys(self) -> dict[str, str]:
        """The keys that clients may send, by name; none if there is no authentication. Raises IllegalArgument."""
        found = {DEFAULT: self.api_key} if self.api_key else {}
        for name, key in self.api_keys.items():
            if not _KEY_NAME.fullmatch(name) or name in (*found, ANONYMOUS, SHADOW):
                raise IllegalArgument(
                    f"[api_keys] {name} is no name for a key: it must be of letters, digits, _, . and -, and is not "
                    f"[{ANONYMOUS}], [{SHADOW}], nor beside [api_key] the name of that one, [{DEFAULT}]"
                )
            if not key or key in found.values():
                raise IllegalArgument(f"[api_keys] {name} must be a key, and one that no other name has")
            found[name] = key
        return found

    def names(self) -> dict[str, str]:
        """Further names of endpoints, with the ids of these. Raises IllegalArgument for one that others may have."""
        for name in self.endpoint_names:
            if not name.startswith(".") or name in PRECONFIGURED:
                raise IllegalArgument(
                    f'[endpoint_names] "{name}" must begin with a dot, as no endpoint does that somebody makes, and '
                    f"be none of [{', '.join(PRECONFIGURED)}]"
                )
        return self.endpoint_names

    def pricing(self) -> Prices:
        """The prices, checked. Raises IllegalArgument for one of no service, or of nothing."""
        for name, price in self.prices.items():
            service, _, model = name.partition("/")
            if service not in SERVICES or not model:
                raise IllegalArgument(f'[prices."{name}"] must be named "SERVICE/MODEL", with a known service')
            if {price.input, price.output, price.search} == {None}:
                raise IllegalArgument(f'[prices."{name}"] must have one of input, output, search')
        return Prices(self.prices)

    def models_path(self) -> Path:
        """Where model files are kept."""
        return Path(self.models_folder) if self.models_folder else Path(self.data) / "models"


def load(file: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `file`, with what the environment sets. Raises IllegalArgument that names what is wrong."""
    config = _read(file) if file else Config()
    config.data = environment.get("CONNOTE_DATA", config.data)
    config.models_folder = environment.get("CONNOTE_MODELS", config.models_folder)
    # An empty key would be one that everybody has.
    config.api_key = environment.get("CONNOTE_API_KEY", config.api_key) or None
    config.elastic.url = environment.get("CONNOTE_ELASTIC_URL", config.elastic.url) or None
    config.elastic.api_key = environment.get("CONNOTE_ELASTIC_API_KEY", config.elastic.api_key) or None
    config.secret_key_file = environment.get("CONNOTE_SECRET_KEY_FILE", config.secret_key_file)
    config.server.host = environment.get("CONNOTE_HOST", config.server.host)
    try:
        config.server.port = int(environment.get("CONNOTE_PORT", config.server.port))
    except ValueError:
        raise IllegalArgument(f"CONNOTE_PORT must be a number, not [{environment['CONNOTE_PORT']}]") from None
    (
        config.server.model_bytes(),
        config.server.poll_seconds(),
        config.runtime.limits(),
        config.cache.memory_bytes(),
        config.cache.disk_bytes(),
        config.sending(),
        config.pricing(),
    )  # what is wrong is told at once
    return config


def _read(file: Path) -> Config:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Config)
    except OSError as error:
        raise IllegalArgument(f"the configuration {file} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IllegalArgument(f"the configuration {file} is wrong: {error}") from None
