"""Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html.

It needs the extra `bedrock`: `pip install connote[bedrock]`. `domain` is amazonaws.com for most regions.
"""

import re
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec

from connote.contract.chat import Chat, ChatRequest
from connote.contract.errors import Rejected
from connote.contract.results import Usage
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import anthropic_chat, aws, converse_chat, remote
from connote.services.converse_answer import Event, Reader, Reply
from connote.services.remote import DenseSettings, Limited, per_minute, probe
from connote.services.service import Call, Emit, Flow, Open, Post, Service, Site

# The providers, and how the names of their models begin, behind a region or in an ARN too.
_PROVIDERS = {
    "ai21labs": "ai21.",
    "amazontitan": "amazon.titan",
    "anthropic": "anthropic.",
    "cohere": "cohere.",
    "meta": "meta.",
    "mistral": "mistral.",
}
# What providers call the number of words to choose from; others have none.
_TOP_K = {"anthropic": "top_k", "cohere": "k", "mistral": "top_k"}
_INPUT_TYPES = {"search": "search_query", "classification": "classification", "clustering": "clustering"}
# Models with vectors of one length only, which refuse to be asked for it.
_FIXED = ("titan-embed-text-v1", "titan-embed-g1", "embed-english-v3", "embed-multilingual-v3")
# What surrounds the name of a model of Claude's.
_CLAUDE = re.compile(r"^.*anthropic\.|-v\d+(:\d+)?$")
# Of so many tokens to write a share is thought if the request does not say how many there may be: every model takes it.
_MOST_TOKENS = 8192

MaxNewTokens = Annotated[
    int | None, About("Max New Tokens", "The most tokens to write.", positive=True, updatable=True)
]


class BedrockSettings(aws.AwsSettings):
    """A model of an account."""

    model: Annotated[str, About("Model", "The id or ARN of the model or inference profile.")]
    provider: Annotated[
        str | None, About("Provider", "Who has made the model; told by its name, if it has it.", choices=(*_PROVIDERS,))
    ] = None
    rate_limit: Limited = per_minute(240)

    @property
    def maker(self) -> str | None:
        """The provider, as it is given or as the model's name tells."""
        return self.provider or next((name for name, mark in _PROVIDERS.items() if mark in self.model), None)


class EmbeddingSettings(DenseSettings, BedrockSettings):
    """Settings of text_embedding."""

    def problems(self, scope: str) -> list[str]:
        """The provider decides what is sent."""
        missing = [f"[{scope}] does not contain the required setting [provider]"] if self.maker is None else []
        return super().problems(scope) + missing


class Options(Settings):
    """Task settings of chat_completion."""

    max_new_tokens: MaxNewTokens = None
    temperature: Annotated[
        float | None, About("Temperature", "How far answers may vary.", at_least=0, at_most=1, updatable=True)
    ] = None
    top_p: Annotated[
        float | None,
        About(
            "Top P",
            "Only the likeliest words that together have this probability.",
            at_least=0,
            at_most=1,
            updatable=True,
        ),
    ] = None
    top_k: Annotated[
        float | None,
        About("Top K", "Only so many of the likeliest words (anthropic, cohere, mistral).", at_least=0, updatable=True),
    ] = None


class CompletionOptions(Options):
    """Task settings of completion."""

    max_new_tokens: MaxNewTokens = 64


class TitanReply(msgspec.Struct, rename="camel"):
    """A vector of Titan's."""

    embedding: list[float]
    input_text_token_count: int = 0


class CohereReply(msgspec.Struct):
    """Vectors of Cohere's: as they are, or by their type."""

    embeddings: list[list[float]] | dict[str, list[list[float]]]


amazonbedrock = Service(
    "amazonbedrock",
    "Amazon Bedrock",
    Site("https://bedrock-runtime.{region}.{domain}", aws.signed("bedrock")),
)


