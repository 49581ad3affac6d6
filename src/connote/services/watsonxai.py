"""IBM watsonx.ai: https://cloud.ibm.com/apidocs/watsonx-ai. The host is that of `url`."""

import re
from typing import Annotated, Any, cast

import httpx
import msgspec

from connote.contract.chat import Chat
from connote.contract.results import Usage
from connote.contract.secret import Secret
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, remote, watsonx_chat
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    ModelId,
    per_minute,
    probe,
)
from connote.services.service import Call, Emit, Flow, Open, Post, Service, Site

_TOKEN_URL = "https://iam.cloud.ibm.com/identity/token"  # noqa: S105 (an address)
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


class WatsonxSettings(Settings):
    """An account, a model, and the project that is billed."""

    api_key: Key
    url: Annotated[str, About("URL", "The host of your region, such as https://us-south.ml.cloud.ibm.com.")]
    model_id: ModelId
    project_id: Annotated[str, About("Project ID", "The project that is billed.")]
    api_version: Annotated[str, About("API Version", "The date of the API's version, such as 2024-05-31.")]
    rate_limit: Limited = per_minute(120)

    @property
    def host(self) -> str:
        """The host alone."""
        return self.url.removeprefix("https://").rstrip("/")

    def problems(self, scope: str) -> list[str]:
        """The URL gives a host and nothing else, the version is a date."""
        found = []
        if not _HOST.fullmatch(self.host):
            found.append(
                f"[{scope}] Invalid url received for field [url]. Error: it must be a host such as "
                "https://us-south.ml.cloud.ibm.com"
            )
        if not _DATE.fullmatch(self.api_version):
            found.append(
                f"[{scope}] Invalid value [{self.api_version}]. [api_version] must be a date such as 2024-05-31"
            )
        return found


class EmbeddingSettings(WatsonxSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None


class Vector(msgspec.Struct):
    """One vector."""

    embedding: list[float]


class Vectors(msgspec.Struct):
    """The answer of `embeddings`."""

    results: list[Vector]
    input_token_count: int = 0


class Score(msgspec.Struct):
    """A document's score; `index` is its position in the request."""

    index: int
    score: float


class Scores(msgspec.Struct):
    """The answer of `rerank`."""

    results: list[Score]
    input_token_count: int = 0


class IamKey(auth.Token):
    """A token of IBM's identity service for a key: https://cloud.ibm.com/apidocs/iam-identity-token-api."""

    what = "the key"

    def __init__(self, url: str | httpx.URL, key: Secret) -> None:
        super().__init__()
        self._url, self._key = url, key

    def ask(self) -> httpx.Request:
        """A form."""
        form = {"grant_type": _GRANT, "apikey": self._key.reveal()}
        return httpx.Request("POST", self._url, data=form, headers={"Accept": "application/json"})


def sign_in(settings: Settings, token_url: httpx.URL | None) -> httpx.Auth:
    """By a token for the key."""
    return IamKey(token_url or _TOKEN_URL, cast("WatsonxSettings", settings).api_key)


watsonxai = Service("watsonxai", "IBM watsonx", Site("https://{host}", sign_in))


@watsonxai.task(TaskType.TEXT_EMBEDDING, settings=EmbeddingSettings, check=probe("cosine"), batch=1000)
def embed(call: Call) -> Flow:
    """One vector an input."""
    reply: Vectors = yield _post(call, "/embeddings", {"inputs": list(call.inputs)}, Vectors)
    return remote.dense(call, [each.embedding for each in reply.results], usage=Usage(reply.input_token_count))


@watsonxai.task(TaskType.RERANK, settings=WatsonxSettings, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by their relevance to the query."""
    body: dict[str, Any] = {"query": call.query, "inputs": [{"text": text} for text in call.inputs]}
    if call.top_n is not None:
        body["parameters"] = {"return_options": {"top_n": call.top_n}}
    reply: Scores = yield _post(call, "/rerank", body, Scores)
    scores = [(each.index, each.score) for each in reply.results]
    return remote.ranked(call, scores, usage=Usage(reply.input_token_count))


@watsonxai.task(*COMPLETIONS, settings=WatsonxSettings, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    assert call.chat is not None  # noqa: S101 (the corridor sees to it)
    body = watsonx_chat.body_of(call.chat)
    if call.stream:
        event = yield Open(_post(call, "/chat_stream", body, watsonx_chat.Reply))
        while event is not None:
            event = yield Emit([event.chunk()])
        return None
    reply: watsonx_chat.Reply = yield _post(call, "/chat", body, watsonx_chat.Reply)
    return Chat(reply.answer())


def _post(call: Call, path: str, body: dict[str, Any], reply: type) -> Post:
    settings = cast("WatsonxSettings", call.settings)
    account = {"model_id": settings.model_id, "project_id": settings.project_id}
    return Post(f"/ml/v1/text{path}", account | body, reply, params={"version": settings.api_version})
