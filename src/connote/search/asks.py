"""What queries ask of the endpoints and of other documents."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from connote.chunking import chunk
from connote.contract import chunks as chunking
from connote.contract.errors import IllegalArgument, NotFound
from connote.contract.requests import InferenceRequest, contents
from connote.contract.results import Completion, Dense, Ranked, Result, Sparse, Vector
from connote.contract.tasks import TaskType
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.models.rankers import Ranker
from connote.models.trees import Trees
from connote.search import embedded, glance, withheld
from connote.search.indices import Indices
from connote.search.query.rules import Rule
from connote.search.retriever import Key
from connote.search.rulesets import Rulesets
from connote.security.asker import READ


class Asked:
    """For one search: the same text is embedded once, however many queries and indices need it."""

    def __init__(
        self,
        endpoints: Endpoints,
        inference: Inference,
        indices: Indices,
        rulesets: Rulesets,
        trees: Trees | None = None,
    ) -> None:
        self._endpoints, self._inference, self._indices, self._rulesets = endpoints, inference, indices, rulesets
        self._trees = trees
        self._known: dict[tuple[str, str], Result] = {}
        self.seconds = 0.0

    async def sparse(self, id: str, text: str) -> Mapping[str, float]:
        """The weights of a text. Raises NotFound, IllegalArgument for an endpoint of another task."""
        result = await self._embedded(id, text)
        if not isinstance(result, Sparse):
            raise IllegalArgument(f"expected a result of sparse vectors from [{id}], which does {await self.task(id)}")
        vector = result.vectors[0]
        return dict(zip(vector.tokens, vector.weights.tolist(), strict=True))

    async def dense(self, id: str, text: str) -> Vector:
        """The vector of a text (float32). Raises NotFound, IllegalArgument for an endpoint of another task."""
        result = await self._embedded(id, text)
        if not isinstance(result, Dense):
            raise IllegalArgument(f"expected a result of dense vectors from [{id}], which does {await self.task(id)}")
        vector: Vector = result.vectors[0].astype(np.float32)
        return vector

    async def task(self, id: str) -> str:
        """What an endpoint does. Raises NotFound."""
        return self._endpoints.find(id).task.kind.value

    async def document(self, index: str, id: str) -> Mapping[str, Any] | None:
        """The source of a document, None if it is not there. Raises NoIndex."""
        found = await self._indices.open(self._indices.written(index, READ), in_part=True)
        stored = found.documents.current([id]).get(id)
        if stored is not None and withheld.is_part(found.name):
            stored = (await glance.of(found, {id: stored}, self)).get(id)
        return None if stored is None or stored.source is None else embedded.source(stored.source)

    async def rules(self, id: str) -> Sequence[Rule]:
        """The query rules of a set, in order. Raises NotFound."""
        return self._rulesets.get(id)

    def ranker(self, id: str) -> Ranker:
        """The model of that id, which orders documents. Raises NotFound."""
        if self._trees is None:
            raise NotFound(f"Could not find trained model [{id}]")
        return self._trees.ranker(id)

    async def reranked(self, id: str, query: str, texts: Mapping[Key, str], chunks: Any) -> dict[Key, float]:  # noqa: ANN401
        """The scores of documents' texts. With `chunks` a text is cut, and its best chunk counts."""
        endpoint = self._endpoints.find(id)
        if endpoint.task.kind is not TaskType.RERANK:
            raise IllegalArgument(
                f"[{id}] does [{endpoint.task.kind}]; [inference_id] must be an endpoint that does [rerank]"
            )
        if not texts:
            return {}
        pieces = [(key, piece) for key, text in texts.items() for piece in _pieces(text, chunks)]
        request = InferenceRequest.of(
            TaskType.RERANK, contents([piece for _, piece in pieces]), "input", query=query, return_documents=False
        )
        result = await self._inferred(id, request)
        scores: dict[Key, float] = {}
        for rank in cast("Ranked", result).ranks:
            key = pieces[rank.index][0]
            scores[key] = max(rank.score, scores.get(key, rank.score))
        return scores

    async def completed(self, id: str, prompts: Sequence[str]) -> list[str]:
        """What a model writes to each prompt, one after another. Raises NotFound, IllegalArgument."""
        endpoint = self._endpoints.find(id)
        if endpoint.task.kind is not TaskType.COMPLETION:
            raise IllegalArgument(
                f"[{id}] does [{endpoint.task.kind}]; [inference_id] must be an endpoint that does [completion]"
            )
        found = list[str]()
        for prompt in prompts:
            request = InferenceRequest.of(TaskType.COMPLETION, contents([prompt]), "input")
            found.append("".join(cast("Completion", await self._inferred(id, request)).texts))
        return found

    async def _inferred(self, id: str, request: InferenceRequest) -> Result:
        began = time.perf_counter()
        try:
            return (await self._inference.infer(id, request))[1]
        finally:
            self.seconds += time.perf_counter() - began

    async def _embedded(self, id: str, text: str) -> Result:
        if (id, text) not in self._known:
            kind = self._endpoints.find(id).task.kind
            search = None if kind is TaskType.SPARSE_EMBEDDING else "search"
            request = InferenceRequest.of(kind, contents([text]), "query", input_type=search)
            self._known[id, text] = await self._inferred(id, request)
        return self._known[id, text]


def _pieces(text: str, given: Any) -> list[str]:  # noqa: ANN401 (JSON)
    """The chunks of a text that are scored: the first `size` of them; without settings the text itself."""
    if not isinstance(given, Mapping):
        return [text]
    settings = chunking.parse(given.get("chunking_settings"))
    size = given.get("size", 1)
    if type(size) is not int or size < 1:
        raise IllegalArgument("[chunk_rescorer] [size] must be greater than 0")
    return [text[part.start : part.end] for part in chunk(text, settings)[:size]] or [text]
