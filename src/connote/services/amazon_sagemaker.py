"""Amazon SageMaker: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Runtime.html.

A SageMaker endpoint answers in the shape that its container speaks: OpenAI's (`openai`), or that of this API
(`elastic`), to which a request may also hand task settings that are not listed here. It needs the extra `bedrock`:
`pip install connote[bedrock]`. `domain` is amazonaws.com for most regions.
"""

from dataclasses import replace
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec

from connote.contract.chat import Answer, Chat, ChatRequest, Choice, Chunk, Delta
from connote.contract.errors import Malformed
from connote.contract.results import Element
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import aws, remote, shape
from connote.services.remote import DenseSettings, RateLimit, probe
from connote.services.service import Call, Check, Emit, Endpoint, Flow, Open, Post, Service, Site


class EndpointSettings(aws.AwsSettings):
    """An endpoint of SageMaker's, and what of it is asked."""

    endpoint_name: Annotated[str, About("Endpoint Name", "The name of the SageMaker endpoint.")]
    target_model: Annotated[
        str | None, About("Target Model", "The model of an endpoint with several; not in streams.")
    ] = None
    target_container_hostname: Annotated[
        str | None, About("Target Container Hostname", "The container of an endpoint with several.")
    ] = None
    inference_component_name: Annotated[
        str | None, About("Inference Component Name", "The component of an endpoint with several.")
    ] = None
    batch_size: Annotated[
        int, About("Batch Size", "The most inputs of one call for embeddings.", positive=True, updatable=True)
    ] = 256
    rate_limit: Annotated[
        RateLimit | None, About("Rate Limit", "How often the endpoint may be asked.", updatable=True)
    ] = None

    def problems(self, scope: str) -> list[str]:
        """Some of them become headers."""
        return super().problems(scope) + _unprintable(self, scope)


class ElasticSettings(EndpointSettings):
    """Settings of the tasks that OpenAI's shape has not."""

    api: Annotated[str, About("API", "The shape that the container speaks.", choices=("elastic",))]


class ChatSettings(EndpointSettings):
    """Settings of completion and chat_completion."""

    api: Annotated[str, About("API", "The shape that the container speaks.", choices=("elastic", "openai"))]


class EmbeddingSettings(DenseSettings, ChatSettings):
    """Settings of text_embedding. With `elastic`, `similarity` and `element_type` are required."""

    element_type: Annotated[
        str | None, About("Element Type", "What vectors are of (elastic).", choices=("float", "byte", "bit"))
    ] = None

    def problems(self, scope: str) -> list[str]:
        """The shapes differ in what must be told."""
        found = super().problems(scope)
        if self.api == "elastic":
            missing = [name for name in ("similarity", "element_type") if getattr(self, name) is None]
            return found + [f"[{scope}] does not contain the required setting [{name}]" for name in missing]
        return found + ([f"[{scope}] does not allow the setting [element_type]"] if self.element_type else [])


class Options(Settings):
    """Task settings that become headers."""

    custom_attributes: Annotated[
        str | None, About("Custom Attributes", "What the container is told beside the input.", updatable=True)
    ] = None
    enable_explanations: Annotated[
        str | None, About("Enable Explanations", "Which explanations are wanted; not in streams.", updatable=True)
    ] = None
    inference_id: Annotated[
        str | None, About("Inference ID", "By what data that are captured are found again.", updatable=True)
    ] = None
    session_id: Annotated[str | None, About("Session ID", "The stateful session to go on with.", updatable=True)] = None
    target_variant: Annotated[str | None, About("Target Variant", "The production variant to ask.", updatable=True)] = (
        None
    )

    def problems(self, scope: str) -> list[str]:
        """They become headers."""
        return super().problems(scope) + _unprintable(self, scope)


class UserOptions(Options):
    """Task settings of what OpenAI's shape has too."""

    user: Annotated[str | None, About("User", "An id of your end user, against abuse.", updatable=True)] = None


class Embedded(msgspec.Struct):
    """One vector."""

    embedding: list[float]


