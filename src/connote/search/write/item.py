"""A write as a request asks for it, before it is known which index it goes to and what pipelines make of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest
from connote.contract.settings import java
from connote.search.fetch.source import SourceFilter
from connote.search.write.operation import Kind, VersionType


@dataclass(frozen=True)
class Item:
    """`index` may be an alias, and `id` be None: then one is made. `source` is the document, of an update `change`.

    `problem` is why it cannot be done. `shown` is the `_source` filter of an update's answer.
    `templates` are the dynamic templates for fields that are not mapped yet, by their paths.
    """

    kind: Kind
    index: str
    id: str | None = None
    source: dict[str, Any] | None = None
    change: Mapping[str, Any] | None = None
    problem: ConnoteError | None = None
    routing: str | None = None
    if_seq_no: int | None = None
    if_primary_term: int | None = None
    version: int | None = None
    version_type: VersionType = VersionType.INTERNAL
    retries: int = 0
    pipeline: str | None = None
    require_alias: bool | None = None
    require_stream: bool | None = None
    shows_pipelines: bool = False
    shown: Any = None
    templates: Mapping[str, str] = field(default_factory=dict)

    def made(self, **changed: Any) -> "Item":  # noqa: ANN401 (of its fields)
        """With these fields changed."""
        return replace(self, **changed)

    def check(self) -> None:
        """Raise InvalidRequest, IllegalArgument or BadQuery for parameters that cannot be, or do not go together."""
        if problems := list(self._problems()):
            raise InvalidRequest(problems)
        numbers = {name: getattr(self, name) for name in ("if_seq_no", "if_primary_term", "version")}
        for name, value in {**numbers, "retry_on_conflict": self.retries}.items():
            is_right = type(value) is int and 0 <= value < 1 << 63
            if value is not None and not is_right:  # pipelines may set anything
                told = java(value)[:100]
                raise IllegalArgument(f"[{name}] must be a whole number that is not negative, not [{told}]")
        SourceFilter.parse(self.shown)  # when it is used all has been written

    def _problems(self) -> Iterator[str]:
        is_external = self.version_type is not VersionType.INTERNAL
        if self.id == "":
            yield "if _id is specified it must not be empty"
        if self.kind is Kind.UPDATE and (self.version is not None or is_external):
            yield "update requests do not support versioning. Please use `if_seq_no` and `if_primary_term` instead"
        elif self.kind is Kind.CREATE and is_external:
            yield (
                "create operations only support internal versioning. use index instead of version type "
                f"[{self.version_type}]"
            )
        elif self.kind is Kind.CREATE and self.version is not None:
            yield "create operations do not support explicit versions. use index instead"
        elif is_external and self.version is None:
            yield f"illegal version value [-3] for version type [{self.version_type.name}]"
        elif not is_external and self.version is not None:
            yield (
                "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and "
                "`if_primary_term` instead"
            )
        if (self.if_seq_no is None) != (self.if_primary_term is None):
            missing = "if_seq_no" if self.if_seq_no is None else "if_primary_term"
            yield f"[if_seq_no] and [if_primary_term] go together; [{missing}] is missing"
