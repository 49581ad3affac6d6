"""Models at Hugging Face, each at an address of its own: https://huggingface.co/docs/inference-endpoints.

Any server will do that speaks as Text Embeddings Inference does
(https://huggingface.github.io/text-embeddings-inference), or as OpenAI does for chats.
"""

from typing import Annotated, cast

import msgspec

from connote.contract.errors import Malformed
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
    Url,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Post, Service, Site

# What Text Embeddings Inference takes if it is not told otherwise (--max-client-batch-size).
_BATCH = 32
_CHAT = "/v1/chat/completions"

OptionalModel = Annotated[str | None, About("Model ID", "The name of the model, where an address has several.")]


class HuggingFaceSettings(Settings):
    """Settings of all tasks."""

    api_key: Key
    url: Url
    rate_limit: Limited = per_minute(3000)


class EmbeddingSettings(HuggingFaceSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class SparseSettings(HuggingFaceSettings):
    """Settings of sparse_embedding."""

    max_input_tokens: MaxInputTokens = None


class RerankSettings(HuggingFaceSettings):
    """Settings of rerank."""

    model_id: OptionalModel = None


class ChatSettings(HuggingFaceSettings):
    """Settings of completion and chat_completion."""

    model_id: OptionalModel = None

    def problems(self, scope: str) -> list[str]:
        """The address is OpenAI's."""
        reason = f"it must contain [{_CHAT}]"
        shown = f"[{scope}] Invalid url [{self.url}] received for field [url]. Error: {reason}"
        return [] if _CHAT in self.url else [shown]


class Embeddings(msgspec.Struct):
    """Vectors, where they are not the whole answer."""

    embeddings: list[list[float]]


class TokenValue(msgspec.Struct):
    """A token's weight, as Text Embeddings Inference tells it."""

    index: int
    value: float


class Score(msgspec.Struct):
    """A document's score, under one of two names."""

    index: int
    score: float | None = None
    relevance_score: float | None = None

    def pair(self) -> tuple[int, float]:
        """Position and score. Raises Malformed if there is none."""
        score = self.score if self.relevance_score is None else self.relevance_score
        if score is None:
            raise Malformed("the service answers with a document that has no score")
        return self.index, score


class Scores(msgspec.Struct):
    """Scores, where they are not the whole answer."""

    results: list[Score]


hugging_face = Service("hugging_face", "Hugging Face", Site("", auth.bearer()))
# What it was called when it was for ELSER alone.
hugging_face_elser = Service("hugging_face_elser", "ELSER on Hugging Face", Site("", auth.bearer()), hidden=True)


@hugging_face.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, check=probe("cosine"), batch=_BATCH)
def embed(call: Call) -> Flow:
    """One vector an input; the answer is a list of them, or has them in `embeddings`."""
    reply = yield Post(_url(call), {"inputs": list(call.inputs)}, list[list[float]] | Embeddings)
    return remote.dense(call, reply.embeddings if isinstance(reply, Embeddings) else reply)


@hugging_face.task(TaskType.SPARSE_EMBEDDING, settings=SparseSettings, check=probe(), batch=_BATCH)
@hugging_face_elser.task(TaskType.SPARSE_EMBEDDING, settings=SparseSettings, check=probe(), batch=_BATCH)
def embed_sparsely(call: Call) -> Flow:
    """Token weights of each input: `{token: weight}`, or `[{"index": token id, "value": weight}]`."""
    reply = yield Post(_url(call), {"inputs": list(call.inputs)}, list[dict[str, float] | list[TokenValue]])
    return remote.sparse(call, [_weights(vector) for vector in reply])


@hugging_face.task(TaskType.RERANK, settings=RerankSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """Documents by score; the answer is a list of scores, or has them in `results`."""
    options, model = cast("RerankOptions", call.options), cast("RerankSettings", call.settings).model_id
    body = {"documents": list(call.inputs), "query": call.query, **remote.ranking(call)}
    if model is not None:
        body["model"] = model
    reply = yield Post(_url(call), body, list[Score] | Scores)
    scores = [score.pair() for score in (reply.results if isinstance(reply, Scores) else reply)]
    return remote.ranked(call, scores, returns=options.return_documents, top_n=options.top_n)


@hugging_face.task(*COMPLETIONS, settings=ChatSettings, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    model = cast("ChatSettings", call.settings).model_id
    return (yield from shape.chat(call, _url(call), {"model": model} if model else {}, limit="max_tokens"))


def _url(call: Call) -> str:
    return cast("HuggingFaceSettings", call.settings).url


def _weights(vector: dict[str, float] | list[TokenValue]) -> list[tuple[str, float]]:
    if isinstance(vector, dict):
        return list(vector.items())
    return [(str(token.index), token.value) for token in vector]