class Embeddings(msgspec.Struct):
    """Vectors; which member is set tells of what."""

    text_embedding: list[Embedded] | None = None
    text_embedding_bytes: list[Embedded] | None = None
    text_embedding_bits: list[Embedded] | None = None


class Weighed(msgspec.Struct):
    """Tokens with their weights."""

    embedding: dict[str, float]
    is_truncated: bool = False


class Weights(msgspec.Struct):
    """Sparse vectors."""

    sparse_embedding: list[Weighed]


class Rank(msgspec.Struct):
    """The score of one document."""

    index: int
    relevance_score: float
    text: str | None = None


class Ranks(msgspec.Struct):
    """Scores of documents."""

    rerank: list[Rank]


class Written(msgspec.Struct):
    """A text, or in a stream a piece of it."""

    result: str | None = None
    delta: str | None = None


class Completion(msgspec.Struct):
    """Texts."""

    completion: list[Written]


# The headers of settings and task settings. A stream has no room for some.
_HEADERS = {
    "target_model": "X-Amzn-SageMaker-Target-Model",
    "target_container_hostname": "X-Amzn-SageMaker-Target-Container-Hostname",
    "inference_component_name": "X-Amzn-SageMaker-Inference-Component",
    "custom_attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "enable_explanations": "X-Amzn-SageMaker-Enable-Explanations",
    "inference_id": "X-Amzn-SageMaker-Inference-Id",
    "session_id": "X-Amzn-SageMaker-Session-Id",
    "target_variant": "X-Amzn-SageMaker-Target-Variant",
}
_NOT_STREAMED = ("target_model", "enable_explanations")
_MEMBERS = {"float": "text_embedding", "byte": "text_embedding_bytes", "bit": "text_embedding_bits"}

amazon_sagemaker = Service(
    "amazon_sagemaker",
    "Amazon SageMaker",
    Site("https://runtime.sagemaker.{region}.{domain}", aws.signed("sagemaker")),
)


def _batch(settings: Settings) -> int:
    return cast("EndpointSettings", settings).batch_size


def _speaks_elastic(settings: Settings) -> bool:
    return cast("ChatSettings", settings).api == "elastic"


def _check(endpoint: Endpoint) -> Check:
    """Chats of `elastic` are only called: the container may answer in chunks, which only streams read."""
    if endpoint.task.kind is TaskType.CHAT_COMPLETION and _speaks_elastic(endpoint.settings):
        call = Call(endpoint, endpoint.options, (), chat=ChatRequest.of(["how big"]))
        yield replace(_chat_post(call), reply=bytes)
        return endpoint.settings
    settings: Settings = yield from probe()(endpoint)
    return settings


