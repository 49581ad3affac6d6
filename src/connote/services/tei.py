"""Text Embeddings Inference, on a machine of yours: https://huggingface.github.io/text-embeddings-inference."""

from typing import Annotated, Any, cast

import msgspec

from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services.auth import bearer
from connote.services.remote import DenseSettings, dense, probe, ranked_in_parts, sparse
from connote.services.row import RankOptions, ServerSettings
from connote.services.service import Call, Flow, Post, Service, Site

# The most inputs of one call, if the server was not started with more (--max-client-batch-size).
MOST = 32


class EmbeddingSettings(ServerSettings, DenseSettings):
    """Settings of text_embedding."""


class Truncates(Settings):
    """Task settings of all tasks."""

    truncate: Annotated[
        bool | None,
        About("Truncate", "Whether to cut inputs that are too long; if not, they are refused.", updatable=True),
    ] = None


class EmbeddingOptions(Truncates):
    """Task settings of text_embedding and sparse_embedding."""

    search_prompt: Annotated[
        str | None, About("Search Prompt", "The name of the model's prompt for queries.", updatable=True)
    ] = None
    ingest_prompt: Annotated[
        str | None, About("Ingest Prompt", "The name of the model's prompt for documents.", updatable=True)
    ] = None


class RerankOptions(RankOptions, Truncates):
    """Task settings of rerank."""


class Weight(msgspec.Struct):
    """The weight of one token."""

    index: int
    value: float


class Score(msgspec.Struct):
    """How well one text fits."""

    index: int
    score: float


tei = Service("tei", "Text Embeddings Inference", Site("http://127.0.0.1:8080", bearer()))


@tei.task(
    TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, options=EmbeddingOptions, check=probe("cosine"), batch=MOST
)
def embed(call: Call) -> Flow:
    """One vector an input."""
    settings, body = cast("EmbeddingSettings", call.settings), _inputs(call)
    if settings.dimensions_set_by_user:
        body["dimensions"] = settings.dimensions
    reply: list[list[float]] = yield Post(settings.at("/embed"), body, list[list[float]])
    return dense(call, reply)


@tei.task(TaskType.SPARSE_EMBEDDING, settings=ServerSettings, options=EmbeddingOptions, check=probe(), batch=MOST)
def embed_sparse(call: Call) -> Flow:
    """Token weights of each input. Tokens are told by their numbers, as the server gives them."""
    settings = cast("ServerSettings", call.settings)
    reply: list[list[Weight]] = yield Post(settings.at("/embed_sparse"), _inputs(call), list[list[Weight]])
    return sparse(call, [[(str(each.index), each.value) for each in vector] for vector in reply])


@tei.task(TaskType.RERANK, settings=ServerSettings, options=RerankOptions, check=probe())
def rerank(call: Call) -> Flow:
    """Documents by how well they fit the query; many are sent in several calls."""
    settings, options = cast("ServerSettings", call.settings), cast("RerankOptions", call.options)
    truncate = {} if options.truncate is None else {"truncate": options.truncate}
    return (
        yield from ranked_in_parts(
            call,
            MOST,
            lambda part: Post(settings.at("/rerank"), {"query": call.query, "texts": part, **truncate}, list[Score]),
            lambda reply: [(each.index, each.score) for each in reply],
            returns=options.return_documents,
            top_n=options.top_n,
        )
    )


def _inputs(call: Call) -> dict[str, Any]:
    options, body = cast("EmbeddingOptions", call.options), dict[str, Any](inputs=list(call.inputs))
    if options.truncate is not None:
        body["truncate"] = options.truncate
    prompt = {"search": options.search_prompt, "ingest": options.ingest_prompt}.get(call.input_type or "")
    return body if prompt is None else body | {"prompt_name": prompt}
