"""Many documents through a pipeline: each goes on until it wants something inferred, then all is inferred together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, IllegalArgument
from connote.ingest.document import Document
from connote.ingest.pipeline import Dropped, Failure, Fields, Flow, Infer, Pipeline, Results

log = logging.getLogger("connote.ingest")

# What answers wishes: one result an input, as `_infer` has it (`predicted_value`, …), or what went wrong with that one.
Inferring = Callable[[str, Sequence[str | Fields], Mapping[str, Any]], Awaitable[Results]]


@dataclass(frozen=True)
class Left:
    """The document is not to be indexed, and that is no failure."""


@dataclass(frozen=True)
class Failed:
    """The document cannot be indexed, and why."""

    error: ConnoteError


Outcome = Document | Left | Failed


@dataclass
class _Run:
    """One document on its way: what it wants now, what it was given, and what became of it."""

    document: Document
    flow: Flow
    wish: Infer | None = None
    answer: Results | None = None
    outcome: Outcome | None = None

    def advance(self) -> None:
        """Go on until something is to be inferred, or to the end."""
        try:
            # The first `send` must be of None; it begins the flow.
            self.wish = self.flow.send(self.answer)  # type: ignore[arg-type]
        except StopIteration:
            self.outcome = self._checked()
        except Dropped:
            self.outcome = Left()
        except Failure as failure:
            self.outcome = Failed(failure.error)
        except ConnoteError as error:
            self.outcome = Failed(error)
        except RecursionError:
            self.outcome = Failed(IllegalArgument("a pipeline has nested a document's fields too deeply"))
        except Exception:
            log.exception("a document failed in a pipeline")
            self.outcome = Failed(ConnoteError("internal error; the server's log says more"))

    def _checked(self) -> Outcome:
        try:
            self.document.check()
        except ConnoteError as error:
            return Failed(error)
        return self.document


async def run(pipeline: Pipeline, documents: Sequence[Document], infer: Inferring) -> list[Outcome]:
    """Put documents through a pipeline; they are changed in place. What becomes of one harms no other."""
    runs = [_Run(document, pipeline.run(document)) for document in documents]
    going = runs
    while going:
        # In a thread: scripts and expressions may take a while, and others are to be answered meanwhile.
        await asyncio.to_thread(_advance, going)
        going = [each for each in going if each.outcome is None]
        await _answer(going, infer)
    return [each.outcome for each in runs if each.outcome is not None]


def _advance(runs: Iterable[_Run]) -> None:
    for each in runs:
        each.advance()


async def _answer(runs: Sequence[_Run], infer: Inferring) -> None:
    """Give each run what it wants. Wishes for one model with one configuration are one request."""
    groups = dict[tuple[str, bytes], list[tuple[_Run, Infer]]]()
    for each in runs:
        if each.wish is not None:
            key = each.wish.model_id, orjson.dumps(each.wish.config, option=orjson.OPT_SORT_KEYS)
            groups.setdefault(key, []).append((each, each.wish))
    await asyncio.gather(*(_answer_group(group, infer) for group in groups.values()))


async def _answer_group(group: Sequence[tuple[_Run, Infer]], infer: Inferring) -> None:
    inputs = [each for _, wish in group for each in wish.inputs]
    results: Results
    try:
        results = await infer(group[0][1].model_id, inputs, group[0][1].config)
    except ConnoteError as error:
        results = [error] * len(inputs)
    except Exception:
        log.exception("inference with [%s] failed", group[0][1].model_id)
        results = [ConnoteError("internal error; the server's log says more")] * len(inputs)
    at = 0
    for each, wish in group:
        each.answer = results[at : at + len(wish.inputs)]
        at += len(wish.inputs)
