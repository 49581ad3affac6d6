"""Azure AI Studio, now Azure AI Foundry: https://learn.microsoft.com/azure/ai-foundry/model-inference.

`target` is an endpoint's address. Below that of type `token` are `/v1/embeddings`, `/v1/rerank` and
`/v1/chat/completions`; one that ends with such a path itself, perhaps with `?api-version=…`, is asked as it is. So are
endpoints of type `realtime`, and those of the provider `openai`.
"""

from collections.abc import Generator, Mapping
from typing import Annotated, Any, cast

import httpx
import msgspec

from connote.contract.chat import Answer, Chat, Delta
from connote.contract.errors import IllegalArgument
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, remote, shape
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    RerankOptions,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Post, Service, Site

_WHO, _HELP = "Provider", "Whose model it is."
_INPUT_TYPES = {"ingest": "document", "search": "query"}


class AzureSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    target: Annotated[str, About("Target", "The address of your deployment.", url=True)]
    provider: Annotated[str, About(_WHO, _HELP)]
    endpoint_type: Annotated[
        str, About("Endpoint type", "How the deployment is paid: by token or by time.", choices=("token", "realtime"))
    ]
    rate_limit: Limited = per_minute(240)


class EmbeddingSettings(AzureSettings, DenseSettings):
    """Settings of text_embedding."""

    provider: Annotated[str, About(_WHO, _HELP, choices=("cohere", "openai"))]
    max_input_tokens: MaxInputTokens = None


class RerankSettings(AzureSettings):
    """Settings of rerank."""

    provider: Annotated[str, About(_WHO, _HELP, choices=("cohere",))]


class ChatSettings(AzureSettings):
    """Settings of completion and chat_completion."""

    provider: Annotated[
        str, About(_WHO, _HELP, choices=("cohere", "databricks", "meta", "microsoft_phi", "mistral", "openai"))
    ]


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    user: Annotated[str | None, About("User", "An id of your end user, against abuse.", updatable=True)] = None


class ChatOptions(Settings):
    """Task settings of completion and chat_completion."""

    do_sample: Annotated[bool | None, About("Do sample", "Whether words are drawn by chance.", updatable=True)] = None
    max_new_tokens: Annotated[
        int | None, About("Max new tokens", "The most tokens to write.", positive=True, updatable=True)
    ] = None
    temperature: Annotated[
        float | None,
        About("Temperature", "How much is left to chance; not with top_p.", at_least=0, at_most=2, updatable=True),
    ] = None
    top_p: Annotated[
        float | None,
        About("Top P", "The share of likely words to draw from.", at_least=0, at_most=2, updatable=True),
    ] = None


class Score(msgspec.Struct):
    """A document's score."""

    index: int
    relevance_score: float


class Scores(msgspec.Struct):
    """The answer of `/v1/rerank`."""

    results: list[Score]


class Output(msgspec.Struct):
    """The answer of a realtime endpoint."""

    output: str


class Keys(httpx.Auth):
    """The key under both names: some endpoints know only one of them."""

    def __init__(self, *headers: auth.Header) -> None:
        self._headers = headers

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add both headers."""
        for header in self._headers:
            next(header.auth_flow(request))
        yield request


def sign_in(settings: Settings, _: httpx.URL | None) -> httpx.Auth:
    """By the key, as the endpoint wants to have it."""
    account = cast("AzureSettings", settings)
    plain, bearer = auth.Header("api-key", account.api_key), auth.Header("Authorization", account.api_key, "Bearer ")
    if account.provider == "openai":
        return plain
    return bearer if account.endpoint_type == "realtime" else Keys(plain, bearer)


def batch(settings: Settings) -> int:
    """The most inputs of one call, which is the provider's."""
    return 96 if cast("AzureSettings", settings).provider == "cohere" else 2048


azureaistudio = Service("azureaistudio", "Azure AI Studio", Site("", sign_in))


@azureaistudio.task(
    TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, options=EmbeddingOptions, check=probe(), batch=batch
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings, options = cast("EmbeddingSettings", call.settings), cast("EmbeddingOptions", call.options)
    wanted = {
        "user": options.user,
        "dimensions": settings.dimensions if settings.dimensions_set_by_user else None,
        "input_type": _INPUT_TYPES.get(call.input_type or "") if settings.provider == "cohere" else None,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    return (yield from shape.embed(call, _address(settings, "/v1/embeddings"), body, _headers(settings, body)))


@azureaistudio.task(TaskType.RERANK, settings=RerankSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """Documents by score."""
    settings, options = cast("RerankSettings", call.settings), cast("RerankOptions", call.options)
    body = {"query": call.query, "documents": list(call.inputs), **remote.ranking(call)}
    reply: Scores = yield Post(_address(settings, "/v1/rerank"), body, Scores)
    scores = [(score.index, score.relevance_score) for score in reply.results]
    return remote.ranked(call, scores, returns=options.return_documents, top_n=options.top_n)


@azureaistudio.task(*COMPLETIONS, settings=ChatSettings, options=ChatOptions, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user.

    A realtime endpoint is sent texts alone, and answers at once.
    """
    settings, options = cast("ChatSettings", call.settings), cast("ChatOptions", call.options)
    is_openai = settings.provider == "openai"
    if settings.endpoint_type == "realtime" and not is_openai:
        return (yield from _at_once(call, settings, options))
    limit = "max_completion_tokens" if is_openai else "max_tokens"
    extra = options.plain()
    if "max_new_tokens" in extra:
        extra[limit] = extra.pop("max_new_tokens")
    url, headers = _address(settings, "/v1/chat/completions"), _headers(settings, extra)
    return (yield from shape.chat(call, url, extra, headers, limit=limit, counts=is_openai, developers=is_openai))


def _at_once(call: Call, settings: ChatSettings, options: ChatOptions) -> Flow:
    asked = shape.body_of(call, {}, "max_new_tokens")
    messages = asked.pop("messages")
    if unfit := [name for name in asked if name not in ("max_new_tokens", "temperature", "top_p", "model")]:
        raise IllegalArgument(f"Field [{unfit[0]}] cannot be specified for an endpoint of type [realtime]")
    if any(not isinstance(message.get("content"), str) for message in messages):
        raise IllegalArgument("Field [messages] must hold texts only for an endpoint of type [realtime]")
    asked.pop("model", None)
    texts = [{"role": message["role"], "content": message["content"]} for message in messages]
    parameters = options.plain() | asked
    sent = {"input_string": texts} | ({"parameters": parameters} if parameters else {})
    reply: Output = yield Post(settings.target, {"input_data": sent}, Output)
    return Chat(Answer.of(Delta(content=reply.output), id="", model="", finish="stop"))


def _headers(settings: AzureSettings, body: Mapping[str, Any]) -> dict[str, str]:
    """Without this header Azure refuses what is not in its reference, though the model may know it."""
    is_extra = settings.provider != "openai" and body.keys() & {"do_sample", "user"}
    return {"extra-parameters": "pass-through"} if is_extra else {}


def _address(settings: AzureSettings, path: str) -> str:
    if settings.provider == "openai" or settings.endpoint_type == "realtime":
        return settings.target
    base, mark, query = settings.target.partition("?")
    base = base.rstrip("/")
    return f"{base if base.endswith(path.removeprefix('/v1')) else base + path}{mark}{query}"
