"""OpenAI: https://platform.openai.com/docs/api-reference."""

from typing import Annotated, Any, cast

import httpx

from connote.contract.secret import Secret
from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, shape
from connote.services.remote import (
    COMPLETIONS,
    DenseSettings,
    Limited,
    MaxInputTokens,
    ModelId,
    OptionalUrl,
    per_minute,
    probe,
)
from connote.services.service import Call, Flow, Service, Site

_OAUTH = ("client_id", "client_secret", "scopes", "token_url")


class OpenAiSettings(Settings):
    """An account is a key, or client credentials of OAuth 2.0."""

    model_id: ModelId
    api_key: Annotated[Secret | None, About("API Key", "The key of your account.", updatable=True)] = None
    client_id: Annotated[str | None, About("Client ID", "OAuth 2.0: the id of the client.", updatable=True)] = None
    client_secret: Annotated[
        Secret | None, About("Client Secret", "OAuth 2.0: the secret of the client.", updatable=True)
    ] = None
    scopes: Annotated[list[str] | None, About("Scopes", "OAuth 2.0: what to ask for.", updatable=True)] = None
    token_url: Annotated[
        str | None, About("Token URL", "OAuth 2.0: where tokens are given.", url=True, updatable=True)
    ] = None
    url: OptionalUrl = None
    organization_id: Annotated[
        str | None, About("Organization ID", "The organization that is billed, if you are in several.", updatable=True)
    ] = None

    def problems(self, scope: str) -> list[str]:
        """Either a key, or all of OAuth's."""
        given = [name for name in _OAUTH if getattr(self, name) is not None]
        if (self.api_key is not None) == bool(given):
            return [f"[{scope}] must have exactly one of [api_key] and [{', '.join(_OAUTH)}]"]
        missing = [name for name in _OAUTH if name not in given] if given else []
        return [f"[{scope}] does not contain the required setting [{name}]" for name in missing]


class EmbeddingSettings(OpenAiSettings, DenseSettings):
    """Settings of text_embedding and embedding."""

    max_input_tokens: MaxInputTokens = None
    rate_limit: Limited = per_minute(3000)


class ChatSettings(OpenAiSettings):
    """Settings of completion and chat_completion."""

    max_input_tokens: MaxInputTokens = None
    rate_limit: Limited = per_minute(500)


class Options(Settings):
    """Task settings."""

    user: Annotated[str | None, About("User", "An id of your end user, against abuse.", updatable=True)] = None
    headers: Annotated[dict[str, str] | None, About("Headers", "Headers to send along.", updatable=True)] = None


def sign_in(settings: Settings, token_url: httpx.URL | None) -> httpx.Auth:
    """By key, or by a token for the client credentials."""
    account = cast("OpenAiSettings", settings)
    if account.client_secret is None:
        return auth.Header("Authorization", account.api_key, "Bearer ")
    where = token_url or str(account.token_url)
    return auth.ClientCredentials(where, str(account.client_id), account.client_secret, " ".join(account.scopes or ()))


openai = Service("openai", "OpenAI", Site("https://api.openai.com", sign_in))


@openai.task(
    TaskType.TEXT_EMBEDDING,
    TaskType.EMBEDDING,
    settings=EmbeddingSettings,
    options=Options,
    check=probe("dot_product"),
    batch=2048,
)
def embed(call: Call) -> Flow:
    """One vector an input, which is a text."""
    settings, options = cast("EmbeddingSettings", call.settings), cast("Options", call.options)
    body: dict[str, Any] = {"model": settings.model_id}
    if options.user is not None:
        body["user"] = options.user
    if settings.dimensions_set_by_user:
        body["dimensions"] = settings.dimensions
    return (yield from shape.embed(call, settings.url or "/v1/embeddings", body, _headers(settings, options)))


@openai.task(*COMPLETIONS, settings=ChatSettings, options=Options, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    settings, options = cast("ChatSettings", call.settings), cast("Options", call.options)
    extra: dict[str, Any] = {"model": settings.model_id, "n": 1}
    if options.user is not None:
        extra["user"] = options.user
    headers = _headers(settings, options)
    url = settings.url or "/v1/chat/completions"
    return (yield from shape.chat(call, url, extra, headers, developers=True))


def _headers(settings: OpenAiSettings, options: Options) -> dict[str, str]:
    headers = dict(options.headers or {})
    if settings.organization_id is not None:
        headers["OpenAI-Organization"] = settings.organization_id
    return headers
