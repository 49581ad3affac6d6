"""Models of others in Vertex AI's Model Garden: https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models.

Anthropic's are asked as Anthropic's own API is, but for the model, which the address names; all others as OpenAI's.
"""

import re

from connote.contract.chat import Chat
from connote.services import anthropic_chat, shape
from connote.services.anthropic_answer import Event, Reply, Stream, answer
from connote.services.service import Call, Emit, Flow, Open, Post
from connote.services.vertex_settings import ANTHROPIC, ChatSettings

_VERSION = {"anthropic_version": "vertex-2023-10-16"}
_MODEL = re.compile(r"/models/([^/:]+)")
# What Anthropic's models are told if nobody says how much to write; they want to be told.
_MOST = 1024


def chat(call: Call, settings: ChatSettings, most: int | None) -> Flow:
    """A chat or a completion, at once or streamed; `most` is how many tokens a model of Anthropic writes."""
    urls = (settings.streaming_url, settings.url) if call.stream else (settings.url, settings.streaming_url)
    url = str(urls[0] or urls[1])
    if settings.provider == ANTHROPIC:
        return (yield from _claude(call, url, settings.model_id, most or _MOST))
    model = {} if settings.model_id is None else {"model": settings.model_id}
    # Mistral and AI21 tell the usage of a stream without being asked, and may refuse to be.
    counts = settings.provider in ("meta", "hugging_face")
    return (yield from shape.chat(call, url, model, limit="max_tokens", counts=counts))


def _claude(call: Call, url: str, model: str | None, most: int) -> Flow:
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    named = _MODEL.search(url)
    body = anthropic_chat.body(call.chat, model or (named[1] if named else ""), {"max_tokens": most}) | _VERSION
    del body["model"]
    if not call.stream:
        reply: Reply = yield Post(url, body, Reply)
        return Chat(answer(reply))
    stream = Stream()
    event = yield Open(Post(url, body | {"stream": True}, Event))
    while event is not None:
        event = yield Emit(stream.chunk(event))
    return None