def _most(settings: Settings) -> int:
    return 96 if cast("BedrockSettings", settings).maker == "cohere" else 1


@amazonbedrock.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, check=probe("cosine"), batch=_most)
def embed(call: Call) -> Flow:
    """One vector an input: Amazon Titan takes one input a call, Cohere 96."""
    settings = cast("EmbeddingSettings", call.settings)
    sized = settings.dimensions_set_by_user and not any(name in settings.model for name in _FIXED)
    path = _path(settings.model, "invoke")
    if settings.maker == "amazontitan":
        size = {"dimensions": settings.dimensions} if sized else {}
        titan: TitanReply = yield Post(path, {"inputText": call.inputs[0], **size}, TitanReply)
        return remote.dense(call, [titan.embedding], usage=Usage(titan.input_text_token_count))
    if settings.maker == "cohere":
        body: dict[str, Any] = {
            "texts": list(call.inputs),
            "input_type": _INPUT_TYPES.get(call.input_type or "", "search_document"),
        }
        body |= {"output_dimension": settings.dimensions} if sized else {}
        cohere: CohereReply = yield Post(path, body, CohereReply)
        held = cohere.embeddings
        return remote.dense(call, held["float"] if isinstance(held, dict) else held)
    raise Rejected(f"The [{call.endpoint.task.kind}] task type for provider [{settings.maker}] is not available")


@amazonbedrock.task(TaskType.CHAT_COMPLETION, settings=BedrockSettings, options=Options, check=probe(), streams=True)
@amazonbedrock.task(
    TaskType.COMPLETION, settings=BedrockSettings, options=CompletionOptions, check=probe(), streams=True
)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    settings, asked = cast("BedrockSettings", call.settings), cast("ChatRequest", call.chat)
    options = cast("Options", call.options)
    usual = {"maxTokens": options.max_new_tokens, "temperature": options.temperature, "topP": options.top_p}
    model = asked.model or settings.model
    thinking, effort = _thinking(asked, settings, model, options.max_new_tokens)
    body = converse_chat.body(asked, usual, _top_k(settings, options) | thinking, effort)
    reader = Reader(model, shows=not (asked.reasoning and asked.reasoning.exclude))
    if call.stream:
        event = yield Open(Post(_path(model, "converse-stream"), body, Event), "aws")
        while event is not None:
            event = yield Emit(reader.chunks(event))
        return None
    reply: Reply = yield Post(_path(model, "converse"), body, Reply)
    return Chat(reader.answer(reply))


def _top_k(settings: BedrockSettings, options: Options) -> dict[str, float]:
    """Raises Rejected where it means nothing."""
    if options.top_k is None:
        return {}
    if settings.maker not in _TOP_K:
        raise Rejected(f"The [top_k] task parameter is not available for provider [{settings.maker or settings.model}]")
    return {_TOP_K[settings.maker]: int(options.top_k) if options.top_k == int(options.top_k) else options.top_k}


def _thinking(
    asked: ChatRequest, settings: BedrockSettings, model: str, usual: int | None
) -> tuple[dict[str, Any], str | None]:
    """What Claude is told of thinking, and how hard a model shall try; nothing, if it shall not think.

    https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
    """
    reasoning = asked.reasoning
    if reasoning is None or reasoning.enabled is False or reasoning.effort == "none":
        return {}, None
    effort = "low" if reasoning.effort == "minimal" else reasoning.effort
    if settings.maker != "anthropic" or not (reasoning.enabled or effort):
        return {}, effort
    most = asked.max_completion_tokens or usual or _MOST_TOKENS
    tokens = anthropic_chat.budget(reasoning, _CLAUDE.sub("", model), most, "max_new_tokens")
    if tokens is not None:
        return {"thinking": {"type": "enabled", "budget_tokens": tokens}}, None
    return {"thinking": {"type": "adaptive"}}, effort


def _path(model: str, operation: str) -> str:
    return f"/model/{quote(model, safe='')}/{operation}"
