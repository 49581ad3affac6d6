"""The inference configuration of trained models: their tasks, declared once, and what a call may change of it.

Names and defaults are those of the Elasticsearch specification, specification/ml/_types/inference.ts (Apache-2.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

from connote.contract import tokenization
from connote.contract.errors import Rejected, Unparsable
from connote.contract.settings import About, Settings, java
from connote.contract.tokenization import NO_SPAN, Bert, Tokenization

RESULTS_FIELD = "predicted_value"
# Where Elasticsearch keeps vocabularies; clients read it, connote has no such index.
VOCABULARY = {"index": ".ml-inference-native-000002"}
# Tree models are not served.
TREES = ("classification", "regression")
# Each label is an inference of its own.
MOST_LABELS = 1000
MOST_CLASSES = 10_000

_TOP_CLASSES = About(
    "Top classes", "How many classes an answer lists.", at_least=-1, at_most=MOST_CLASSES, updatable=True
)
_ENTAILMENT = ("contradiction", "entailment", "neutral")


class Options(Settings):
    """What a task has besides its tokenisation. What is `updatable` may be given with a call."""

    task: ClassVar[str]
    splits: ClassVar[bool] = False  # whether long texts may be split into windows

    results_field: Annotated[str | None, About("Results field", "Where the result is put.", updatable=True)] = None


class TextEmbedding(Options):
    """A vector a text."""

    task = "text_embedding"

    embedding_size: Annotated[int | None, About("Embedding size", "Dimensions of a vector.", positive=True)] = None


class TextExpansion(Options):
    """A weight a token of the vocabulary: a sparse vector a text."""

    task = "text_expansion"

    expansion_type: Annotated[
        str | None, About("Expansion type", "Tells models apart; both are pooled alike.", choices=("elser", "splade"))
    ] = None


class TextSimilarity(Options):
    """A score of each text with one text."""

    task = "text_similarity"
    splits = True

    text: Annotated[str | None, About("Text", "What each text is compared with.", updatable=True)] = None
    span_score_combination_function: Annotated[
        str,
        About("Span score", "What a text's score is of those of its windows.", choices=("max", "mean"), updatable=True),
    ] = "max"


class Ner(Options):
    """Named entities in a text."""

    task = "ner"

    classification_labels: Annotated[list[str] | None, About("Labels", "IOB tags, in the order of the output.")] = None

    def problems(self, scope: str) -> list[str]:
        """Labels that are not IOB tags."""
        labels = self.classification_labels or []
        wrong = [label for label in labels if not label.upper().startswith(("I-", "B-", "I_", "B_", "O"))]
        only = f"[{scope}] only allows IOB tokenization tagging for classification labels"
        if wrong:
            return [f"{only}; provided {java(wrong)}"]
        if labels and not any(label.upper() == "O" for label in labels):
            return [f"{only}; missing outside label [O]"]
        return []


class TextClassification(Options):
    """The class of a text. Without labels the classes are called LABEL_0, LABEL_1 and so on, as transformers does."""

    task = "text_classification"
    splits = True

    classification_labels: Annotated[
        list[str] | None, About("Labels", "The classes, in the order of the output.", updatable=True)
    ] = None
    num_top_classes: Annotated[int, _TOP_CLASSES] = 0

    def problems(self, scope: str) -> list[str]:
        """Too few labels."""
        labels = self.classification_labels
        few = labels is not None and len(labels) < 2
        return [f"[{scope}] requires at least 2 [classification_labels]; provided {java(labels)}"] if few else []


class ZeroShotClassification(Options):
    """Which of the labels that come with a call a text entails."""

    task = "zero_shot_classification"

    classification_labels: Annotated[
        list[str], About("Labels", "entailment, neutral and contradiction, in the order of the output.")
    ]
    multi_label: Annotated[bool, About("Multi label", "Whether several may be true.", updatable=True)] = False
    hypothesis_template: Annotated[str, About("Hypothesis", "{} is where a label goes.")] = "This example is {}."
    labels: Annotated[list[str] | None, About("Labels", "What a text may be.", updatable=True)] = None

    def problems(self, scope: str) -> list[str]:
        """Labels that are missing or too many."""
        found = []
        if sorted(label.lower() for label in self.classification_labels) != sorted(_ENTAILMENT):
            found.append(
                f"[classification_labels] must contain exactly the three values {java(_ENTAILMENT)}; "
                f"provided {java(self.classification_labels)}"
            )
        if "{}" not in self.hypothesis_template:
            found.append("[hypothesis_template] must hold {} where a label goes")
        if self.labels is not None and not 0 < len(self.labels) <= MOST_LABELS:
            found.append(f"[labels] must hold 1 to {MOST_LABELS} labels, not {len(self.labels)}")
        return [f"[{scope}] {problem}" for problem in found]


class FillMask(Options):
    """What may stand where a text has the mask token."""

    task = "fill_mask"

    mask_token: Annotated[str | None, About("Mask token", "That of the tokenisation; no other can be set.")] = None
    num_top_classes: Annotated[int, _TOP_CLASSES] = 0


class QuestionAnswering(Options):
    """Where a text answers the question."""

    task = "question_answering"
    splits = True

    question: Annotated[str | None, About("Question", "What the text is asked.", updatable=True)] = None
    num_top_classes: Annotated[int, _TOP_CLASSES] = 0
    max_answer_length: Annotated[
        int, About("Answer length", "Tokens that an answer has at most.", positive=True, updatable=True)
    ] = 15


class PassThrough(Options):
    """What the model gives, as it is."""

    task = "pass_through"


TASKS: Mapping[str, type[Options]] = {
    kind.task: kind
    for kind in (
        FillMask,
        Ner,
        PassThrough,
        QuestionAnswering,
        TextClassification,
        TextEmbedding,
        TextExpansion,
        TextSimilarity,
        ZeroShotClassification,
    )
}


@dataclass(frozen=True)
class InferenceConfig:
    """What a model is for, and how its texts become tokens."""

    options: Options
    tokenization: Tokenization = field(default_factory=Bert)

    @property
    def task(self) -> str:
        """The key that it has on the wire: `ner`, `text_embedding` and so on."""
        return self.options.task

    @property
    def results_field(self) -> str:
        """What the result is called."""
        return self.options.results_field or RESULTS_FIELD

    def wire(self) -> dict[str, Any]:
        """As GET echoes it, with all defaults; `parse(…, kept=True)` reads it."""
        options = self.options.plain()
        return {self.task: {"vocabulary": VOCABULARY, "tokenization": self.tokenization.wire(), **options}}

    def updated(self, raw: Any) -> "InferenceConfig":  # noqa: ANN401 (JSON)
        """With what the `inference_config` of one call changes.

        Raises Rejected for another task's, Unparsable for what is unknown, wrong or cannot be changed.
        """
        task, fields = _named(raw)
        if task != self.task:
            told = (
                f"Inference config of type [{self.task}] can not be updated with a inference request of type [{task}]"
            )
            raise Rejected(told)
        allowed = [each.name for each in self.options.fields() if each.about.updatable]
        for name in fields:
            if name not in (*allowed, "tokenization"):
                raise Unparsable(
                    f"[{task}] unknown field [{name}]; known are [{', '.join([*allowed, 'tokenization'])}]"
                )
        given = {name: value for name, value in fields.items() if value is not None}
        tokens = given.pop("tokenization", None)
        return _config(
            type(self.options),
            self.options.plain() | given,
            self.tokenization if tokens is None else self.tokenization.updated(tokens),
        )


def parse(raw: Any, *, kept: bool = False) -> InferenceConfig:  # noqa: ANN401 (JSON)
    """The configuration in `{"ner": {…}}`; `kept` is what `wire` gave. Raises Unparsable."""
    task, fields = _named(raw)
    if fields.pop("vocabulary", None) is not None and not kept:
        raise Unparsable(f"[{task}] illegal setting [vocabulary] on inference model creation")
    tokens = fields.pop("tokenization", None)
    return _config(TASKS[task], fields, Bert() if tokens is None else tokenization.parse(tokens))


def _named(raw: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 (JSON)
    """The one task of a configuration, and its fields."""
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise Unparsable(f"[inference_config] must be an object with one task of [{', '.join(TASKS)}]")
    ((task, fields),) = raw.items()
    if task in TREES:
        raise Unparsable(f"[inference_config] [{task}] is for tree models, which connote does not serve")
    if task not in TASKS:
        raise Unparsable(f"[inference_config] unknown task [{task}]; known are [{', '.join(TASKS)}]")
    if not isinstance(fields, Mapping):
        raise Unparsable(f"[inference_config] [{task}] must be an object")
    return task, dict(fields)


def _config(kind: type[Options], fields: Mapping[str, Any], tokens: Tokenization) -> InferenceConfig:
    rest, problems = dict(fields), list[str]()
    taken = kind.take(rest, problems, kind.task)
    problems += [f"[{kind.task}] unknown field [{name}]" for name in rest]
    if tokens.span != NO_SPAN and not kind.splits:
        problems.append(
            f"[{kind.task}] does not support windowing long text sequences; configured span [{tokens.span}]"
        )
    if isinstance(taken, FillMask):
        if taken.mask_token not in (None, tokens.mask):
            problems.append(f"Mask token requested was [{taken.mask_token}] but must be [{tokens.mask}] for this model")
        taken = replace(taken, mask_token=tokens.mask)
    if taken is None or problems:
        raise Unparsable("; ".join(problems))
    return InferenceConfig(taken, tokens)
