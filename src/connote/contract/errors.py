"""Every error that connote answers with, and how it looks on the wire.

ConnoteError                 status_exception
├── Rejected            400  status_exception
│   ├── Invalid              validation_exception, lists every problem
│   ├── InvalidRequest       action_request_validation_exception, likewise
│   ├── IllegalArgument      illegal_argument_exception
│   ├── Unparsable           x_content_parse_exception
│   ├── BadMediaType         media_type_header_exception
│   ├── AlreadyExists        resource_already_exists_exception
│   ├── BadIndexName         invalid_index_name_exception
│   ├── BadTemplate          invalid_index_template_exception
│   ├── ClosedIndex          index_closed_exception
│   ├── BadMapping           mapper_parsing_exception
│   ├── BadDocument          document_parsing_exception
│   │   └── StrictMapping    strict_dynamic_mapping_exception
│   ├── MissingRouting       routing_missing_exception
│   ├── BadQuery             parsing_exception
│   ├── Unverified           verification_exception, lists every problem
│   ├── BadScript            script_exception
│   ├── ParseFailed          parse_exception
│   ├── ProcessorFailed      fail_processor_exception
│   ├── PipelineCycle        graph_structure_exception
│   └── Malformed            a service's answer is not of its shape
├── Unauthorized        401  security_exception
├── Forbidden           403  security_exception
├── Blocked             403  cluster_block_exception
├── NotFound            404  resource_not_found_exception
│   ├── NoIndex              index_not_found_exception
│   ├── NoAlias              aliases_not_found_exception
│   ├── NoTemplate           index_template_missing_exception
│   ├── NoDocument           document_missing_exception
│   ├── NoRepository         repository_missing_exception
│   └── NoContext            search_context_missing_exception: a scroll or point in time that is over
├── MethodNotAllowed    405  status_exception
├── NotAcceptable       406  status_exception
├── TimedOut            408  status_exception
├── Conflict            409  status_exception
│   └── VersionConflict      version_conflict_engine_exception
├── InferenceFailed as its cause  inference_exception: a document's text could not be embedded
├── SearchFailed   as its causes  search_phase_execution_exception, with the failure of each index
├── TooLarge            413  status_exception
├── Overloaded          429  es_rejected_execution_exception
│   └── OverBudget           status_exception, until the month ends
├── Refused        400 to 499  status_exception, with the status of the service that answered so
└── Unavailable         503  status_exception
"""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar


class ConnoteError(Exception):
    """An answer other than success: `status` and `type` are the wire's, the message is its `reason`.

    `param` is the field of the request that is at fault, if it is one. `details` stand beside the reason on the wire,
    and so does `caused_by`: what lies behind it, or only its type and reason.
    """

    status: int = 500
    type: ClassVar[str] = "status_exception"
    headers: Mapping[str, str] = {}
    param: str | None = None
    details: Mapping[str, Any] = {}
    caused_by: "ConnoteError | Mapping[str, Any] | None" = None

    @property
    def reason(self) -> str:
        """The message, for people: it names the field and the fix."""
        return str(self)

    def wire(self, *, trace: bool = False) -> dict[str, Any]:
        """The error envelope of Elasticsearch; `trace` adds `stack_trace`."""
        cause = self.told()
        if trace:
            cause["stack_trace"] = "".join(traceback.format_exception(self))
        return {"error": {"root_cause": self.roots() or [cause], **cause}, "status": self.status}

    def told(self) -> dict[str, Any]:
        """What went wrong, as one element of the wire's lists of errors."""
        told: dict[str, Any] = {"type": self.type, "reason": self.reason, **self.details}
        if self.caused_by is not None:
            cause = self.caused_by
            told["caused_by"] = cause.told() if isinstance(cause, ConnoteError) else dict(cause)
        return told

    def roots(self) -> list[dict[str, Any]]:
        """The root causes, if the error itself is none."""
        return []

    def unified(self) -> dict[str, Any]:
        """The error in the shape of OpenAI's, which chat completion has."""
        code = HTTPStatus(self.status).phrase.lower().replace(" ", "_")
        param = {} if self.param is None else {"param": self.param}
        return {"error": {"code": code, "message": self.reason, **param, "type": self.type}}


class Rejected(ConnoteError):
    """The request cannot be served as it is."""

    status = 400


class Invalid(Rejected):
    """Settings have problems; all are reported together."""

    type = "validation_exception"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        numbered = "".join(f"{n}: {problem};" for n, problem in enumerate(self.problems, 1))
        super().__init__(f"Validation Failed: {numbered}")


class InvalidRequest(Invalid):
    """A request body has problems; all are reported together."""

    type = "action_request_validation_exception"


class IllegalArgument(Rejected):
    """An argument has a value that it cannot have."""

    type = "illegal_argument_exception"


class Unparsable(Rejected):
    """The body is not JSON, or a field of it is unknown or of another type."""

    type = "x_content_parse_exception"


class BadMediaType(Rejected):
    """A media type header is malformed or names a version that is not spoken here."""

    type = "media_type_header_exception"


class AlreadyExists(Rejected):
    """The thing to be created is there already."""

    type = "resource_already_exists_exception"


class BadIndexName(Rejected):
    """An index cannot be called so."""

    type = "invalid_index_name_exception"


class BadTemplate(Rejected):
    """A template is malformed, or names components that are not there."""

    type = "invalid_index_template_exception"


class ClosedIndex(Rejected):
    """The index is closed."""

    type = "index_closed_exception"


class BadMapping(Rejected):
    """A mapping is malformed, or names a type or parameter that is not known."""

    type = "mapper_parsing_exception"


class BadDocument(Rejected):
    """A document does not fit its index's mapping."""

    type = "document_parsing_exception"


