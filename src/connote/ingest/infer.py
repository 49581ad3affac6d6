"""How a pipeline's texts reach endpoints and models: in parts, a few at a time, so that a bulk fills no queue."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import ConnoteError, Rejected
from connote.contract.nlp import RESULTS_FIELD
from connote.contract.predictions import Failed, wire
from connote.contract.predictions import Prediction as Own
from connote.contract.requests import MOST_INPUTS, InferenceRequest, contents
from connote.contract.results import Completion, Dense, Result, Sparse
from connote.contract.tasks import TaskType
from connote.endpoints.endpoints import Endpoints
from connote.endpoints.inference import Inference
from connote.ingest.pipeline import Fields
from connote.models.inference import ModelInference
from connote.models.trees import Trees

Prediction = Mapping[str, Any]

# Texts in one request, and requests at a time. A completion takes one text.
_PART, _AT_ONCE = 64, 4
# Statuses that may be about a text, rather than about the endpoint, its key or its load.
_OF_TEXTS = (400, 413, 422)
_TYPED = (TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING)


class AnyInference:
    """Infers by whatever has the id: an endpoint, or a trained model by its own id, an alias or a deployment."""

    def __init__(self, endpoints: Endpoints, inference: Inference, trained: ModelInference, trees: Trees) -> None:
        self._endpoints, self._by_endpoint = endpoints, EndpointInference(endpoints, inference)
        self._by_model, self._trees = TrainedInference(trained), trees

    async def __call__(
        self, model_id: str, inputs: Sequence[str | Fields], config: Mapping[str, Any]
    ) -> list[Prediction | Exception]:
        """A prediction for each input, or what is wrong with it. Raises NotFound, and what the id cannot do."""
        if self._trees.find(model_id):
            return await self._by_trees(model_id, inputs, config)
        texts = [each.text if isinstance(each, Fields) else each for each in inputs]
        by = self._by_endpoint if self._endpoints.has(model_id) else self._by_model
        found = iter(await by(model_id, [each for each in texts if isinstance(each, str)], config))
        return [next(found) if isinstance(each, str) else each for each in texts]

    async def _by_trees(
        self, model_id: str, inputs: Sequence[str | Fields], config: Mapping[str, Any]
    ) -> list[Prediction | Exception]:
        documents = [each.values for each in inputs if isinstance(each, Fields)]
        if len(documents) < len(inputs):
            raise Rejected(f"Model [{model_id}] reads fields, not texts: use [field_map] rather than [input_output]")
        parts = [documents[at : at + MOST_INPUTS] for at in range(0, len(documents), MOST_INPUTS)]
        return [each for part in parts for each in await self._trees.predict(model_id, part, config)]


class TrainedInference:
    """Infers by trained models: what `_infer` gives, with the main result as `predicted_value`."""

    def __init__(self, trained: ModelInference) -> None:
        self._trained = trained

    async def __call__(
        self, model_id: str, texts: Sequence[str], config: Mapping[str, Any]
    ) -> list[Prediction | Exception]:
        """A prediction for each text, or what is wrong with it. Raises NotFound, and Conflict if it is not deployed."""
        self._trained.target(model_id)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def part(some: Sequence[str]) -> list[Prediction | Exception]:
            async with gate:
                try:
                    predictions, _ = await self._trained.infer(model_id, some, config)
                except ConnoteError as error:
                    return [error] * len(some)
            return [_shown(prediction) for prediction in predictions]

        parts = await asyncio.gather(*(part(texts[start : start + _PART]) for start in range(0, len(texts), _PART)))
        return [prediction for each in parts for prediction in each]


class EndpointInference:
    """Infers by endpoints."""

    def __init__(self, endpoints: Endpoints, inference: Inference) -> None:
        self._endpoints, self._inference = endpoints, inference

    async def __call__(
        self, model_id: str, texts: Sequence[str], config: Mapping[str, Any]
    ) -> list[Prediction | Exception]:
        """A prediction for each text, or what is wrong with it. An endpoint has no use for `config`.

        Raises NotFound, and Rejected if the endpoint's task is none over single texts.
        """
        del config
        task = self._endpoints.find(model_id).task.kind
        if task in (TaskType.RERANK, TaskType.CHAT_COMPLETION):
            raise Rejected(
                f"the endpoint [{model_id}] does [{task}]; the inference processor has only single texts for it"
            )
        size = 1 if task is TaskType.COMPLETION else _PART
        gate = asyncio.Semaphore(_AT_ONCE)

        async def part(start: int) -> list[Prediction | Exception]:
            async with gate:
                return await self._part(model_id, task, texts[start : start + size])

        parts = await asyncio.gather(*(part(start) for start in range(0, len(texts), size)))
        return [prediction for each in parts for prediction in each]

    async def _part(self, model_id: str, task: TaskType, texts: Sequence[str]) -> list[Prediction | Exception]:
        request = InferenceRequest.of(
            task, contents(texts), "input", input_type="ingest" if task in _TYPED else None, timeout="-1"
        )
        try:
            _, result = await self._inference.infer(model_id, request)
        except ConnoteError as error:
            # One text may be what an endpoint refuses all of them for, so the halves are tried.
            if len(texts) == 1 or error.status not in _OF_TEXTS:
                return [error] * len(texts)
            half = len(texts) // 2
            return [
                *await self._part(model_id, task, texts[:half]),
                *await self._part(model_id, task, texts[half:]),
            ]
        return _predictions(result)


def _shown(prediction: Own) -> Prediction | Exception:
    if isinstance(prediction, Failed):
        return Rejected(prediction.reason)
    plain: dict[str, Any] = orjson.loads(
        orjson.dumps(wire(prediction, RESULTS_FIELD), option=orjson.OPT_SERIALIZE_NUMPY)
    )
    return plain


def _predictions(result: Result) -> list[Prediction | Exception]:
    cut = {each.position for each in result.cuts}
    return [
        {"predicted_value": value} | ({"is_truncated": True} if at in cut else {})
        for at, value in enumerate(_values(result))
    ]


def _values(result: Result) -> list[Any]:
    """The results as JSON: floats have the fewest digits that float32 needs."""
    match result:
        case Sparse(vectors):
            weights = _plain([vector.weights for vector in vectors])
            return [dict(zip(vector.tokens, row, strict=True)) for vector, row in zip(vectors, weights, strict=True)]
        case Dense(vectors):
            return _plain(list(vectors))
        case Completion(texts):
            return list(texts)
        case _:
            raise Rejected("the endpoint's results cannot be put into a document")


def _plain(rows: "Sequence[np.ndarray[Any, Any]]") -> list[Any]:
    found: list[Any] = orjson.loads(
        orjson.dumps([np.ascontiguousarray(row) for row in rows], option=orjson.OPT_SERIALIZE_NUMPY)
    )
    return found
