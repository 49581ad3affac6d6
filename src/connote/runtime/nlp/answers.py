"""question_answering: the part of a text that answers the question."""

import heapq
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from connote.contract.errors import Rejected
from connote.contract.nlp import InferenceConfig, QuestionAnswering
from connote.contract.predictions import Answer, Answered
from connote.runtime.backends.backend import Reduction
from connote.runtime.nlp.positions import trimmed, units
from connote.runtime.nlp.task import Array, Doubles, Predicting, softmax
from connote.runtime.nlp.windows import Passage, Window, encode_pairs

Span = tuple[float, int, int]  # score, first character, the one after the last


class Answering(Predicting):
    """The model scores each token as an answer's first, and as its last; a span's score is the product of the two."""

    reduction = Reduction.STACK
    located = True

    def encode(self, texts: Sequence[str], config: InferenceConfig) -> list[Window]:
        """The question comes first."""
        question = _options(config).question
        if question is None:
            raise Rejected(
                "please provide configuration update for question_answering task including the desired [question]"
            )
        return encode_pairs(self.pieces, question, texts, config, located=True)

    def one(self, passage: Passage, windows: Sequence[Window], outputs: Sequence[Array]) -> Answered:
        """The best answer over all windows, and as many as are wanted."""
        options = _options(passage.config)
        count = max(options.num_top_classes, 0)
        begins = bool(self.pieces.before)
        best = dict[tuple[int, int], float]()  # windows overlap: what two have found counts once
        for window, output in zip(windows, outputs, strict=True):
            for score, start, end in _spans(window, output, begins, max(count, 1), options.max_answer_length):
                place = trimmed(passage.text, start, end)
                best[place] = max(score, best.get(place, 0.0))
        order = heapq.nlargest(max(count, 1), best.items(), key=lambda found: found[1])
        to = units(passage.text)
        answers = [Answer(passage.text[a:b], score, to(a), to(b)) for (a, b), score in order]
        first = answers[0] if answers else Answer("", 0.0, 0, 0)
        return Answered(first, answers[:count], passage.is_truncated)


def _options(config: InferenceConfig) -> QuestionAnswering:
    return cast("QuestionAnswering", config.options)


def _spans(window: Window, output: Array, begins: bool, count: int, longest: int) -> Iterator[Span]:
    """The best spans of a window. The first special token takes its share of the probability, and is no answer."""
    if output.shape != (2, window.used):
        told = f"two numbers for each of {window.used} tokens"
        raise Rejected(f"question_answering expects {told}; the model gives shape {list(output.shape)}")
    own = slice(window.first, window.first + len(window.part))
    seen = np.concatenate([output[:, :1], output[:, own]], axis=1) if begins else output[:, own]
    if not len(window.part):
        return
    starts, ends = softmax(seen)[:, int(begins) :]
    offsets = window.part.offsets
    for score, first, last in _best(starts, ends, count, longest):
        yield score, int(offsets[first, 0]), int(offsets[last, 1])


def _best(starts: Doubles, ends: Doubles, count: int, longest: int) -> list[tuple[float, int, int]]:
    """The `count` best pairs of a start and an end less than `longest` after it, best first; of equals the earliest."""
    best = list[tuple[float, int, int]]()
    for length in range(min(longest, len(starts))):
        scores = starts[: len(starts) - length] * ends[length:]
        some = np.argpartition(-scores, count - 1)[:count] if count < len(scores) else np.arange(len(scores))
        best += [(float(scores[i]), int(i), int(i) + length) for i in some]
        if len(best) > 4 * count + 64:
            best = _first(best, count)
    return _first(best, count)


def _first(spans: list[tuple[float, int, int]], count: int) -> list[tuple[float, int, int]]:
    return heapq.nsmallest(count, spans, key=lambda span: (-span[0], span[1], span[2]))
