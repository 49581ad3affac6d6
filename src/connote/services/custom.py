"""Any service that takes JSON and answers with JSON: what it is sent, and where its answer lies, are settings.

Templates `${name}` stand in `url`, `headers`, `query_parameters` and `request` for values: of `secret_parameters` and
of the task setting `parameters` by their names, and of the request `${input}` (an array), `${query}`, `${input_type}`,
`${top_n}` and `${return_documents}`. In `request` a template is a whole value, without quotes around it, and a member
whose template has no value is left out. What is put in is not looked at again. The host of `url` is written out: it
has no templates.

Paths in `response.json_parser` are made of `$`, `.name`, `['name']`, `[*]` and `[0]`.
"""

from collections.abc import MutableMapping
from typing import Annotated, Any, Self, cast

import httpx

from connote.contract.body import is_deeper
from connote.contract.errors import Invalid
from connote.contract.secret import SecretMap
from connote.contract.settings import SERVICE_SETTINGS, TASK_SETTINGS, About, Settings
from connote.contract.tasks import TaskType
from connote.services.message import Message, as_text
from connote.services.parsers import CompletionResponse, DenseResponse, RankResponse, Response, SparseResponse
from connote.services.remote import DenseSettings, Limited, MaxInputTokens, per_minute, probe
from connote.services.service import Call, Check, Endpoint, Flow, Post, Service, Site
from connote.services.template import MOST_DEPTH

# What a request gives, by task.
_ASKED = {
    TaskType.TEXT_EMBEDDING: ("input", "input_type"),
    TaskType.SPARSE_EMBEDDING: ("input", "input_type"),
    TaskType.RERANK: ("input", "query", "top_n", "return_documents"),
    TaskType.COMPLETION: ("input",),
}


class Words(Settings):
    """What the service calls the input types."""

    ingest: Annotated[str | None, About("Ingest", "The word for what is stored.")] = None
    search: Annotated[str | None, About("Search", "The word for queries.")] = None
    classification: Annotated[str | None, About("Classification", "The word for what is classified.")] = None
    clustering: Annotated[str | None, About("Clustering", "The word for what is grouped.")] = None


class InputTypes(Settings):
    """What `${input_type}` stands for."""

    translation: Annotated[Words, About("Translation", "The service's words for input types.")] = Words()
    default: Annotated[str, About("Default", "The word if a request says no type, or one without a word.")] = ""

    @classmethod
    def take(cls, raw: MutableMapping[str, Any], problems: list[str], scope: str, *, kept: bool = False) -> Self | None:
        """The default may be said to be the empty string, which it is anyway."""
        if raw.get("default") == "":
            raw.pop("default")
        return super().take(raw, problems, scope, kept=kept)

    def word(self, input_type: str | None) -> str:
        """The service's word."""
        return self.translation.plain().get(input_type or "") or self.default


class CustomSettings(Settings):
    """Settings of all tasks."""

    url: Annotated[str, About("URL", "The address that is asked. May have templates.")]
    headers: Annotated[dict[str, str] | None, About("Headers", "May have templates.", updatable=True)] = None
    query_parameters: Annotated[
        list[list[str]] | None,
        About("Query parameters", "Pairs of name and value, which may have templates.", updatable=True),
    ] = None
    secret_parameters: Annotated[
        SecretMap | None, About("Secret parameters", "Values for templates that are kept secret.", updatable=True)
    ] = None
    request: Annotated[
        str, About("Request", 'The JSON that is sent, as a string, or as `{"content": "…"}`. May have templates.')
    ]
    response: Annotated[Response, About("Response", "`json_parser`: the paths to what is wanted in the answer.")]
    input_type: Annotated[
        InputTypes | None,
        About("Input type", "`translation`: the service's words for input types; `default`: the word for the others."),
    ] = None
    batch_size: Annotated[
        int, About("Batch size", "The most inputs that are embedded in one call.", positive=True, updatable=True)
    ] = 10
    rate_limit: Limited = per_minute(10_000)

    @classmethod
    def take(cls, raw: MutableMapping[str, Any], problems: list[str], scope: str, *, kept: bool = False) -> Self | None:
        """The request may be an object that holds the string."""
        request = raw.get("request")
        if isinstance(request, dict) and set(request) == {"content"}:
            raw["request"] = request["content"]
        return super().take(raw, problems, scope, kept=kept)

    @property
    def message(self) -> Message:
        """What is sent, with its templates."""
        return Message(self.url, self.headers or {}, self.query_parameters or (), self.request)

    @property
    def revealed(self) -> dict[str, str]:
        """The secret parameters."""
        return dict(self.secret_parameters.reveal()) if self.secret_parameters else {}

    def problems(self, scope: str) -> list[str]:
        """What of the message is malformed."""
        return [
            f"[{scope}] Invalid value received for field [{name}]. Error: {reason}"
            for name, reason in self.message.problems()
        ]


