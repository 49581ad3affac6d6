"""The body of `POST _inference`: read, and checked with every problem reported together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract import content
from connote.contract.body import about
from connote.contract.content import Content, Item
from connote.contract.errors import IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.contract.tasks import TaskType

# What a request may ask for at once, so that one cannot take all memory.
MOST_INPUTS = 4096

_FIELDS = ("input", "input_type", "task_settings", "query", "return_documents", "top_n", "timeout")
_INPUT_TYPES = ("classification", "clustering", "ingest", "search", "unspecified")


@dataclass(frozen=True)
class InferenceRequest:
    """One inference request; `task` is that of the URL, `any` if it names none."""

    task: TaskType
    inputs: Sequence[Content]
    input_type: str | None
    task_settings: Mapping[str, Any]
    query: str | None
    return_documents: bool | None
    top_n: int | None
    timeout: str | None

    @classmethod
    def of(
        cls,
        task: TaskType,
        inputs: Sequence[Content],
        field: str,
        *,
        input_type: str | None = None,
        query: str | None = None,
        return_documents: bool | None = None,
        top_n: int | None = None,
        timeout: str | None = None,
    ) -> "InferenceRequest":
        """The request that another protocol makes; its inputs came in that field. Raises InvalidRequest."""
        if not inputs:
            raise about(field, InvalidRequest([f"Field [{field}] cannot be an empty array"]))
        if len(inputs) > MOST_INPUTS:
            raise about(field, InvalidRequest([_too_many(field, len(inputs))]))
        if query is not None and not query:
            raise about("query", InvalidRequest([f"Field [query] cannot be empty for task type [{task}]"]))
        return cls(task, inputs, input_type, {}, query, return_documents, _top_n(top_n), timeout)

    def texts(self) -> list[str]:
        """The inputs where each must be one text. Raises IllegalArgument for one that is not."""
        texts = []
        for position, items in enumerate(self.inputs):
            if len(items) != 1 or not items[0].is_text:
                raise IllegalArgument(
                    f"Field [input[{position}]] must be one text; only the task type [{TaskType.EMBEDDING}] takes more"
                )
            texts.append(items[0].value)
        return texts


def parse(body: Mapping[str, Any], task: TaskType) -> InferenceRequest:
    """The request in a JSON body.

    Raises Unparsable for a field that is unknown or of a wrong type, InvalidRequest for fields that do not fit.
    """
    for name in body:
        if name not in _FIELDS:
            raise Unparsable(f"[inference_request] unknown field [{name}]; known are [{', '.join(_FIELDS)}]")
    request = InferenceRequest(
        task=task,
        inputs=_inputs(body.get("input")),
        input_type=_input_type(_typed(body, "input_type", str, "a string")),
        task_settings=_typed(body, "task_settings", dict, "an object") or {},
        query=_text(body["query"], "query") if body.get("query") is not None else None,
        return_documents=_typed(body, "return_documents", bool, "a boolean"),
        top_n=_top_n(_typed(body, "top_n", int, "an integer")),
        timeout=_typed(body, "timeout", str, "a time value such as [30s]"),
    )
    if problems := list(_problems(request, body)):
        raise InvalidRequest(problems)
    return request


def texts(value: Any, field: str) -> list[str]:  # noqa: ANN401 (JSON)
    """What another protocol has in that field: a text or several. Raises Unparsable for all else, tokens included."""
    given = [value] if isinstance(value, str) else value
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return given
    told = f"[{field}] must be a text or an array of texts"
    if isinstance(given, list) and all(isinstance(each, int | list) for each in given):
        told += "; tokens are not taken, since their numbers mean nothing to another model"
    raise about(field, Unparsable(told))


def contents(given: Sequence[str]) -> list[Content]:
    """Texts as inputs."""
    return [(Item("text", text),) for text in given]


def _problems(request: InferenceRequest, body: Mapping[str, Any]) -> list[str]:
    task, found = request.task, []
    if body.get("input") is None:
        found.append("Field [input] cannot be null")
    elif not request.inputs:
        found.append("Field [input] cannot be an empty array")
    elif len(request.inputs) > MOST_INPUTS:
        found.append(_too_many("input", len(request.inputs)))
    if task is TaskType.ANY:
        return found
    if task is TaskType.RERANK:
        if request.query is None:
            found.append(f"Field [query] cannot be null for task type [{task}]")
        elif not request.query:
            found.append(f"Field [query] cannot be empty for task type [{task}]")
    else:
        found += [
            f"Field [{name}] cannot be specified for task type [{task}]"
            for name in ("return_documents", "top_n")
            if getattr(request, name) is not None
        ]
    if task.embeds and request.query is not None:
        found.append(f"Field [query] cannot be specified for task type [{task}]")
    if request.input_type is not None and task not in (TaskType.TEXT_EMBEDDING, TaskType.EMBEDDING):
        found.append(f"Field [input_type] cannot be specified for task type [{task}]")
    return found


def _too_many(field: str, count: int) -> str:
    return f"Field [{field}] has {count} texts, at most {MOST_INPUTS} are taken in one request"


def _inputs(value: Any) -> list[Content]:  # noqa: ANN401
    if value is None:
        return []
    if isinstance(value, list):
        return [_input(item, f"input[{position}]") for position, item in enumerate(value)]
    return [_input(value, "input")]


def _input(value: Any, where: str) -> Content:  # noqa: ANN401
    if isinstance(value, Mapping) and "content" in value:
        return content.parse(value, where)
    return (Item("text", _text(value, where)),)


def _text(value: Any, where: str) -> str:  # noqa: ANN401
    """A text, plain or as the newer `{"type": "text", "value": …}`."""
    if isinstance(value, Mapping) and "type" in value:
        kind, form, text = value.get("type"), value.get("format", "text"), value.get("value")
        if (kind, form) != ("text", "text"):
            raise IllegalArgument(
                f"Field [{where}] has type [{java(kind)}] and format [{java(form)}]; this service takes text only"
            )
        value = text
    if not isinstance(value, str):
        raise Unparsable(
            f"[inference_request] failed to parse field [{where}]: it must be a string"
            f"{' or an array of strings' if where == 'input' else ''}, not [{java(value)}]"
        )
    return value


def _typed(body: Mapping[str, Any], name: str, kind: type, described: str) -> Any:  # noqa: ANN401
    value = body.get(name)
    if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is int)):
        raise Unparsable(
            f"[inference_request] failed to parse field [{name}]: it must be {described}, not [{java(value)}]"
        )
    return value


def _input_type(value: str | None) -> str | None:
    if value is None:
        return None
    if value.lower() not in _INPUT_TYPES:
        raise IllegalArgument(f"Unrecognized input_type [{value}], must be one of [{', '.join(_INPUT_TYPES)}]")
    return value.lower()


def _top_n(value: int | None) -> int | None:
    if value is not None and value < 1:
        raise about("top_n", IllegalArgument(f"Invalid value [{value}]. [top_n] must be a positive integer"))
    return value
