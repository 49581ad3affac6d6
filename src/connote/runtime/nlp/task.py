"""What a task is: the way from texts to model inputs, and from the model's outputs for one text to its result."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig
from connote.contract.predictions import Own, Predictions
from connote.contract.results import Cut
from connote.runtime.backends.backend import Reduction
from connote.runtime.local import Outputs
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.windows import Passage, Window, encode

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
T = TypeVar("T")


class Task(ABC, Generic[T]):
    """One NLP task of a model with these pieces; `T` is what becomes of a text."""

    reduction: ClassVar[Reduction] = Reduction.FIRST
    located: ClassVar[bool] = False  # whether it must know where in the text the tokens stand

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces

    def encode(self, texts: Sequence[str], config: InferenceConfig) -> list[Window]:
        """The inputs that the model is to see, text by text. Raises Rejected for what the task cannot take."""
        return encode(self.pieces, texts, config, located=self.located)

    def kept(self, window: Window, output: Any) -> Any:  # noqa: ANN401, ARG002 (the backend's; others need it)
        """What of an output is kept until all of a request are there."""
        return output

    @abstractmethod
    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Any]) -> T:
        """What becomes of a text, of its windows' outputs. Raises Rejected for a shape that is not the task's."""

    @abstractmethod
    def all(self, results: Sequence[T], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """The answer to a request."""


class Predicting(Task[Own]):
    """A task whose results are predictions."""

    def all(self, results: Sequence[Own], cuts: Sequence[Cut], reads: Sequence[int]) -> Outputs:
        """One prediction a text."""
        return Predictions(results, cuts, reads)


def softmax(scores: Array, axis: int = -1) -> Doubles:
    """Probabilities in float64. Raises Rejected where the model gave none."""
    exact = scores.astype(np.float64)
    with np.errstate(all="ignore"):
        powers = np.exp(exact - exact.max(axis=axis, keepdims=True, initial=-np.inf))
        shares = powers / powers.sum(axis=axis, keepdims=True)
    return finite(shares)


def finite(numbers: NDArray[Any]) -> NDArray[Any]:
    """The numbers, if they are some. Raises Rejected for infinities and NaN, which JSON cannot say."""
    if not np.isfinite(numbers).all():
        raise Rejected("the model gives numbers that are not finite for this input")
    return numbers


def row(output: Array, count: int | None, task: str) -> Array:
    """The numbers of an output that is to be one row of so many. Raises Rejected if it is not."""
    if output.size == 0 or (output.ndim and output.size != output.shape[-1]):
        raise Rejected(f"{task} expects one row of numbers an input; the model gives shape {list(output.shape)}")
    flat = output.reshape(-1)
    if count is not None and len(flat) != count:
        raise Rejected(f"Expected exactly [{count}] values in {task} result; got [{len(flat)}]")
    return flat
