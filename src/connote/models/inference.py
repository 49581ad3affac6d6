"""Inference on trained models: which deployment serves an id, and what it makes of documents."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import (
    Conflict,
    ConnoteError,
    IllegalArgument,
    InvalidRequest,
    Rejected,
    TimedOut,
    Unavailable,
)
from connote.contract.nlp import InferenceConfig
from connote.contract.predictions import Failed, Prediction, Predictions, Value, wire
from connote.contract.requests import MOST_INPUTS
from connote.contract.results import Dense, Sparse
from connote.contract.settings import java
from connote.models.deployments import Counts, Deployed, Deployments
from connote.models.models import Models
from connote.models.trained import Trained
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment
from connote.runtime.local import Inputs, Outputs, Scores

# Runs a deployment, with a cache before it.
Run = Callable[[Deployment, Inputs], Awaitable[Outputs]]


@dataclass(frozen=True)
class Target:
    """What an id leads to: the model, the wish that serves it, and the deployment if it was started."""

    model: Trained
    wish: Deployment
    deployed: Deployed | None


class ModelInference:
    """`_infer`, and what the ingest processor asks."""

    def __init__(self, models: Models, deployments: Deployments, run: Run) -> None:
        self._models, self._deployments, self._run = models, deployments, run

    def target(self, name: str) -> Target:
        """What the id of a deployment, or the id or alias of a model leads to.

        A model of the catalog is started when it is asked, unless somebody has stopped it. Raises NotFound, and
        Conflict if the model would have to be started.
        """
        deployed = self._deployments.find(name)
        if deployed:
            return Target(self._models.find(deployed.model), deployed.wish, deployed)
        model = self._models.find(name)
        if model.known is None or model.id in self._deployments.stopped:
            raise Conflict(
                f"Model [{name}] must be deployed to use. Please deploy with the start trained model deployment API."
            )
        wish = Deployment(f"_ml/{model.id}", model.id, adaptive=Adaptive(0, CORES))
        return Target(model, wish, None)

    def has(self, id: str) -> bool:
        """Whether that is the id of a deployment or of a model that was added, or an alias."""
        return id in self._deployments.running or id in self._models.added or id in self._models.aliases

    def claim(self, id: str) -> str | None:
        """Why a model of another kind cannot have that id."""
        known = self.has(id) or self._models.stock.find(id) is not None
        return f"Trained machine learning model [{id}] already exists" if known else None

    async def infer(
        self,
        name: str,
        texts: Sequence[str],
        update: Mapping[str, Any] | None = None,
        *,
        is_bare: bool = False,
        seconds: float | None = None,
    ) -> tuple[list[Prediction], InferenceConfig]:
        """What the model says of each text, and the configuration with the update; a text that fails has its reason.

        Texts get the prefix for ingest, unless they are to stay bare.

        Raises what `target` raises, what is wrong with the update, TimedOut, and what all texts fail with.
        """
        target = self.target(name)
        own = target.model.config.inference
        config = own.updated(update) if update else own
        counts = target.deployed.counts if target.deployed else Counts()
        counts.last = time.time_ns() // 1_000_000
        try:
            async with asyncio.timeout(seconds):
                found = await self._each(target, config, texts, is_bare=is_bare)
        except TimeoutError:
            counts.timeouts += 1
            raise TimedOut(f"timeout [{seconds or 0:g}s] waiting for inference result") from None
        except ConnoteError:
            counts.errors += 1
            raise
        counts.errors += sum(isinstance(each, Failed) for each in found)
        return found, config

    async def infer_documents(
        self, name: str, docs: object, update: Mapping[str, Any] | None, seconds: float | None
    ) -> list[dict[str, Any]]:
        """The `inference_results` of `_infer`. Raises what `infer` raises, and what is wrong with the documents."""
        target = self.target(name)
        predictions, config = await self.infer(name, _texts(target.model, docs), update, is_bare=True, seconds=seconds)
        return [wire(prediction, config.results_field) for prediction in predictions]

    async def _each(
        self, target: Target, config: InferenceConfig, texts: Sequence[str], *, is_bare: bool
    ) -> list[Prediction]:
        try:
            return await self._all(target, config, texts, is_bare=is_bare)
        except (Rejected, Unavailable) as error:
            if len(texts) == 1:
                raise
            # One text must not take the others' answers away.
            one_by_one = (self._all(target, config, [text], is_bare=is_bare) for text in texts)
            answers = await asyncio.gather(*one_by_one, return_exceptions=True)
            if all(isinstance(answer, BaseException) for answer in answers):
                raise error from None
            return [_answered(answer) for answer in answers]

    async def _all(
        self, target: Target, config: InferenceConfig, texts: Sequence[str], *, is_bare: bool
    ) -> list[Prediction]:
        query: str | None = getattr(config.options, "text", None)
        if target.model.task == "text_similarity" and not query:
            raise IllegalArgument("[text_similarity] needs [text], with which each document is compared")
        # Without one of the call's own, what the cache has for other routes is found.
        changed = config if config != target.model.config.inference and target.model.folder else None
        is_bare = is_bare and target.model.has_prefixes
        outputs = await self._run(target.wish, Inputs(texts, query, is_bare=is_bare, config=changed))
        if target.model.known and outputs.cuts and config.tokenization.truncate == "none":
            cut = outputs.cuts[0]
            raise IllegalArgument(
                f"Input too large. The tokenized input length [{cut.tokens}] exceeds the maximum sequence length "
                f"[{cut.used}]"
            )
        return _predictions(outputs)


def _texts(model: Trained, docs: object) -> list[str]:
    """The text of each document."""
    if not isinstance(docs, list) or not docs:
        raise InvalidRequest(["[docs] must be an array of at least one document"])
    if len(docs) > MOST_INPUTS:
        raise InvalidRequest([f"[docs] has {len(docs)} documents, at most {MOST_INPUTS} are taken in one request"])
    return [_text(model.config.fields, doc) for doc in docs]


def _text(fields: Sequence[str], doc: object) -> str:
    if not isinstance(doc, Mapping):
        raise InvalidRequest([f"[docs] must hold objects, not [{java(doc)}]"])
    for name in fields:
        value = _extracted(doc, name)
        if isinstance(value, str):
            return value
        if value is not None:
            raise Rejected(f"Input value [{java(value)}] for field [{name}] must be a string")
    had = ", ".join(str(name) for name in list(doc)[:10])
    raise Rejected(f"Input field [{fields[0]}] does not exist in the source document, which has [{had}]")


def _extracted(doc: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 (JSON)
    """The value of a field, whose name may be a path: `a.b`."""
    inner: Any = doc
    while isinstance(inner, Mapping) and name not in inner:
        first, _, name = name.partition(".")
        inner = inner.get(first)
    return inner[name] if isinstance(inner, Mapping) else None


def _predictions(outputs: Outputs) -> list[Prediction]:
    """One a text."""
    cut = {each.position for each in outputs.cuts}
    match outputs:
        case Sparse(vectors):
            pairs = [dict(zip(one.tokens, one.weights, strict=True)) for one in vectors]
            return [Value(pair, one.is_truncated) for pair, one in zip(pairs, vectors, strict=True)]
        case Dense(vectors):
            return [Value(vector, at in cut) for at, vector in enumerate(vectors)]
        case Scores(values):
            return [Value(score, at in cut) for at, score in enumerate(values)]
        case Predictions(values):
            return list(values)


def _answered(answer: list[Prediction] | BaseException) -> Prediction:
    if isinstance(answer, list):
        return answer[0]
    if not isinstance(answer, ConnoteError):
        raise answer
    return Failed(answer.reason)
