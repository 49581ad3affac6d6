"""Azure OpenAI: https://learn.microsoft.com/azure/ai-services/openai/reference."""

from typing import Annotated, Any, cast
from urllib.parse import quote

import httpx

from connote.contract.secret import Secret
from connote.contract.settings import About, Settings
from connote.services import auth, shape
from connote.services.openai import Options
from connote.services.remote import COMPLETIONS, DenseSettings, Limited, per_minute, probe
from connote.services.row import Embeds, RowSettings, along, row
from connote.services.service import Call, Flow, Service, Site

# Versions of the API from here on know `max_completion_tokens` and `stream_options`; older ones refuse what they do not
# know. Versions are dates, or words for the newest.
_NEWER = "2024-09-01"
_SECRETS = ("api_key", "client_secret", "entra_id")
_OAUTH = ("client_id", "client_secret", "scopes", "tenant_id")


class AzureSettings(RowSettings):
    """A deployment has one model; an account is a key, a token of Entra, or client credentials for tokens of it."""

    resource_name: Annotated[str, About("Resource Name", "The name of your Azure OpenAI resource.")]
    deployment_id: Annotated[str, About("Deployment ID", "The name of the deployment in the resource.")]
    api_version: Annotated[str, About("API Version", "The version of Azure's API, such as 2024-10-21.")]
    api_key: Annotated[Secret | None, About("API Key", "The key of the resource.", updatable=True)] = None
    entra_id: Annotated[Secret | None, About("Entra ID", "A token of Microsoft Entra.", updatable=True)] = None
    client_id: Annotated[str | None, About("Client ID", "OAuth 2.0: the id of your app.", updatable=True)] = None
    client_secret: Annotated[
        Secret | None, About("Client Secret", "OAuth 2.0: the secret of your app.", updatable=True)
    ] = None
    scopes: Annotated[list[str] | None, About("Scopes", "OAuth 2.0: what to ask for.", updatable=True)] = None
    tenant_id: Annotated[
        str | None, About("Tenant ID", "OAuth 2.0: the directory that your app is in.", updatable=True)
    ] = None

    def problems(self, scope: str) -> list[str]:
        """Exactly one secret, and with that of an app all that belongs to it."""
        if len([name for name in _SECRETS if getattr(self, name) is not None]) != 1:
            return [f"[{scope}] must have exactly one of [{', '.join(_SECRETS)}]"]
        given = [name for name in _OAUTH if getattr(self, name) is not None]
        missing = [name for name in _OAUTH if given and name not in given]
        return [f"[{scope}] does not contain the required setting [{name}]" for name in missing]

    def named(self) -> dict[str, Any]:
        """The deployment is in the address."""
        return {}

    def at(self, path: str) -> str:
        """The path of the deployment."""
        deployment, version = quote(self.deployment_id, safe=""), quote(self.api_version, safe="")
        return f"/openai/deployments/{deployment}{path}?api-version={version}"


class EmbeddingSettings(AzureSettings, DenseSettings):
    """Settings of text_embedding."""

    rate_limit: Limited = per_minute(1440)


class ChatSettings(AzureSettings):
    """Settings of completion and chat_completion."""

    rate_limit: Limited = per_minute(120)


def sign_in(settings: Settings, token_url: httpx.URL | None) -> httpx.Auth:
    """By key, by the user's token, or by a token for the client credentials."""
    account = cast("AzureSettings", settings)
    if account.client_secret is not None:
        tenant = quote(str(account.tenant_id), safe="")
        where = token_url or f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        scopes = " ".join(account.scopes or ())
        return auth.ClientCredentials(where, str(account.client_id), account.client_secret, scopes)
    if account.entra_id is not None:
        return auth.Header("Authorization", account.entra_id, "Bearer ")
    return auth.Header("api-key", account.api_key)


azureopenai = row(
    Service(
        "azureopenai",
        "Azure OpenAI",
        Site("https://{resource_name}.openai.azure.com", sign_in),
        about="Azure OpenAI: https://learn.microsoft.com/azure/ai-services/openai/reference.",
    ),
    Embeds("/embeddings", EmbeddingSettings, Options, batch=2048),
)


@azureopenai.task(*COMPLETIONS, settings=ChatSettings, options=Options, check=probe(), streams=True)
def chat(call: Call) -> Flow:
    """What the model writes; each input of a completion is a message of the user."""
    settings, (extra, headers) = cast("ChatSettings", call.settings), along(call.options)
    is_new = settings.api_version >= _NEWER
    limit = "max_completion_tokens" if is_new else "max_tokens"
    return (
        yield from shape.chat(
            call,
            settings.at("/chat/completions"),
            extra,
            headers,
            limit=limit,
            counts=is_new,
            developers=is_new,
        )
    )
