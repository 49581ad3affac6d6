"""Embedding the semantic fields of documents: of many documents one stream of chunks, and nothing twice."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.chunking import chunk
from connote.contract import chunks as chunking
from connote.contract.chunks import ChunkingSettings
from connote.contract.errors import ConnoteError, IllegalArgument, InferenceFailed, Overloaded, Refused, Rejected
from connote.contract.requests import InferenceRequest, contents
from connote.contract.results import Dense, Result, Sparse
from connote.contract.settings import java
from connote.contract.tasks import TaskType
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.search import embedded
from connote.search.embedded import Chunk, Embedded, Part
from connote.search.mapping.semantic import SemanticText, compatible
from connote.services.service import Endpoint

# Texts of one inference request, and how many of these are under way at once: the next is there when one is done.
BATCH, AT_ONCE = 512, 2
# How long a full queue is waited for, and an answer, in seconds.
PATIENCE, TIMEOUT = 600.0, "600s"


@dataclass(frozen=True)
class Want:
    """A semantic field of one document: its texts by path. `known` is what texts of it have become before."""

    field: SemanticText
    texts: Mapping[str, Sequence[str]]
    known: Sequence[Embedded] = ()

    @property
    def usable(self) -> list[Embedded]:
        """What is known and of the field's endpoint."""
        return [each for each in self.known if each.inference_id == self.field.endpoint]


@dataclass(frozen=True)
class _Piece:
    """One chunk to embed: of which want and path, where in its joined texts, and what it says."""

    want: int
    path: str
    start: int
    end: int
    text: str


# A vector as chunks keep it: its float32 numbers, and the tokens of a sparse one.
_Numbers = tuple[bytes, list[str] | None]
# After so many single texts were refused and none was taken, it is not the texts.
_MOST_ALONE = 8


@dataclass
class _Refused:
    """What has been seen of an endpoint that refuses requests."""

    alone: int = 0
    has_succeeded: bool = False

    def may_be_some(self, error: ConnoteError) -> bool:
        """Whether it may be some of the texts that a request of several was refused for."""
        is_about_input = isinstance(error, Rejected) or (isinstance(error, Refused) and error.status in (400, 413, 422))
        return is_about_input and (self.has_succeeded or self.alone < _MOST_ALONE)


@dataclass
class _Plan:
    """What is kept of each want, and what is to be embedded for it: pieces by endpoint, digests by want and path."""

    wants: Sequence[Want]
    made: list[dict[str, Part]]
    failed: dict[int, ConnoteError] = field(default_factory=dict)
    pieces: dict[str, list[_Piece]] = field(default_factory=lambda: defaultdict(list))
    digests: dict[tuple[int, str], bytes] = field(default_factory=dict)

    def filled(
        self, found: Mapping[str, Mapping[str, _Numbers | ConnoteError]], models: Mapping[str, Mapping[str, Any]]
    ) -> list[Embedded | ConnoteError]:
        """What each want came to, with the vectors of these texts by endpoint."""
        chunks: dict[tuple[int, str], list[Chunk]] = {key: [] for key in self.digests}
        for endpoint, pieces in self.pieces.items():
            for piece in pieces:
                answer = found[endpoint][piece.text]
                if isinstance(answer, ConnoteError):
                    name = self.wants[piece.want].field.name
                    self.failed[piece.want] = InferenceFailed(endpoint, name, answer)
                else:
                    chunks[piece.want, piece.path].append(Chunk(piece.start, piece.end, *answer))
        for (at, path), some in chunks.items():
            self.made[at][path] = Part(self.digests[at, path], some)
        return [self.failed.get(at) or _result(want, self.made[at], models) for at, want in enumerate(self.wants)]


