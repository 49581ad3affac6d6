"""The end of a write: what each operation comes to, decided in order, and all of it kept in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connote.contract.errors import ConnoteError, IllegalArgument, VersionConflict
from connote.search import embedded
from connote.search.engine.row import Row
from connote.search.index import Index
from connote.search.write.operation import Kind, Operation, Outcome, VersionType
from connote.search.write.prepared import Prepared
from connote.store.documents import Stored

# How often an update is made anew because the document was changed in the meantime, if the request does not say.
RETRIES = 3
# Versions are 64 bits with a sign, and who counts them may begin anywhere.
MOST_VERSION = (1 << 63) - 1


@dataclass
class _Commit:
    """States and rows that are to be kept; `now` is what there is of each document, with what was decided before."""

    index: Index
    now: dict[str, Stored]
    states: list[Stored] = field(default_factory=list)
    rows: dict[str, Row | None] = field(default_factory=dict)
    deleted: int = 0

    @property
    def newest(self) -> int:
        return self.index.newest + len(self.states)

    def keep(self) -> None:
        if self.states:
            made = [row for row in self.rows.values() if row is not None]
            self.index.keep(self.states, made, [id for id, row in self.rows.items() if row is None])
            self.index.counts.deleted += self.deleted
            self.index.counts.indexed += len(self.states) - self.deleted


def commit(index: Index, prepared: Sequence[Prepared], attempt: int) -> list[Outcome | None]:
    """What each came to; None is one that is to be made anew, since the document or the endpoint was changed meanwhile.

    Only who holds the index's lock may. Raises NoIndex, Unavailable: then nothing was kept.
    """
    ids = [each.operation.id for each in prepared if not each.operation.is_generated]
    going = _Commit(index, index.documents.current(ids))
    again: set[str] = set()  # what follows on the same document waits, too
    outcomes = list[Outcome | None]()
    for each in prepared:
        is_late = each.operation.id in again or index.is_outdated(each.embedded)
        outcome = None if is_late else _outcome(going, each)
        if outcome is not None and _may_retry(outcome, attempt):
            outcome = None
        if outcome is None:
            again.add(each.operation.id)
        each.has_failed = outcome is None or outcome.error is not None
        outcomes.append(outcome)
    going.keep()
    index.counts.failed += sum(each is not None and each.error is not None for each in outcomes)
    return outcomes


def _outcome(going: _Commit, made: Prepared) -> Outcome:
    try:
        return _decided(going, made)
    except ConnoteError as error:
        return Outcome(made.operation, error=error)


def _decided(going: _Commit, made: Prepared) -> Outcome:
    operation, index = made.operation, going.index
    if made.error is not None:
        raise made.error
    before = going.now.get(operation.id)
    is_there = before is not None and before.source is not None
    check_version(index, operation, before)
    is_stale = made.base is not None and made.base != (before.seq if before else -1)
    if is_stale or (made.after is not None and made.after.has_failed):
        raise _conflict(index, operation, "the document was changed by another request in the meantime")
    if made.result == "noop":
        version, seq = (before.version, before.seq) if before else (-1, -2)  # as Elasticsearch tells what never was
        return Outcome(operation, "noop", version, seq, source=made.source)
    if operation.kind is Kind.DELETE and not is_there:
        return Outcome(operation, "not_found", _next_version(operation, before), max(going.newest, 0))
    seq, version = going.newest + 1, _next_version(operation, before)
    is_deleted = operation.kind is Kind.DELETE or made.values is None
    inference = None if is_deleted else embedded.dump(made.embedded)
    row = None
    if made.values is not None and not is_deleted:
        row = index.row(operation.id, seq, version, made.values, made.embedded)
    state = Stored(operation.id, seq, version, None if is_deleted else made.raw, inference, operation.routing)
    going.rows.pop(operation.id, None)  # its place is where it comes last
    going.rows[operation.id] = row
    going.states.append(state)
    going.now[operation.id] = state
    going.deleted += is_deleted
    result = "deleted" if is_deleted else "updated" if is_there else "created"
    return Outcome(operation, result, version, seq, source=made.source)


def check_version(index: Index, operation: Operation, before: Stored | None) -> None:
    """Raise VersionConflict if the document is not as the request says."""
    found = before if before is not None and before.source is not None else None
    if operation.kind is Kind.CREATE and found is not None:
        raise _conflict(index, operation, f"document already exists (current version [{found.version}])")
    if operation.if_seq_no is not None:
        wanted = f"required seqNo [{operation.if_seq_no}], primary term [{operation.if_primary_term}]"
        if found is None:
            raise _conflict(index, operation, f"{wanted}. but no document was found")
        if (found.seq, 1) != (operation.if_seq_no, operation.if_primary_term):
            now = f"current document has seqNo [{found.seq}] and primary term [1]"
            raise _conflict(index, operation, f"{wanted}. {now}")
    if operation.version is None or before is None:
        return
    is_lax = operation.version_type is VersionType.EXTERNAL_GTE
    if before.version > operation.version or (before.version == operation.version and not is_lax):
        told = "higher than the one" if is_lax else "higher or equal to the one"
        raise _conflict(
            index, operation, f"current version [{before.version}] is {told} provided [{operation.version}]"
        )


def _next_version(operation: Operation, before: Stored | None) -> int:
    if operation.version is not None:
        return operation.version
    version = before.version + 1 if before else 1
    if version > MOST_VERSION:
        told = f"[{operation.id}]: the document has the highest [version] there is, [{MOST_VERSION}]"
        raise IllegalArgument(f"{told}: only [version_type] [external_gte] can write it")
    return version


def _conflict(index: Index, operation: Operation, why: str) -> VersionConflict:
    error = VersionConflict(f"[{operation.id}]: version conflict, {why}")
    error.details = {"index_uuid": index.uuid, "shard": "0", "index": index.name}
    return error


def _may_retry(outcome: Outcome, attempt: int) -> bool:
    """Whether an update found the document changed: it is made anew from what is there now."""
    own = outcome.operation
    is_update = own.is_update and own.if_seq_no is None
    return is_update and isinstance(outcome.error, VersionConflict) and attempt < max(own.retries, RETRIES)
