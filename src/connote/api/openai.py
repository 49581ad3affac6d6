"""OpenAI's routes, over every endpoint: `model` is the id of an inference endpoint."""

from typing import cast

from connote.api import run
from connote.api.events import EventStream
from connote.api.exchange import Answer, Ask, Route
from connote.contract import openai, requests
from connote.contract.errors import ConnoteError
from connote.contract.requests import InferenceRequest
from connote.contract.results import Dense
from connote.contract.tasks import TaskType


async def models(ask: Ask) -> Answer:
    """OpenAI: the inference endpoints, as models."""
    listed = ask.connote.endpoints.all()
    data = [openai.model(each.id, each.service.name, each.task.kind) for each in listed]
    return Answer({"object": "list", "data": data})


async def model(ask: Ask) -> Answer:
    """OpenAI: one inference endpoint, as a model."""
    found = ask.connote.endpoints.find(ask.path("model"))
    return Answer(openai.model(found.id, found.service.name, found.task.kind))


async def embeddings(ask: Ask) -> Answer:
    """OpenAI: vectors of texts."""
    asked = openai.EmbeddingsRequest.of(await ask.json())
    found = run.endpoint(ask, asked.model, TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING)
    request = InferenceRequest.of(
        found.task.kind,
        requests.contents(requests.texts(asked.input, "input")),
        "input",
        input_type=asked.input_type,
        timeout=ask.text("timeout"),
    )
    done = await run.infer(ask, found.id, request, whole=run.whole(ask))
    return Answer(openai.embeddings(cast("Dense", done.result), asked, done.endpoint.id), warnings=done.warnings)


async def chat(ask: Ask) -> Answer:
    """OpenAI: what a chat model answers, at once or streamed; also over completion endpoints."""
    asked, inference, given = openai.ChatAsked.of(await ask.json()), ask.connote.inference, ask.text("timeout")
    if asked.stream:
        chunks = await ask.attended(inference.stream_chat(asked.model, asked.request, given, TaskType.ANY))
        return Answer(response=EventStream(chunks, openai.Chunks(asked)))
    result = await ask.attended(inference.chat(asked.model, asked.request, given, TaskType.ANY))
    return Answer(openai.completion(result, asked.model))


def told(_: Ask, error: ConnoteError) -> Answer:
    """A failure as OpenAI tells it."""
    return Answer(openai.error(error), error.status, headers=error.headers)


ROUTES = (
    Route("GET", "/v1/models", models, told=told),
    Route("GET", "/v1/models/{model}", model, told=told),
    Route("POST", "/v1/embeddings", embeddings, run.PARAMS, told=told),
    Route("POST", "/embeddings", embeddings, run.PARAMS, told=told),
    Route("POST", "/v1/chat/completions", chat, run.TIMEOUT, told=told),
)
