"""The tasks by their names."""

from collections.abc import Mapping
from typing import Any

from connote.runtime.backends.backend import Reduction
from connote.runtime.nlp.answers import Answering
from connote.runtime.nlp.classification import Classification
from connote.runtime.nlp.embedding import Embedding
from connote.runtime.nlp.entailment import Entailment
from connote.runtime.nlp.entities import NamedEntities
from connote.runtime.nlp.expansion import Expansion
from connote.runtime.nlp.mask import Mask
from connote.runtime.nlp.raw import Raw
from connote.runtime.nlp.similarity import Similarity
from connote.runtime.nlp.task import Task

TASKS: Mapping[str, type[Task[Any]]] = {
    "fill_mask": Mask,
    "ner": NamedEntities,
    "pass_through": Raw,
    "question_answering": Answering,
    "text_classification": Classification,
    "text_embedding": Embedding,
    "text_expansion": Expansion,
    "text_similarity": Similarity,
    "zero_shot_classification": Entailment,
}


def reduction(task: str) -> Reduction:
    """What a backend is to make of the tensors of a model for that task."""
    return TASKS[task].reduction
