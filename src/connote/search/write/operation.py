"""What is asked to be done to one document, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connote.contract.errors import ConnoteError
from connote.search.fetch.source import SourceFilter


class Kind(StrEnum):
    """What is to be done."""

    INDEX = "index"  # whatever is there
    CREATE = "create"  # only where nothing is
    UPDATE = "update"
    DELETE = "delete"


class VersionType(StrEnum):
    """Who counts a document's versions."""

    INTERNAL = "internal"
    EXTERNAL = "external"  # the caller: a version must be higher than the one that is there
    EXTERNAL_GTE = "external_gte"  # or the same


@dataclass(frozen=True)
class Operation:
    """One write. `source` is the document; of an update `change` is what is asked (doc, script, upsert …).

    `if_seq_no` and `if_primary_term` make it depend on the document being as it was then.
    """

    kind: Kind
    index: str
    id: str
    source: Mapping[str, Any] | None = None
    change: Mapping[str, Any] | None = None
    routing: str | None = None
    if_seq_no: int | None = None
    if_primary_term: int | None = None
    version: int | None = None
    version_type: VersionType = VersionType.INTERNAL
    retries: int = 0
    is_generated: bool = False  # the id was made here, so nothing can have it yet
    pipelines: tuple[str, ...] | None = None  # those that it went through, if the answer is to tell them
    shown: Any = None  # the `_source` filter of an update's answer
    templates: Mapping[str, str] = field(default_factory=dict)  # dynamic ones, by the paths of fields

    @property
    def is_update(self) -> bool:
        """Whether it is based on what the document was."""
        return self.change is not None


@dataclass(frozen=True)
class Outcome:
    """What came of an operation: an error, or the document's new state."""

    operation: Operation
    result: str = "noop"  # created, updated, deleted, not_found, noop
    version: int = 1
    seq: int = 0
    error: ConnoteError | None = None
    source: Mapping[str, Any] | None = None  # what an update made, if it is asked for
    unseen: ConnoteError | None = None  # why searches do not see it yet, though that was asked for

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an answer says beside what came of it."""
        return () if self.unseen is None else (warning(self.operation.index, self.unseen),)

    @property
    def status(self) -> int:
        """The HTTP status of this one."""
        if self.error is not None:
            return self.error.status
        return {"created": 201, "not_found": 404}.get(self.result, 200)

    def wire(self, *, refreshed: bool = False, copies: int = 1) -> dict[str, Any]:
        """The body of an answer to a single write, and an item of a bulk's.

        `copies` of the shard are asked for; there is always one, and another that nobody can keep is no failure.
        """
        own = self.operation
        body: dict[str, Any]
        told = {} if own.pipelines is None else {"executed_pipelines": list(own.pipelines)}
        if self.error is not None:
            body = {"_index": own.index, "_id": own.id or None, "status": self.status}
            return {**body, "error": self.error.told(), **told}
        body = {
            "_index": own.index,
            "_id": own.id or None,
            "_version": self.version,
            "result": self.result,
            "_shards": {"total": copies, "successful": 1, "failed": 0},
            "_seq_no": self.seq,
            "_primary_term": 1,
            **told,
        }
        if refreshed or self.unseen is not None:
            body["forced_refresh"] = self.unseen is None
        if self.operation.is_update and own.shown is not None and self.source is not None:
            body["get"] = self._get(SourceFilter.parse(own.shown))
        return body

    def _get(self, shown: SourceFilter) -> dict[str, Any]:
        source = {"_source": shown.apply(self.source or {})} if shown.is_shown else {}
        return {"_seq_no": self.seq, "_primary_term": 1, "found": True, **source}


def warning(index: str, unseen: ConnoteError) -> str:
    """That an index could not be refreshed after a write."""
    return f"what was written to [{index}] is kept, but searches will see it only after a refresh: {unseen.reason}"
