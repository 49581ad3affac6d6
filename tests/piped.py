"""Pipelines in tests: made of their processors, run on one source."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connote.ingest.document import Document
from connote.ingest.parse import parse
from connote.ingest.pipeline import Fields, Pipeline
from connote.ingest.run import Failed, Outcome, run

Prediction = Mapping[str, Any]


class Model:
    """Infers the number of characters, and keeps what it was asked. A text `bad` is refused."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str], Mapping[str, Any]]] = []

    async def __call__(
        self, id: str, inputs: Sequence[str | Fields], config: Mapping[str, Any]
    ) -> list[Prediction | Exception]:
        read = [each.text if isinstance(each, Fields) else each for each in inputs]
        texts = [each for each in read if isinstance(each, str)]
        self.asked.append((id, texts, config))
        if len(texts) < len(read):
            return [each for each in read if not isinstance(each, str)]
        return [ValueError("x") if text == "bad" else {"predicted_value": {"n": len(text)}} for text in texts]


def pipeline(*processors: Mapping[str, Any], others: Mapping[str, Pipeline] | None = None, **rest: Any) -> Pipeline:  # noqa: ANN401
    return parse("mine", {"processors": list(processors), **rest}, (others or {}).get)


def outcomes(of: Pipeline, *sources: dict[str, Any], infer: Model | None = None) -> list[Outcome]:
    documents = [Document(source, {"_index": "i", "_id": "1"}) for source in sources]
    return asyncio.run(run(of, documents, infer or Model()))


def through(source: dict[str, Any], *processors: Mapping[str, Any]) -> dict[str, Any]:
    """The source after the processors, which must not fail."""
    (outcome,) = outcomes(pipeline(*processors), source)
    assert isinstance(outcome, Document), outcome
    return outcome.source


def failure(source: dict[str, Any], *processors: Mapping[str, Any]) -> str:
    """How the processors fail: the type and the reason."""
    (outcome,) = outcomes(pipeline(*processors), source)
    assert isinstance(outcome, Failed), outcome
    assert outcome.error.status == 400
    return f"{outcome.error.type}: {outcome.error.reason}"