class StrictMapping(BadDocument):
    """A document has a field that a strict mapping does not."""

    type = "strict_dynamic_mapping_exception"


class MissingRouting(Rejected):
    """A document must come with a routing here, and does not."""

    type = "routing_missing_exception"


class BadQuery(Rejected):
    """A search request is not as the query language has it."""

    type = "parsing_exception"


class Unverified(Rejected):
    """A query of ES|QL names what is not there, or does with it what cannot be done; all is reported together."""

    type = "verification_exception"

    def __init__(self, problems: Sequence[str]) -> None:
        listed = "".join(f"\nline {problem}" for problem in problems)
        super().__init__(f"Found {len(problems)} problem{'s' * (len(problems) > 1)}{listed}")


class BadScript(Rejected):
    """A script cannot be compiled, or failed."""

    type = "script_exception"


class ParseFailed(Rejected):
    """A pipeline, or what is to be put through one, is not as it should be."""

    type = "parse_exception"


class ProcessorFailed(Rejected):
    """A pipeline says itself that a document fails."""

    type = "fail_processor_exception"


class PipelineCycle(Rejected):
    """A pipeline runs itself."""

    type = "graph_structure_exception"


class Malformed(Rejected):
    """A service has answered with something else than its reference says. Its fault, so never a 500."""


class Unauthorized(ConnoteError):
    """No valid credentials came with the request."""

    status = 401
    type = "security_exception"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'ApiKey, Bearer realm="security", Basic realm="security"'}


class Forbidden(ConnoteError):
    """Whoever asks may not."""

    status = 403
    type = "security_exception"


class Blocked(ConnoteError):
    """The index's settings forbid it."""

    status = 403
    type = "cluster_block_exception"


class NotFound(ConnoteError):
    """The thing asked for is not there."""

    status = 404
    type = "resource_not_found_exception"


class NoIndex(NotFound):
    """There is no index, nor alias, of that name."""

    type = "index_not_found_exception"

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"no such index [{name}]{f' and {why}' if why else ''}")
        self.details = {"resource.type": "index_or_alias", "resource.id": name, "index_uuid": "_na_", "index": name}


class NoAlias(NotFound):
    """There are no aliases of these names."""

    type = "aliases_not_found_exception"

    def __init__(self, names: Sequence[str]) -> None:
        listed = ", ".join(names)
        super().__init__(f"aliases [{listed}] missing")
        self.details = {"resource.type": "aliases", "resource.id": listed}


class NoTemplate(NotFound):
    """There is no template of that name."""

    type = "index_template_missing_exception"


class NoDocument(NotFound):
    """There is no document with that id."""

    type = "document_missing_exception"


class NoRepository(NotFound):
    """There is no repository of snapshots of that name."""

    type = "repository_missing_exception"

    def __init__(self, name: str) -> None:
        super().__init__(f"[{name}] missing")


class NoContext(NotFound):
    """A scroll or point in time is over, or never was."""

    type = "search_context_missing_exception"


class MethodNotAllowed(ConnoteError):
    """The resource is there but cannot do this."""

    status = 405


class NotAcceptable(ConnoteError):
    """The media type of the request or of the wanted answer is not supported."""

    status = 406


class TimedOut(ConnoteError):
    """The answer did not come within the request's timeout."""

    status = 408


class Conflict(ConnoteError):
    """The state of things forbids it."""

    status = 409


class VersionConflict(Conflict):
    """The document is not as the request says that it is."""

    type = "version_conflict_engine_exception"


class TooLarge(ConnoteError):
    """The body is larger than this server accepts."""

    status = 413


class Overloaded(ConnoteError):
    """A queue is full; the same request may succeed a little later."""

    status = 429
    type = "es_rejected_execution_exception"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class OverBudget(Overloaded):
    """The endpoint has spent what it may spend."""

    type = "status_exception"


class Refused(ConnoteError):
    """A service has answered with an error, or not at all: its status where that is below 500, else 400.

    `kind` is the type that it gave its error. `transient`: the same request may succeed later, or elsewhere.
    `reached`: there was a connection to it.
    """

    def __init__(
        self, reason: str, *, status: int, kind: str | None = None, transient: bool = False, reached: bool = True
    ) -> None:
        super().__init__(reason)
        self.status, self.kind, self.transient, self.reached = status, kind, transient, reached

    def unified(self) -> dict[str, Any]:
        """The error in the shape of OpenAI's, with the type that the service gave."""
        body = super().unified()
        body["error"]["type"] = self.kind or self.type
        return body


class Unavailable(ConnoteError):
    """What would answer is not there at present: a model that cannot be had, a device that failed."""

    status = 503


class InferenceFailed(ConnoteError):
    """A field of a document could not be embedded; the status is that of what lies behind it."""

    type = "inference_exception"

    def __init__(self, endpoint: str, field: str, cause: ConnoteError) -> None:
        super().__init__(f"Exception when running inference id [{endpoint}] on field [{field}]")
        self.status, self.caused_by = cause.status, cause


class SearchFailed(ConnoteError):
    """A search failed, in each of these indices for that reason; the status is the worst of theirs."""

    type = "search_phase_execution_exception"

    def __init__(self, failures: Mapping[str, ConnoteError]) -> None:
        super().__init__("all shards failed")
        self.failures = dict(failures)
        self.status = max(error.status for error in self.failures.values())
        shards = [
            {"shard": 0, "index": name, "node": "connote", "reason": error.told()} for name, error in failures.items()
        ]
        self.details = {"phase": "query", "grouped": True, "failed_shards": shards}
        self.caused_by = next(iter(self.failures.values()))

    def roots(self) -> list[dict[str, Any]]:
        """One for each different reason."""
        found = [error.told() for error in self.failures.values()]
        return [told for at, told in enumerate(found) if told not in found[:at]]