class Embedder:
    """Asks endpoints for what documents need."""

    def __init__(self, endpoints: Endpoints, inference: Inference) -> None:
        self._endpoints, self._inference = endpoints, inference

    async def embed(self, wants: Sequence[Want]) -> list[Embedded | ConnoteError]:
        """What each came to. Texts that are as they were keep their vectors; one that fails harms no other."""
        plan = await asyncio.to_thread(self._planned, wants)
        found: dict[str, dict[str, _Numbers | ConnoteError]] = {}
        models: dict[str, Mapping[str, Any]] = {}
        for endpoint, pieces in plan.pieces.items():
            found[endpoint] = await self._asked(endpoint, list(dict.fromkeys(each.text for each in pieces)), models)
        return await asyncio.to_thread(plan.filled, found, models)

    def _planned(self, wants: Sequence[Want]) -> "_Plan":
        plan = _Plan(wants, [{} for _ in wants])
        for at, want in enumerate(wants):
            try:
                self._plan(at, want, plan)
            except ConnoteError as error:
                plan.failed[at] = InferenceFailed(want.field.endpoint, want.field.name, error)
        return plan

    def _plan(self, at: int, want: Want, plan: "_Plan") -> None:
        """Keep what has not changed, and cut the rest into pieces. Raises NotFound for an unknown endpoint."""
        field = want.field
        known = {part.digest: part for each in want.usable for part in each.parts.values()}
        cut: ChunkingSettings | None = None
        for path, texts in want.texts.items():
            if cut is None:
                cut = field.chunking or embedding(self._endpoints, field.endpoint).chunking or chunking.DEFAULT
            digest = embedded.digest(texts, field.endpoint, cut)
            if digest in known:
                plan.made[at][path] = known[digest]
                continue
            plan.digests[at, path] = digest
            plan.pieces[field.endpoint] += _pieces(at, path, texts, cut)

    async def _asked(
        self, endpoint: str, texts: Sequence[str], models: dict[str, Mapping[str, Any]]
    ) -> "dict[str, _Numbers | ConnoteError]":
        gate, refused = asyncio.Semaphore(AT_ONCE), _Refused()

        async def part(some: Sequence[str]) -> list[_Numbers | ConnoteError]:
            async with gate:
                return await self._answers(endpoint, some, models, refused)

        starts = range(0, len(texts), BATCH)
        parts = await asyncio.gather(*(part(texts[start : start + BATCH]) for start in starts))
        return dict(zip(texts, (answer for some in parts for answer in some), strict=True))

    async def _answers(
        self, endpoint: str, texts: Sequence[str], models: dict[str, Mapping[str, Any]], refused: "_Refused"
    ) -> "list[_Numbers | ConnoteError]":
        """A vector for each text, or why there is none. What a request is refused for is looked for by halves."""
        try:
            found = embedding(self._endpoints, endpoint)
            result = await self._patient(found, list(texts))
        except ConnoteError as error:
            if len(texts) == 1 or not refused.may_be_some(error):
                refused.alone += 1
                return [error] * len(texts)
            middle = len(texts) // 2
            halves = (texts[:middle], texts[middle:])
            return [answer for half in halves for answer in await self._answers(endpoint, half, models, refused)]
        refused.has_succeeded = True
        models[endpoint] = model_settings(found, result)
        return list(_vectors(result))

    async def _patient(self, endpoint: Endpoint, texts: list[str]) -> Result:
        """The result, though the queue may be full for a while: whoever writes documents would only ask again."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        kind = endpoint.task.kind
        request = InferenceRequest.of(kind, contents(texts), "input", input_type="ingest", timeout=TIMEOUT)
        while True:
            try:
                return (await self._inference.infer(endpoint.id, request))[1]
            except Overloaded as error:
                wait = float(error.headers.get("Retry-After", 1))
                if asyncio.get_running_loop().time() + wait > deadline:
                    raise
                await asyncio.sleep(wait)


def model_settings(endpoint: Endpoint, result: Result) -> dict[str, Any]:
    """What a mapping keeps of an endpoint: its service and task; of dense vectors also what they are like."""
    service = endpoint.service.name
    if isinstance(result, Dense):
        similarity = getattr(endpoint.settings, "similarity", None) or "cosine"
        return {
            "service": service,
            "task_type": TaskType.TEXT_EMBEDDING.value,
            "dimensions": result.dimensions,
            "similarity": similarity,
            "element_type": result.element,
        }
    return {"service": service, "task_type": TaskType.SPARSE_EMBEDDING.value}


def embedding(endpoints: Endpoints, id: str) -> Endpoint:
    """The endpoint of that id. Raises NotFound, IllegalArgument for one that embeds nothing."""
    found = endpoints.find(id)
    if found.task.kind not in (TaskType.SPARSE_EMBEDDING, TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING):
        raise IllegalArgument(
            "Wrong task type for semantic text, expected [text_embedding] or [sparse_embedding], got "
            f"[{found.task.kind}]"
        )
    return found


def _pieces(at: int, path: str, texts: Sequence[str], cut: ChunkingSettings) -> list[_Piece]:
    pieces, offset = [], 0
    for text in texts:
        if text.strip():
            pieces += [
                _Piece(at, path, offset + part.start, offset + part.end, text[part.start : part.end])
                for part in chunk(text, cut)
            ]
        offset += len(text) + 1
    return pieces


def _vectors(result: Result) -> Iterator[_Numbers]:
    if isinstance(result, Sparse):
        yield from ((vector.weights.tobytes(), list(vector.tokens)) for vector in result.vectors)
    elif isinstance(result, Dense):
        yield from ((row.tobytes(), None) for row in result.vectors.astype("float32"))
    else:
        raise TypeError(f"{type(result).__name__} is no embedding")


def _result(want: Want, made: Mapping[str, Part], models: Mapping[str, Mapping[str, Any]]) -> Embedded | ConnoteError:
    field = want.field
    model = models.get(field.endpoint) or field.model or next((each.model for each in want.usable), {})
    if field.model is not None and model and not compatible(field.model, model):
        cause = IllegalArgument(
            f"Incompatible model settings for field [{field.name}]: it holds {java(dict(field.model))}, the endpoint "
            f"gives {java(dict(model))}"
        )
        return InferenceFailed(field.endpoint, field.name, cause)
    return Embedded(field.endpoint, dict(model), {path: made[path] for path in want.texts})
