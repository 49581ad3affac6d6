"""Azure OpenAI, as its reference says it is asked: https://learn.microsoft.com/azure/ai-services/openai/reference."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from asking import ANSWER, KEY, chunks, create, infer, refused, stream, vectors
from connote.services.azureopenai import AzureSettings, azureopenai
from connote.services.service import Post
from connote.upstream import address
from connote.upstream.settings import Access
from provider import Provider, Reply, events

PLACE = {"resource_name": "shop", "deployment_id": "embed 1/2", "api_version": "2024-10-21"}
SETTINGS = {**PLACE, "api_key": KEY}
ABOVE = "/azureopenai/openai/deployments/embed%201%2F2"
OAUTH = {"client_id": "app", "client_secret": KEY, "scopes": ["one", "two"], "tenant_id": "t/1"}


def test_embeddings_of_a_deployment(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(f"{ABOVE}/embeddings", vectors)
    made = create(remote, "azureopenai", "text_embedding", SETTINGS, {"user": "me", "headers": {"X-Team": "search"}})
    assert made["service_settings"] == {
        **PLACE,
        "rate_limit": {"requests_per_minute": 1440},
        "dimensions": 3,
        "similarity": "dot_product",
    }
    assert infer(remote, "text_embedding", input=["abc"]) == {"text_embedding": [{"embedding": [3.0, 0.5, 1.0]}]}
    asked = provider.asked[-1]
    assert asked.json == {"input": ["abc"], "user": "me"}
    assert asked.params == {"api-version": "2024-10-21"}
    assert asked.headers["api-key"] == KEY
    assert asked.headers["x-team"] == "search"
    assert "authorization" not in asked.headers


def test_chat_and_completion(remote: httpx.Client, provider: Provider) -> None:
    # The first event of Azure has no choice, but what its filter says of the prompt.
    filtered = {"id": "", "object": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    said = chunks({"role": "assistant", "content": ""}, {"content": "Hi"})
    provider.tell(f"{ABOVE}/chat/completions", Reply(ANSWER), Reply(ANSWER), Reply(ANSWER), events(filtered, *said))
    made = create(remote, "azureopenai", "completion", SETTINGS)
    assert made["service_settings"] == {**PLACE, "rate_limit": {"requests_per_minute": 120}}
    assert infer(remote, "completion", input="a") == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"messages": [{"role": "user", "content": "a"}]}
    remote.delete("/_inference/mine")
    create(remote, "azureopenai", "chat_completion", SETTINGS)
    told = stream(remote, "chat_completion", messages=[{"role": "user", "content": "a"}], max_completion_tokens=5)
    assert told[-3:] == said
    assert provider.asked[-1].json == {
        "messages": [{"role": "user", "content": "a"}],
        "max_completion_tokens": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_an_old_version_of_the_api_is_not_sent_what_it_does_not_know(remote: httpx.Client, provider: Provider) -> None:
    said = chunks({"role": "assistant", "content": "Hi"})
    provider.tell(f"{ABOVE}/chat/completions", Reply(ANSWER), events(*said))
    create(remote, "azureopenai", "chat_completion", SETTINGS | {"api_version": "2024-02-01"})
    assert (
        stream(remote, "chat_completion", messages=[{"role": "user", "content": "a"}], max_completion_tokens=5) == said
    )
    assert provider.asked[-1].json == {
        "messages": [{"role": "user", "content": "a"}],
        "max_tokens": 5,
        "stream": True,
    }


def test_a_token_of_entra_is_a_bearer_token(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(f"{ABOVE}/embeddings", vectors)
    create(remote, "azureopenai", "text_embedding", {**PLACE, "entra_id": KEY})
    assert provider.asked[-1].headers["authorization"] == f"Bearer {KEY}"
    assert "api-key" not in provider.asked[-1].headers
    assert KEY not in remote.get("/_inference/mine").text


def test_client_credentials_are_changed_for_a_token(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/azureopenai/token", Reply({"access_token": "token-1", "expires_in": 3599, "token_type": "Bearer"}))
    provider.tell(f"{ABOVE}/embeddings", vectors)
    made = create(remote, "azureopenai", "text_embedding", {**PLACE, **OAUTH})
    shown = {name: value for name, value in OAUTH.items() if name != "client_secret"}
    assert made["service_settings"].items() >= shown.items()
    form = parse_qs(provider.asked[0].body.decode())
    assert form == {
        "grant_type": ["client_credentials"],
        "client_id": ["app"],
        "client_secret": [KEY],
        "scope": ["one two"],
    }
    assert provider.asked[-1].headers["authorization"] == "Bearer token-1"
    assert KEY not in remote.get("/_inference/mine").text


def test_tokens_are_given_by_the_tenant() -> None:
    settings = AzureSettings.parse({**PLACE, **OAUTH}, "service_settings", owner="azureopenai")
    assert azureopenai.site is not None
    request = azureopenai.site.auth(settings, None).ask()  # type: ignore[attr-defined]
    assert str(request.url) == "https://login.microsoftonline.com/t%2F1/oauth2/v2.0/token"


def test_the_resource_is_part_of_the_host() -> None:
    settings = AzureSettings.parse(SETTINGS, "service_settings", owner="azureopenai")
    assert azureopenai.site is not None
    asked = address.of(azureopenai.site, Access(), settings, Post(settings.at("/embeddings"), {}))
    assert str(asked) == (
        "https://shop.openai.azure.com/openai/deployments/embed%201%2F2/embeddings?api-version=2024-10-21"
    )


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({}, "must have exactly one of [api_key, client_secret, entra_id]"),
        ({"api_key": KEY, "entra_id": KEY}, "must have exactly one of [api_key, client_secret, entra_id]"),
        ({"client_secret": KEY, "client_id": "app"}, "does not contain the required setting [tenant_id]"),
        ({"api_key": KEY, "client_id": "app"}, "does not contain the required setting [client_secret]"),
    ],
)
def test_an_account_is_one_thing(remote: httpx.Client, account: dict[str, Any], told: str) -> None:
    reason = refused(remote, "azureopenai", "text_embedding", {**PLACE, **account})
    assert told in reason
    assert KEY not in reason


def test_an_error_is_told(remote: httpx.Client, provider: Provider) -> None:
    error = {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}
    provider.tell(f"{ABOVE}/embeddings", Reply({"error": error}, 404))
    settings = {"service": "azureopenai", "service_settings": SETTINGS}
    failed = remote.put("/_inference/text_embedding/mine", json=settings)
    assert failed.status_code == 404
    assert "The API deployment for this resource does not exist." in failed.json()["error"]["reason"]
    assert KEY not in failed.text
