"""What a trained model says of a text, and how `_infer` and the ingest processor show it.

Shapes as in Elasticsearch's documentation of `_infer`; positions count UTF-16 code units, as there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np

from connote.contract.results import Cut


class Prediction(Protocol):
    """What a model says of one text."""

    @property
    def is_truncated(self) -> bool:
        """Whether the model has not seen all of the text."""
        ...

    def fields(self, results_field: str) -> dict[str, Any]:
        """The result, made of dicts, lists, strings, numbers and numpy arrays; the value is under `results_field`."""
        ...


def wire(prediction: Prediction, results_field: str) -> dict[str, Any]:
    """One element of `inference_results`, and what the ingest processor puts into a document."""
    shown = prediction.fields(results_field)
    return shown | {"is_truncated": True} if prediction.is_truncated else shown


@dataclass(frozen=True)
class Value:
    """A result that is one value: a vector (numpy), a score, or {token: weight}."""

    value: Any
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:
        """Of text_embedding, text_similarity and text_expansion."""
        return {results_field: self.value}


@dataclass(frozen=True)
class Failed:
    """Why there is no result for this text."""

    reason: str
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:  # noqa: ARG002 (all have it)
        """Nothing but the warning."""
        return {"warning": self.reason}


class Tensor(msgspec.Struct, frozen=True, tag=True):
    """What a model gave, as it is: float32 numbers in this machine's byte order, of at least two dimensions."""

    shape: tuple[int, ...]
    numbers: bytes
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:
        """Of pass_through."""
        return {results_field: np.frombuffer(self.numbers, dtype=np.float32).reshape(self.shape)}


class TopClass(msgspec.Struct, frozen=True):
    """A class and its probability."""

    name: str
    probability: float

    def wire(self) -> dict[str, Any]:
        """The score of a class is its probability: connote weighs none higher."""
        return {"class_name": self.name, "class_probability": self.probability, "class_score": self.probability}


class Classified(msgspec.Struct, frozen=True, tag=True):
    """The best class, and as many as were asked for; of a filled mask also the text with it in place."""

    best: TopClass
    top: Sequence[TopClass] = ()
    sequence: str | None = None
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:
        """Of text_classification, zero_shot_classification and fill_mask."""
        shown: dict[str, Any] = {results_field: self.best.name}
        if self.sequence is not None:
            shown[f"{results_field}_sequence"] = self.sequence
        if self.top:
            shown["top_classes"] = [each.wire() for each in self.top]
        return shown | {"prediction_probability": self.best.probability}


class Entity(msgspec.Struct, frozen=True):
    """A named entity: its text, its class, and where it stands."""

    text: str
    name: str
    probability: float
    start: int
    end: int

    def wire(self) -> dict[str, Any]:
        """One element of `entities`."""
        return {
            "entity": self.text,
            "class_name": self.name,
            "class_probability": self.probability,
            "start_pos": self.start,
            "end_pos": self.end,
        }


class Entities(msgspec.Struct, frozen=True, tag=True):
    """The named entities in the order of the text, and the text with each as `[Paris](LOC&Paris)`."""

    annotated: str
    found: Sequence[Entity] = ()
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:
        """Of ner."""
        return {results_field: self.annotated, "entities": [entity.wire() for entity in self.found]}


class Answer(msgspec.Struct, frozen=True):
    """A part of a text that answers a question."""

    text: str
    probability: float
    start: int
    end: int

    def wire(self) -> dict[str, Any]:
        """One element of `top_classes`."""
        return {
            "answer": self.text,
            "score": self.probability,
            "start_offset": self.start,
            "end_offset": self.end,
        }


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The best answer, and as many as were asked for."""

    best: Answer
    top: Sequence[Answer] = ()
    is_truncated: bool = False

    def fields(self, results_field: str) -> dict[str, Any]:
        """Of question_answering."""
        best = self.best
        shown: dict[str, Any] = {results_field: best.text, "start_offset": best.start, "end_offset": best.end}
        if self.top:
            shown["top_classes"] = [each.wire() for each in self.top]
        return shown | {"prediction_probability": best.probability}


# Those that a model gives by itself. The others are made of Sparse, Dense and Scores.
Own = Classified | Entities | Answered | Tensor


@dataclass(frozen=True)
class Predictions:
    """One a text. `reads` is how many tokens of each the model has read, counting those of all its windows."""

    values: Sequence[Own]
    cuts: Sequence[Cut] = ()
    reads: Sequence[int] = ()
