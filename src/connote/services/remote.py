"""What services that are reached over the net have in common: their usual settings, the check, and results.

class EmbeddingSettings(DenseSettings):
api_key: Key
model_id: ModelId
rate_limit: Limited = per_minute(3000)
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, cast

import numpy as np

from connote.contract.chat import ChatRequest
from connote.contract.content import Content, Item
from connote.contract.errors import IllegalArgument, Malformed
from connote.contract.results import (
    NO_USAGE,
    Dense,
    Element,
    Rank,
    Ranked,
    Sparse,
    SparseVector,
    Usage,
    Vector,
    Vectors,
)
from connote.contract.secret import Secret
from connote.contract.settings import SERVICE_SETTINGS, About, Settings
from connote.contract.tasks import TaskType
from connote.services.service import Call, Check, Endpoint, Post

COMPLETIONS = (TaskType.COMPLETION, TaskType.CHAT_COMPLETION)
# What a new endpoint is tried with.
_TRIAL = "how big"


class RateLimit(Settings):
    """How often a service may be asked."""

    flat: ClassVar[bool] = True

    requests_per_minute: Annotated[
        int, About("Rate Limit", "The most requests a minute; more wait for their turn.", positive=True, updatable=True)
    ]


Limited = Annotated[RateLimit, About("Rate Limit", "How often the service may be asked.", updatable=True)]
Key = Annotated[Secret, About("API Key", "The key of your account at the service.", updatable=True)]
ModelId = Annotated[str, About("Model ID", "The name of the model, as the service calls it.")]
Url = Annotated[str, About("URL", "The whole address that is asked.", url=True)]
OptionalUrl = Annotated[str | None, About("URL", "The whole address to ask instead of the service's own.", url=True)]
MaxInputTokens = Annotated[
    int | None, About("Maximum Input Tokens", "The most tokens that the model takes for one input.", positive=True)
]
InputType = Annotated[
    str | None,
    About(
        "Input Type",
        "What the input is for, if a request does not say.",
        choices=("ingest", "search", "classification", "clustering"),
        updatable=True,
    ),
]
TopN = Annotated[int | None, About("Top N", "The most documents to return.", positive=True, updatable=True)]
ReturnDocuments = Annotated[
    bool | None, About("Return Documents", "Whether results hold the documents' texts.", updatable=True)
]


def per_minute(requests: int) -> RateLimit:
    """The default of a service."""
    return RateLimit(requests_per_minute=requests)


class DenseSettings(Settings):
    """What dense endpoints tell of their vectors: measured when the endpoint is made, if it is not given."""

    dimensions: Annotated[int | None, About("Dimensions", "The number of dimensions of a vector.", positive=True)] = (
        None
    )
    similarity: Annotated[
        str | None, About("Similarity", "How vectors are compared.", choices=("cosine", "dot_product", "l2_norm"))
    ] = None
    dimensions_set_by_user: Annotated[
        bool | None, About("Set by user", "Whether the request gave the dimensions.", derived=True, hidden=True)
    ] = None


class RerankOptions(Settings):
    """The usual task settings of rerank."""

    return_documents: ReturnDocuments = None
    top_n: TopN = None


def ranking(call: Call) -> dict[str, Any]:
    """What of `return_documents` and `top_n` is set, for a body; the request's go before the endpoint's."""
    options = cast("RerankOptions", call.options)
    wanted = {
        "return_documents": options.return_documents if call.return_documents is None else call.return_documents,
        "top_n": call.top_n or options.top_n,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def probe(similarity: str = "dot_product", *, exact: str = "cosine") -> Any:  # noqa: ANN401 (a check)
    """The check of a new endpoint: it is called once, and the vectors that come are measured.

    `similarity` is what vectors of floats are compared by if the user does not say, `exact` what other vectors are.
    """

    def check(endpoint: Endpoint) -> Check:
        settings = endpoint.settings
        if isinstance(settings, DenseSettings) and settings.dimensions_set_by_user is None:
            settings = replace(settings, dimensions_set_by_user=settings.dimensions is not None)
            endpoint = replace(endpoint, settings=settings)
        result = yield from endpoint.task.flow(_trial(endpoint))
        if isinstance(settings, DenseSettings):
            return _measured(settings, cast("Dense", result), similarity, exact)
        return settings

    return check


def _trial(endpoint: Endpoint) -> Call:
    kind = endpoint.task.kind
    return Call(
        endpoint,
        endpoint.options,
        [_TRIAL],
        contents=[(Item("text", _TRIAL),)] if kind is TaskType.EMBEDDING else (),
        query=_TRIAL if kind is TaskType.RERANK else None,
        chat=ChatRequest.of([_TRIAL]) if kind in COMPLETIONS else None,
    )


def _measured(settings: DenseSettings, result: Dense, similarity: str, exact: str) -> Settings:
    if settings.dimensions not in (None, result.dimensions):
        raise IllegalArgument(
            f"[{SERVICE_SETTINGS}] Invalid value [{settings.dimensions}]. [dimensions] must be [{result.dimensions}], "
            "the dimensions of the vectors that the service gives"
        )
    usual = {"float": similarity, "byte": exact, "bit": "l2_norm"}[result.element]
    return replace(settings, dimensions=result.dimensions, similarity=settings.similarity or usual)


def texts(call: Call) -> list[str]:
    """The inputs of a service that embeds texts only. Raises IllegalArgument for what is something else."""
    for position, items in enumerate(call.contents):
        if len(items) != 1 or not items[0].is_text:
            raise IllegalArgument(
                f"Field [input[{position}]] must be one text; the service [{call.endpoint.service.name}] takes no more"
            )
    return [items[0].value for items in call.contents] or list(call.inputs)


def purpose(call: Call, names: Mapping[str, str], usual: str | None = None) -> str | None:
    """What a service calls the purpose of the inputs, by `names`: the request's, else the endpoint's, else `usual`."""
    asked = call.input_type
    if asked in (None, "unspecified"):
        asked = getattr(call.options, "input_type", None)
    return usual if asked is None else names.get(asked)


def refuse_types(items: Content, taken: Collection[str], title: str) -> None:
    """Raise IllegalArgument for an item that the service cannot read."""
    for item in items:
        if item.type not in taken:
            raise IllegalArgument(f"{title} takes no items of type [{item.type}] here, only [{', '.join(taken)}]")


def dense(
    call: Call,
    rows: Sequence[Sequence[float]],
    *,
    element: Element = "float",
    usage: Usage = NO_USAGE,
) -> Dense:
    """One vector an input. Raises Malformed for other numbers of vectors, and for vectors that differ in length."""
    wanted = len(call.contents or call.inputs)
    if len(rows) != wanted:
        raise Malformed(f"the service answers with {len(rows)} vectors for {wanted} inputs")
    if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise Malformed("the service answers with vectors that are empty or differ in length")
    try:
        with np.errstate(over="ignore"):  # too large a number becomes infinite, and is told below
            vectors = np.array(rows, dtype=np.float32)
    except (OverflowError, TypeError, ValueError):
        raise Malformed(f"the service answers with vectors that are not of type [{element}]") from None
    is_good = bool(np.isfinite(vectors).all())
    if is_good and element != "float":
        is_good = not ((vectors % 1).any() or vectors.min() < -128 or vectors.max() > 127)
    if not is_good:
        raise Malformed(f"the service answers with numbers that are not of type [{element}]")
    typed = vectors.astype(np.float32 if element == "float" else np.int8, copy=False)
    return Dense(cast("Vectors", typed), usage=usage, element=element, task=call.endpoint.task.kind)


def sparse(call: Call, vectors: Sequence[Sequence[tuple[str, float]]], *, usage: Usage = NO_USAGE) -> Sparse:
    """Token weights of each input, highest first. Raises Malformed for other numbers of vectors."""
    if len(vectors) != len(call.inputs):
        raise Malformed(f"the service answers with {len(vectors)} vectors for {len(call.inputs)} inputs")
    made = []
    for vector in vectors:
        ordered = sorted(vector, key=lambda pair: -pair[1])
        weights = _finite([weight for _, weight in ordered])
        made.append(SparseVector([token for token, _ in ordered], weights))
    return Sparse(made, usage=usage)


def ranked(
    call: Call,
    scores: Iterable[tuple[int, float]],
    *,
    returns: bool | None = None,
    top_n: int | None = None,
    usage: Usage = NO_USAGE,
) -> Ranked:
    """Documents by score, best first; `returns` and `top_n` are the endpoint's, and the request's win.

    Raises Malformed for positions that are not in the request.
    """
    shown = returns if call.return_documents is None else call.return_documents
    best = sorted(_sent(scores, len(call.inputs)), key=lambda pair: -pair[1])
    kept = best[: call.top_n or top_n]
    _finite([score for _, score in kept])
    return Ranked([Rank(at, score, call.inputs[at] if shown else None) for at, score in kept], usage=usage)


def ranked_in_parts(
    call: Call,
    most: int,
    ask: Callable[[Sequence[str]], Post],
    read: Callable[[Any], Iterable[tuple[int, float]]],
    *,
    returns: bool | None = None,
    top_n: int | None = None,
) -> Generator[Post, Any, Ranked]:
    """As `ranked`, `most` documents a call: for services that score each document by itself."""
    scores = list[tuple[int, float]]()
    for start in range(0, len(call.inputs), most):
        part = call.inputs[start : start + most]
        reply = yield ask(part)
        scores += [(start + at, score) for at, score in _sent(read(reply), len(part))]
    return ranked(call, scores, returns=returns, top_n=top_n)


def _finite(numbers: Sequence[float]) -> Vector:
    """The numbers as float32. Raises Malformed for one that is too large for it: JSON could not tell it."""
    with np.errstate(over="ignore"):
        made = np.array(numbers, dtype=np.float32)
    if not np.isfinite(made).all():
        raise Malformed("the service answers with numbers that are not of type [float]")
    return made


def _sent(scores: Iterable[tuple[int, float]], count: int) -> list[tuple[int, float]]:
    known = list(scores)
    if any(not 0 <= position < count for position, _ in known):
        raise Malformed("the service answers with a document that was not sent")
    return known
