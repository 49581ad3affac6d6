"""A service that speaks as OpenAI does is a row: its name and address, its settings, and a line a task.

    mine = row(
        Service("mine", "Mine", Site("https://api.example.org", bearer()), about="Mine: https://example.org/docs."),
        Embeds("/v1/embeddings", MyEmbeddings),
        Chats("/v1/chat/completions", MySettings, limit="max_tokens"),
    )

A service that differs in one task declares that one itself, and the others as parts of a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast

from connote.contract.secret import Secret
from connote.contract.settings import About, NoSettings, Settings
from connote.contract.tasks import TaskType
from connote.services import shape
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    ModelId,
    RateLimit,
    ReturnDocuments,
    TopN,
    probe,
)
from connote.services.service import Call, Flow, Service

OptionalKey = Annotated[Secret | None, About("API Key", "The key, if the server asks for one.", updatable=True)]
OptionalLimit = Annotated[
    RateLimit | None,
    About("Rate Limit", "How often the service may be asked; without it there is no limit.", updatable=True),
]
Server = Annotated[
    str | None,
    About(
        "URL", "The address of the server, such as http://gpu.example.org:8000; else it is on this machine.", url=True
    ),
]


class RowSettings(Settings):
    """What a row reads of its settings."""

    def named(self) -> dict[str, Any]:
        """What a body says of the model."""
        model = getattr(self, "model_id", None)
        return {} if model is None else {"model": model}

    def at(self, path: str) -> str:
        """Where to ask: at the user's whole address, or at this path of the service."""
        return getattr(self, "url", None) or path


class ServerSettings(RowSettings):
    """Settings of a server that users run themselves: without an account, so without a limit but the user's."""

    url: Server = None
    api_key: OptionalKey = None
    rate_limit: OptionalLimit = None

    def at(self, path: str) -> str:
        """The path below the server's address, of which people often copy more: `/v1`, or the path itself."""
        if self.url is None:
            return path
        server = self.url.rstrip("/").removesuffix(path)
        return (server.removesuffix("/v1") if path.startswith("/v1/") else server) + path


class ModelServerSettings(ServerSettings):
    """Settings of a server that has several models."""

    model_id: ModelId


class ServerEmbeddings(ModelServerSettings, DenseSettings):
    """The same for text_embedding."""


class RankOptions(Settings):
    """Task settings of rerank."""

    return_documents: ReturnDocuments = None
    top_n: TopN = None


class Part(Protocol):
    """One or more tasks of a row."""

    def declare(self, service: Service) -> None:
        """Make them tasks of the service."""
        ...


@dataclass(frozen=True)
class Embeds:
    """text_embedding. `dimensions` is what the service calls them in a request; None if it cannot be told them."""

    path: str
    settings: type[Settings]
    options: type[Settings] = NoSettings
    similarity: str = "dot_product"
    batch: int | None = None
    dimensions: str | None = "dimensions"

    def declare(self, service: Service) -> None:
        """Make it a task of the service."""
        check = probe(self.similarity)
        service.task(
            TaskType.TEXT_EMBEDDING, settings=self.settings, options=self.options, check=check, batch=self.batch
        )(self.flow)

    def flow(self, call: Call) -> Flow:
        """One vector an input."""
        settings, (extra, headers) = cast("RowSettings", call.settings), along(call.options)
        body = {**settings.named(), **extra}
        if self.dimensions and isinstance(settings, DenseSettings) and settings.dimensions_set_by_user:
            body[self.dimensions] = settings.dimensions
        return (yield from shape.embed(call, settings.at(self.path), body, headers))


@dataclass(frozen=True)
class Chats:
    """completion and chat_completion; the rest is as `shape.chat` has it."""

    path: str
    settings: type[Settings]
    options: type[Settings] = NoSettings
    limit: str = "max_completion_tokens"
    counts: bool = True
    thoughts: str | None = None
    silent: Mapping[str, Any] | None = None

    def declare(self, service: Service) -> None:
        """Make them tasks of the service."""
        service.task(*COMPLETIONS, settings=self.settings, options=self.options, check=probe(), streams=True)(self.flow)

    def flow(self, call: Call) -> Flow:
        """What the model writes; each input of a completion is a message of the user."""
        settings, (extra, headers) = cast("RowSettings", call.settings), along(call.options)
        return (
            yield from shape.chat(
                call,
                settings.at(self.path),
                {**settings.named(), **extra},
                headers,
                limit=self.limit,
                counts=self.counts,
                thoughts=self.thoughts,
                silent=self.silent or shape.SILENT,
            )
        )


@dataclass(frozen=True)
class Ranks:
    """rerank, as Cohere and Jina have it."""

    path: str
    settings: type[Settings]

    def declare(self, service: Service) -> None:
        """Make it a task of the service."""
        service.task(TaskType.RERANK, settings=self.settings, options=RankOptions, check=probe())(self.flow)

    def flow(self, call: Call) -> Flow:
        """Documents by how well they fit the query."""
        settings, options = cast("RowSettings", call.settings), cast("RankOptions", call.options)
        return (
            yield from shape.rerank(
                call,
                settings.at(self.path),
                settings.named(),
                returns=options.return_documents,
                top_n=options.top_n,
            )
        )


def row(service: Service, *parts: Part) -> Service:
    """The service with these tasks."""
    for part in parts:
        part.declare(service)
    return service


def along(options: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """What the task settings [user] and [headers] send along."""
    user, headers = getattr(options, "user", None), getattr(options, "headers", None)
    return {} if user is None else {"user": user}, headers or {}