class CustomDense(CustomSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None
    response: Annotated[
        DenseResponse, About("Response", "`json_parser`: `text_embeddings`, and `embedding_type` (default `float`).")
    ]


class CustomSparse(CustomSettings):
    """Settings of sparse_embedding."""

    response: Annotated[SparseResponse, About("Response", "`json_parser`: `token_path` and `weight_path`.")]


class CustomRank(CustomSettings):
    """Settings of rerank."""

    response: Annotated[
        RankResponse,
        About("Response", "`json_parser`: `relevance_score`, and perhaps `reranked_index` and `document_text`."),
    ]


class CustomCompletion(CustomSettings):
    """Settings of completion."""

    response: Annotated[CompletionResponse, About("Response", "`json_parser`: `completion_result`.")]


class Options(Settings):
    """Task settings."""

    parameters: Annotated[
        dict[str, Any] | None,
        About("Parameters", "Values for templates; a request may replace single ones.", updatable=True),
    ] = None

    def problems(self, scope: str) -> list[str]:
        """JSON can be too deep to be written."""
        if is_deeper(self.parameters, MOST_DEPTH):
            return [f"[{scope}] Invalid value. [parameters] must not be deeper than {MOST_DEPTH} levels"]
        return []


custom = Service("custom", "Custom", Site("", lambda *_: httpx.Auth()), hidden=True)


def check(endpoint: Endpoint) -> Check:
    """Every template must have a value to come, and the service must answer as the paths say."""
    if problems := _misfits(endpoint):
        raise Invalid(problems)
    settings: Settings = yield from probe("dot_product")(endpoint)
    return settings


def batch_size(settings: Settings) -> int:
    """The most inputs of one call."""
    return cast("CustomSettings", settings).batch_size


@custom.task(TaskType.COMPLETION, settings=CustomCompletion, options=Options, check=check)
@custom.task(TaskType.RERANK, settings=CustomRank, options=Options, check=check)
@custom.task(TaskType.SPARSE_EMBEDDING, settings=CustomSparse, options=Options, check=check, batch=batch_size)
@custom.task(TaskType.TEXT_EMBEDDING, settings=CustomDense, options=Options, check=check, batch=batch_size)
def infer(call: Call) -> Flow:
    """What the paths lead to in the answer to the request."""
    settings = cast("CustomSettings", call.settings)
    parameters = _parameters(call.endpoint, call.options)
    asked = {
        "input": list(call.inputs),
        "query": call.query,
        "input_type": (settings.input_type or InputTypes()).word(call.input_type),
        "top_n": call.top_n,
        "return_documents": call.return_documents,
    }
    given = {name: asked[name] for name in _ASKED[call.endpoint.task.kind] if asked[name] is not None}
    values, message = {**settings.revealed, **parameters, **given}, settings.message
    reply = yield Post(message.address(values), message.json(values), Any, message.headed(values))
    return settings.response.json_parser.read(call, reply)


def _parameters(endpoint: Endpoint, options: Settings) -> dict[str, Any]:
    """The endpoint's parameters, with a request's in place of single ones. Raises Invalid for the name of a secret."""
    own, given = (cast("Options", each).parameters or {} for each in (endpoint.options, options))
    if clashes := sorted(given.keys() & cast("CustomSettings", endpoint.settings).revealed):
        raise Invalid(
            [f"[{TASK_SETTINGS}] [parameters] must not have names of [secret_parameters]: [{', '.join(clashes)}]"]
        )
    return {**own, **given}


def _misfits(endpoint: Endpoint) -> list[str]:
    settings, asked = cast("CustomSettings", endpoint.settings), _ASKED[endpoint.task.kind]
    stored = {**settings.revealed, **_parameters(endpoint, endpoint.options)}
    known, found = sorted({*stored, *asked}), []
    for field, names, is_text in settings.message.names():
        for name in names:
            if name not in known:
                found.append(
                    f"[{SERVICE_SETTINGS}] [{field}] has the template [${{{name}}}], which nothing gives a value; "
                    f"known are [{', '.join(known)}]"
                )
            elif is_text and (name == "input" or (name not in asked and as_text(stored[name]) is None)):
                found.append(
                    f"[{SERVICE_SETTINGS}] [{field}] has the template [${{{name}}}], whose value is no string, number "
                    "or boolean"
                )
    return found
