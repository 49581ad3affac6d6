"""Pipelines and the processors in them, as they run on one document.

A run is a generator: it yields what it wants inferred and is sent the results. So a run does no I/O, and many can go in
step.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connote.contract.errors import ConnoteError, IllegalArgument, PipelineCycle
from connote.ingest.document import Document, plain

Value = Any
_MOST_NESTED = 50


@dataclass(frozen=True)
class Fields:
    """A document for a model of which only its id tells whether it reads one text, or fields.

    `values` are its fields, with those of a field_map also under the names that the model has for them; `text` is the
    one text, or why there is none.
    """

    values: Mapping[str, Value]
    text: str | ConnoteError


class Infer(NamedTuple):
    """What a processor wants inferred, by a model or endpoint. `config` is the processor's inference_config."""

    model_id: str
    inputs: Sequence[str | Fields]
    config: Mapping[str, Any]


# One result an input, in the shape that `_infer` has, or what went wrong with it.
Results = Sequence[Mapping[str, Any] | Exception]
Flow = Generator[Infer, Results, None]
# What a processor does; None if it has done all without inferring.
Step = Callable[[Document], Flow | None]


class Dropped(Exception):
    """The document is not to be indexed."""


class Terminated(Exception):
    """Nothing more of this pipeline is to be run."""


class Failure(Exception):
    """A processor failed: which, in which pipeline, and why."""

    def __init__(self, error: ConnoteError, node: "Node", pipeline: str | None) -> None:
        super().__init__(str(error))
        self.error, self.node, self.pipeline = error, node, pipeline

    @property
    def message(self) -> str:
        """What handlers see: the cause, if the error has one."""
        cause = self.error.caused_by
        if isinstance(cause, Mapping):
            return str(cause.get("reason", self.error.reason))
        return self.error.reason if cause is None else cause.reason


@dataclass(frozen=True, eq=False)
class Node:
    """A processor in its place, with what all processors have."""

    type: str
    step: Step
    tag: str | None = None
    description: str | None = None
    condition: tuple[str, Callable[[Document], bool]] | None = None
    ignore_failure: bool = False
    on_failure: Sequence["Node"] = ()

    def run(self, document: Document) -> Flow:
        """Run it. Raises Failure, Dropped, Terminated."""
        document.spend()
        note = _Note(self, document)
        if not self._wanted(document):
            note.write("skipped")
            return
        try:
            flow = self.step(document)
            if flow is not None:
                yield from flow
        except (ConnoteError, Failure) as error:
            failure = error if isinstance(error, Failure) else Failure(error, self, _inmost(document))
            note.write("error_ignored" if self.ignore_failure else "error", failure)
            if not self.ignore_failure:
                yield from handled(document, failure, self.on_failure)
        except (Dropped, Terminated) as left:
            note.write("dropped" if isinstance(left, Dropped) else "success")
            raise
        else:
            note.write("success")

    def _wanted(self, document: Document) -> bool:
        try:
            return self.condition is None or self.condition[1](document)
        except ConnoteError as error:
            raise Failure(error, self, _inmost(document)) from None


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Processors, one after the other."""

    id: str
    nodes: Sequence[Node]
    on_failure: Sequence[Node] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    def run(self, document: Document) -> Flow:
        """Run them. Raises Failure, Dropped, or PipelineCycle if the document is in this pipeline already."""
        with self._entered(document):
            try:
                yield from self._nodes(document)
            except Terminated:
                return

    def _nodes(self, document: Document) -> Flow:
        try:
            for node in self.nodes:
                yield from node.run(document)
        except Failure as failure:
            yield from handled(document, failure, self.on_failure)

    @contextmanager
    def _entered(self, document: Document) -> Iterator[None]:
        if self.id in document.stack:
            raise PipelineCycle(f"Cycle detected for pipeline: {self.id}")
        if len(document.stack) >= _MOST_NESTED:
            raise IllegalArgument(f"Too many nested pipelines. Cannot have more than {_MOST_NESTED} nested pipelines")
        document.stack.append(self.id)
        document.ingest["pipeline"] = self.id
        try:
            yield
        finally:
            document.stack.pop()
            if document.stack:
                document.ingest["pipeline"] = document.stack[-1]
            else:
                document.ingest.pop("pipeline", None)


class Broken(Pipeline):
    """A pipeline that was kept and cannot be read by this connote: running it tells why."""

    def __init__(self, id: str, body: Mapping[str, Any], error: ConnoteError) -> None:
        def fail(_: Document) -> None:
            raise error

        super().__init__(id, [Node("unknown", fail)], body=body)


def handled(document: Document, failure: Failure, handlers: Sequence[Node]) -> Flow:
    """Run what is to be done about a failure, which sees it in `_ingest`. Raises it again if nothing is."""
    if not handlers:
        raise failure
    told = {
        "on_failure_message": failure.message,
        "on_failure_processor_type": failure.node.type,
        "on_failure_processor_tag": failure.node.tag,
        "on_failure_pipeline": failure.pipeline,
    }
    document.ingest.update(told)
    try:
        for node in handlers:
            yield from node.run(document)
    finally:
        for name in told:
            document.ingest.pop(name, None)


def _inmost(document: Document) -> str | None:
    return document.stack[-1] if document.stack else None


class _Note:
    """What a processor did, where the document's trace is kept: before what the processor itself ran."""

    def __init__(self, node: Node, document: Document) -> None:
        self._node, self._document = node, document
        self._at = len(document.trace) if document.trace is not None else 0

    def write(self, status: str, failure: Failure | None = None) -> None:
        """Tell the status, and what went wrong."""
        if self._document.trace is None:
            return
        node = self._node
        noted: dict[str, Any] = {"processor_type": node.type, "status": status}
        noted |= {name: value for name in ("description", "tag") if (value := getattr(node, name)) is not None}
        if node.condition is not None:
            noted["if"] = {"condition": node.condition[0], "result": status != "skipped"}
        if failure is not None:
            told = {"error": _told(failure.error)}
            noted |= {"ignored_error": told} if status == "error_ignored" else told
        if status in ("success", "error_ignored"):
            noted["doc"] = shown(self._document)
        self._document.trace.insert(self._at, noted)


def _told(error: ConnoteError) -> Value:
    return error.wire()["error"]


def shown(document: Document) -> dict[str, Any]:
    """The document as a simulation shows it."""
    metadata = {name: _meta(name, value) for name, value in document.metadata.items() if value is not None}
    source = plain(document.source, "the simulated document", document.room)
    return {**metadata, "_source": source, "_ingest": plain(document.ingest, "[_ingest]", document.room)}


def _meta(name: str, value: Value) -> Value:
    return str(value) if name == "_version" else value