@amazon_sagemaker.task(
    TaskType.TEXT_EMBEDDING,
    settings=EmbeddingSettings,
    options=UserOptions,
    check=_check,
    batch=_batch,
    takes_extra=_speaks_elastic,
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings = cast("EmbeddingSettings", call.settings)
    if settings.api == "openai":
        body = _user(call)
        body |= {"dimensions": settings.dimensions} if settings.dimensions_set_by_user else {}
        return (yield from shape.embed(call, _path(call), body, _headers(call)))
    reply: Embeddings = yield _post(call, Embeddings)
    element = cast("Element", settings.element_type)
    vectors: list[Embedded] | None = getattr(reply, _MEMBERS[element])
    if vectors is None:
        raise Malformed(f"the service answers without [{_MEMBERS[element]}]")
    return remote.dense(call, [each.embedding for each in vectors], element=element)


@amazon_sagemaker.task(
    TaskType.SPARSE_EMBEDDING,
    settings=ElasticSettings,
    options=Options,
    check=_check,
    batch=_batch,
    takes_extra=_speaks_elastic,
)
def expand(call: Call) -> Flow:
    """Token weights of each input."""
    reply: Weights = yield _post(call, Weights)
    sparse = remote.sparse(call, [list(each.embedding.items()) for each in reply.sparse_embedding])
    pairs = zip(sparse.vectors, reply.sparse_embedding, strict=True)
    return replace(sparse, vectors=[replace(vector, is_truncated=each.is_truncated) for vector, each in pairs])


@amazon_sagemaker.task(
    TaskType.RERANK, settings=ElasticSettings, options=Options, check=_check, takes_extra=_speaks_elastic
)
def rerank(call: Call) -> Flow:
    """Documents by score, with their texts if the container gives them."""
    reply: Ranks = yield _post(call, Ranks)
    scores = [(each.index, each.relevance_score) for each in reply.rerank]
    return remote.ranked(call, scores, returns=any(each.text is not None for each in reply.rerank))


@amazon_sagemaker.task(
    TaskType.COMPLETION,
    TaskType.CHAT_COMPLETION,
    settings=ChatSettings,
    options=UserOptions,
    check=_check,
    streams=True,
    takes_extra=_speaks_elastic,
)
def chat(call: Call) -> Flow:
    """What the model writes; the endpoint decides which model that is."""
    if not _speaks_elastic(call.settings):
        extra = {"n": 1, **_user(call)}
        return (yield from shape.chat(_nameless(call), _path(call), extra, _headers(call), framing="aws-payload"))
    if call.endpoint.task.kind is TaskType.COMPLETION:
        return (yield from _complete(call))
    post = _chat_post(call)
    if call.stream:
        event = yield Open(replace(post, reply=Chunk), "aws-payload")
        while event is not None:
            event = yield Emit([event])
        return None
    answer: Answer = yield post
    return Chat(answer)


def _complete(call: Call) -> Flow:
    post = _post(call, Completion)
    if call.stream:
        event = yield Open(post, "aws-payload")
        while event is not None:
            texts = [each.delta or each.result for each in event.completion]
            event = yield Emit([Chunk.of(Delta(content=text), id=call.endpoint.id, model="") for text in texts])
        return None
    reply: Completion = yield post
    return Chat(Answer([Choice(Delta(content=each.result)) for each in reply.completion]))


def _nameless(call: Call) -> Call:
    """The endpoint decides which model answers: none is named."""
    return replace(call, chat=msgspec.structs.replace(cast("ChatRequest", call.chat), model=None))


def _chat_post(call: Call) -> Post:
    body = cast("ChatRequest", _nameless(call).chat).wire()
    return Post(_path(call), body, Answer, _headers(call))


def _post(call: Call, reply: Any) -> Post:  # noqa: ANN401 (a type)
    """A request in the shape of this API."""
    body = {
        "query": call.query,
        "input": call.inputs[0] if len(call.inputs) == 1 else list(call.inputs),
        "input_type": call.input_type if call.endpoint.task.kind.embeds and call.input_type != "unspecified" else None,
        "return_documents": call.return_documents,
        "top_n": call.top_n,
        "task_settings": {**_user(call), **call.extra} or None,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return Post(_path(call), given, reply, _headers(call))


def _user(call: Call) -> dict[str, Any]:
    user = getattr(call.options, "user", None)
    return {} if user is None else {"user": user}


def _path(call: Call) -> str:
    name = quote(cast("EndpointSettings", call.settings).endpoint_name, safe="")
    return f"/endpoints/{name}/invocations{'-response-stream' if call.stream else ''}"


def _headers(call: Call) -> dict[str, str]:
    given = call.settings.plain() | call.options.plain()
    left_out = _NOT_STREAMED if call.stream else ()
    return {header: given[name] for name, header in _HEADERS.items() if name in given and name not in left_out}


def _unprintable(settings: Settings, scope: str) -> list[str]:
    """The problems of what cannot stand in a header."""
    given = {name: value for name, value in settings.plain().items() if name in _HEADERS}
    return [
        f"[{scope}] Invalid value [{value}]. [{name}] must have printable ASCII characters only"
        for name, value in given.items()
        if not value.isascii() or not value.isprintable()
    ]
