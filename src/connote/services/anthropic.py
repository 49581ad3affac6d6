"""Anthropic: https://docs.claude.com/en/api/messages."""

from typing import Annotated, cast

from connote.contract.chat import Chat
from connote.contract.settings import About, Settings
from connote.services import anthropic_chat, auth
from connote.services.anthropic_answer import Event, Reply, Stream, answer
from connote.services.remote import COMPLETIONS, Key, Limited, ModelId, per_minute, probe
from connote.services.service import Call, Emit, Flow, Open, Post, Service, Site


class ChatSettings(Settings):
    """Settings of completion and chat_completion."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(50)


class Options(Settings):
    """Task settings; the request of a chat may say otherwise."""

    max_tokens: Annotated[int, About("Max Tokens", "The most tokens to write.", positive=True, updatable=True)]
    temperature: Annotated[
        float | None,
        About("Temperature", "How much chance there is in the answer.", at_least=0, at_most=1, updatable=True),
    ] = None
    top_k: Annotated[
        int | None, About("Top K", "Choose each token from that many likely ones.", positive=True, updatable=True)
    ] = None
    top_p: Annotated[
        float | None,
        About(
            "Top P",
            "Choose from the likely tokens that make up this probability.",
            at_least=0,
            at_most=1,
            updatable=True,
        ),
    ] = None


anthropic = Service(
    "anthropic",
    "Anthropic",
    Site("https://api.anthropic.com", auth.header("x-api-key"), {"anthropic-version": "2023-06-01"}),
)


@anthropic.task(*COMPLETIONS, settings=ChatSettings, options=Options, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    settings = cast("ChatSettings", call.settings)
    body = anthropic_chat.body(call.chat, settings.model_id, call.options.plain())
    if not call.stream:
        reply: Reply = yield Post("/v1/messages", body, Reply)
        return Chat(answer(reply))
    stream = Stream()
    event = yield Open(Post("/v1/messages", body | {"stream": True}, Event))
    while event is not None:
        event = yield Emit(stream.chunk(event))
    return None
