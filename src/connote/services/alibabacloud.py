"""Alibaba Cloud AI Search: https://www.alibabacloud.com/help/en/open-search/search-platform/developer-reference."""

from dataclasses import replace
from typing import Annotated, Any, Generic, TypeVar, cast
from urllib.parse import quote

import msgspec

from connote.contract.chat import Answer, Chat, ChatRequest, ChatUsage, Delta, Message
from connote.contract.errors import IllegalArgument, Malformed
from connote.contract.results import NO_USAGE, Usage
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, remote, shape
from connote.services.remote import COMPLETIONS, DenseSettings, Key, Limited, MaxInputTokens, per_minute, probe
from connote.services.service import Call, Flow, Post, Service, Site

T = TypeVar("T")

_BATCH = 32
_INPUT_TYPES = {"ingest": "document", "search": "query"}


class AlibabaSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    host: Annotated[str, About("Host", "The host name of your access domain.")]
    service_id: Annotated[str, About("Service ID", "The name of the model's service, such as ops-text-embedding-001.")]
    workspace: Annotated[str, About("Workspace", "The name of your workspace, such as default.")]
    http_schema: Annotated[str, About("HTTP schema", "How the host is spoken to.", choices=("https", "http"))] = "https"
    rate_limit: Limited = per_minute(1000)


class EmbeddingSettings(AlibabaSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class SparseSettings(AlibabaSettings):
    """Settings of sparse_embedding."""

    max_input_tokens: MaxInputTokens = None


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    input_type: Annotated[
        str | None,
        About(
            "Input type",
            "What the input is for, if a request does not say.",
            choices=("ingest", "search"),
            updatable=True,
        ),
    ] = None


class SparseOptions(EmbeddingOptions):
    """Task settings of sparse_embedding."""

    return_token: Annotated[
        bool | None, About("Return token", "Whether tokens are told, and not their ids; no if not set.", updatable=True)
    ] = None


class Tokens(msgspec.Struct):
    """How many tokens were read and written."""

    token_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Reply(msgspec.Struct, Generic[T]):
    """The answer of all tasks."""

    result: T
    request_id: str = ""
    usage: Tokens | None = None


class Item(msgspec.Struct, Generic[T]):
    """A vector, and which input it is of."""

    index: int
    embedding: T


class Weight(msgspec.Struct):
    """A token's weight; its text is told if it is asked for."""

    weight: float
    token_id: int | str | None = None
    token: str | None = None

    def pair(self) -> tuple[str, float]:
        """The token's text or else its id, and its weight. Raises Malformed if it has neither."""
        name = self.token_id if self.token is None else self.token
        if name is None:
            raise Malformed("the service answers with a weight of no token")
        return str(name), self.weight


class Vectors(msgspec.Struct):
    """What `text-embedding` gives."""

    embeddings: list[Item[list[float]]]


class SparseVectors(msgspec.Struct):
    """What `text-sparse-embedding` gives."""

    sparse_embeddings: list[Item[list[Weight]]]


class Score(msgspec.Struct):
    """A document's score."""

    index: int
    score: float


class Scores(msgspec.Struct):
    """What `ranker` gives."""

    scores: list[Score]


class Written(msgspec.Struct):
    """What `text-generation` gives."""

    text: str


alibabacloud = Service(
    "alibabacloud-ai-search", "AlibabaCloud AI Search", Site("{http_schema}://{host}", auth.bearer())
)


@alibabacloud.task(
    TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, options=EmbeddingOptions, check=probe(), batch=_BATCH
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    reply: Reply[Vectors] = yield Post(_path(call, "text-embedding"), _body(call), Reply[Vectors])
    rows = _in_order(reply.result.embeddings)
    return remote.dense(call, rows, usage=_usage(reply.usage))


@alibabacloud.task(
    TaskType.SPARSE_EMBEDDING, settings=SparseSettings, options=SparseOptions, check=probe(), batch=_BATCH
)
def embed_sparsely(call: Call) -> Flow:
    """Token weights of each input; tokens are ids unless `return_token` is set."""
    returns, body = cast("SparseOptions", call.options).return_token, _body(call)
    if returns is not None:
        body["return_token"] = returns
    reply: Reply[SparseVectors] = yield Post(_path(call, "text-sparse-embedding"), body, Reply[SparseVectors])
    vectors = [[weight.pair() for weight in vector] for vector in _in_order(reply.result.sparse_embeddings)]
    return remote.sparse(call, vectors, usage=_usage(reply.usage))


@alibabacloud.task(TaskType.RERANK, settings=AlibabaSettings, check=probe())
def rerank(call: Call) -> Flow:
    """Documents by score."""
    body = {"query": call.query, "docs": list(call.inputs)}
    reply: Reply[Scores] = yield Post(_path(call, "ranker"), body, Reply[Scores])
    return remote.ranked(call, [(each.index, each.score) for each in reply.result.scores])


@alibabacloud.task(*COMPLETIONS, settings=AlibabaSettings, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes.

    Of several inputs of a completion the last is the question, those before it are earlier questions and answers in
    turn. Chats and streams go through the platform's interface in the manner of OpenAI.
    """
    settings = cast("AlibabaSettings", call.settings)
    if call.endpoint.task.kind is TaskType.COMPLETION:
        call = replace(call, chat=_conversation(call))
        if not call.stream:
            return (yield from _completed(call, settings))
    model = {"model": settings.service_id}
    return (
        yield from shape.chat(call, "/compatible-mode/v1/chat/completions", model, limit="max_tokens", counts=False)
    )


def _completed(call: Call, settings: AlibabaSettings) -> Flow:
    body = shape.body_of(call, {}, "max_tokens")
    reply: Reply[Written] = yield Post(_path(call, "text-generation"), body, Reply[Written])
    usage = ChatUsage.of(reply.usage.input_tokens, reply.usage.output_tokens) if reply.usage else None
    text = Delta(content=reply.result.text)
    return Chat(Answer.of(text, id=reply.request_id, model=settings.service_id, finish="stop", usage=usage))


def _conversation(call: Call) -> ChatRequest:
    if len(call.inputs) % 2 == 0:
        raise IllegalArgument(
            "Field [input] must have an odd number of texts: the last is the question, those before it are earlier "
            "questions and answers in turn"
        )
    return ChatRequest([Message("assistant" if at % 2 else "user", text) for at, text in enumerate(call.inputs)])


def _path(call: Call, task: str) -> str:
    settings = cast("AlibabaSettings", call.settings)
    workspace, service = quote(settings.workspace, safe=""), quote(settings.service_id, safe="")
    return f"/v3/openapi/workspaces/{workspace}/{task}/{service}"


def _body(call: Call) -> dict[str, Any]:
    type = remote.purpose(call, _INPUT_TYPES)
    return {"input": list(call.inputs)} | ({"input_type": type} if type else {})


def _in_order(items: list[Item[T]]) -> list[T]:
    return [item.embedding for item in sorted(items, key=lambda item: item.index)]


def _usage(tokens: Tokens | None) -> Usage:
    return Usage(tokens.token_count) if tokens else NO_USAGE
