"""Google Vertex AI, as its reference and its discovery document say it is asked.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest; ranking:
https://cloud.google.com/generative-ai-app-builder/docs/reference/rest/v1/projects.locations.rankingConfigs/rank.
"""

import base64
import json
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connote.contract.errors import Rejected
from connote.services.google_account import AccountFile, ServiceAccount
from connote.services.vertex_settings import ChatSettings, RerankSettings
from discovery import document
from openapi import validator
from provider import Asked, Provider, Reply, events
from sse import told

TOKEN = "/googlevertexai/token"  # noqa: S105 (a path)
GLOBAL = "/googlevertexai/v1/projects/my-project/locations/global"
MODELS = f"{GLOBAL}/publishers/google/models"
GEMINI = {"model_id": "gemini-2.5-flash", "project_id": "my-project"}
GENERATE, STREAM = f"{MODELS}/gemini-2.5-flash:generateContent", f"{MODELS}/gemini-2.5-flash:streamGenerateContent"
RANK = f"{GLOBAL}/rankingConfigs/default_ranking_config:rank"
HI = {"role": "user", "content": "Hi"}


@cache
def key() -> RSAPrivateKey:
    """The account's key, made once."""
    return generate_private_key(65537, 2048)


def pem() -> str:
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def account(**more: object) -> str:
    """The account's key file."""
    token_uri = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    file = {"type": "service_account", "client_email": "me@my-project.iam.gserviceaccount.com", "private_key_id": "k1"}
    return json.dumps(file | {"private_key": pem(), "token_uri": token_uri} | more)


def create(remote: httpx.Client, task: str, task_settings: object = None, **settings: object) -> httpx.Response:
    given = {"service_account_json": account(), **settings}
    body = {"service": "googlevertexai", "service_settings": given, "task_settings": task_settings or {}}
    return remote.put(f"/_inference/{task}/mine", json=body)


def says(*parts: dict[str, Any]) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r1", "usageMetadata": usage}


def predictions(asked: Asked) -> Reply:
    """A vector of three an input, the input's length first."""
    values = [[len(each["content"]), 0.5, 1] for each in asked.json["instances"]]
    made = [{"embeddings": {"values": each, "statistics": {"token_count": 2, "truncated": False}}} for each in values]
    return Reply({"predictions": made})


def ranking(asked: Asked) -> Reply:
    """Shorter documents first, as the service gives them: sorted, and cut to `topN`."""
    records = [{"id": each["id"], "score": round(1 / len(each["content"]), 2)} for each in asked.json["records"]]
    return Reply({"records": sorted(records, key=lambda each: -each["score"])[: asked.json.get("topN")]})


def bodies(google: Provider) -> list[Any]:
    """What was asked, but for tokens."""
    return [asked.json for asked in google.asked if asked.path != TOKEN]


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.fixture
def google(provider: Provider) -> Provider:
    """The third party, which gives tokens."""
    provider.tell(TOKEN, Reply({"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"}))
    return provider


def test_a_signed_statement_is_exchanged_for_a_token(remote: httpx.Client, google: Provider) -> None:
    google.tell(GENERATE, Reply(says({"text": "Hi"})))
    made = create(remote, "completion", **GEMINI)
    assert made.json()["service_settings"] == {"rate_limit": {"requests_per_minute": 30000}, **GEMINI}
    form = dict(parse_qsl(google.asked[0].body.decode()))
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, signature = form["assertion"].split(".")
    key().public_key().verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    said = json.loads(decoded(claims))
    assert abs(said.pop("iat") - time.time()) < 60
    assert 3500 < said.pop("exp") - time.time() <= 3600
    assert said == {
        "iss": "me@my-project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://oauth2.googleapis.com/token",
    }
    for _ in range(2):  # a token is kept
        remote.post("/_inference/completion/mine", json={"input": "a"})
    assert [asked.path for asked in google.asked] == [TOKEN, *[GENERATE] * 3]
    assert google.asked[-1].headers["authorization"] == "Bearer ya29.token"
    assert "PRIVATE KEY" not in made.text + remote.get("/_inference/mine").text


def test_an_account_that_is_refused(remote: httpx.Client, provider: Provider) -> None:
    error = {"error": "invalid_grant", "error_description": f"Invalid JWT Signature by {pem()}"}
    provider.tell(TOKEN, Reply(error, 400))
    refused = create(remote, "completion", **GEMINI)
    assert refused.status_code == 400
    reason = refused.json()["error"]["reason"]
    assert reason.endswith("/token has refused the service account with status [400]: Invalid JWT Signature by ***")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "must be the text of the JSON key file"),
        ('{"client_email": "me"}', "must be the text of the JSON key file"),
        ('{"client_email": "me", "private_key": "secret"}', "must be an RSA key in PEM form"),
    ],
)
def test_a_key_file_that_is_none(remote: httpx.Client, google: Provider, text: str, reason: str) -> None:
    refused = create(remote, "completion", **GEMINI, service_account_json=text)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert "secret" not in refused.text
    assert google.asked == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://oauth2.googleapis.com/token",
        "https://example.org/token",
        "https://googleapis.com.example.org/",
        "https://169.254.169.254/",
        "https://oauth2.googleapis.com:8443/token",
        "https://[",
    ],
)
def test_a_key_file_leads_to_google_only(uri: str) -> None:
    with pytest.raises(Rejected, match="token_uri"):
        ServiceAccount(AccountFile(account(token_uri=uri)).read(), None)
    configured = ServiceAccount(AccountFile(account(token_uri=uri)).read(), httpx.URL("https://gateway.example.org/t"))
    assert configured.ask().url == "https://gateway.example.org/t"


@pytest.mark.parametrize("uri", ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"])
def test_without_configuration_the_key_file_says_where_tokens_are(uri: str) -> None:
    assert ServiceAccount(AccountFile(account(token_uri=uri)).read(), None).ask().url == uri


def test_the_location_is_part_of_the_host() -> None:
    file, places = AccountFile(account()), (None, "global", "us-central1")
    hosts = [ChatSettings(service_account_json=file, location=place).host for place in places]
    assert hosts == ["aiplatform.googleapis.com"] * 2 + ["us-central1-aiplatform.googleapis.com"]
    assert RerankSettings(service_account_json=file, project_id="p").host == "discoveryengine.googleapis.com"


def test_the_location_is_part_of_the_path(remote: httpx.Client, google: Provider) -> None:
    path = GENERATE.replace("global", "europe-west1")
    google.tell(path, Reply(says({"text": "Hi"})))
    assert create(remote, "completion", **GEMINI, location="europe-west1").status_code == 200
    assert google.asked[-1].path == path
    refused = create(remote, "completion", **GEMINI, location="evil.example.org/")
    assert "[location] must be a location such as us-central1" in refused.json()["error"]["reason"]


def test_embeddings(remote: httpx.Client, google: Provider) -> None:
    google.tell(f"{MODELS}/text-embedding-005:predict", predictions)
    embedder = {"model_id": "text-embedding-005", "project_id": "my-project"}
    made = create(remote, "text_embedding", {"auto_truncate": True, "input_type": "ingest"}, **embedder, dimensions=3)
    assert made.json()["service_settings"] == {
        "dimensions": 3,
        "similarity": "cosine",
        "rate_limit": {"requests_per_minute": 30000},
        **embedder,
    }
    assert made.json()["task_settings"] == {"auto_truncate": True, "input_type": "ingest"}
    body = {"input": ["a", "bcd"], "input_type": "search", "task_settings": {"auto_truncate": False}}
    reply = remote.post("/_inference/text_embedding/mine", json=body)
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5, 1.0]}, {"embedding": [3.0, 0.5, 1.0]}]}
    assert bodies(google) == [
        {
            "instances": [{"content": "how big", "task_type": "RETRIEVAL_DOCUMENT"}],
            "parameters": {"autoTruncate": True, "outputDimensionality": 3},
        },
        {
            "instances": [{"content": text, "task_type": "RETRIEVAL_QUERY"} for text in ("a", "bcd")],
            "parameters": {"autoTruncate": False, "outputDimensionality": 3},
        },
    ]
    checked = document("vertex").check(google.asked[-1], "/googlevertexai")
    assert checked == "aiplatform.projects.locations.publishers.models.predict"


@pytest.mark.parametrize(
    ("model", "most", "sizes"),
    [("text-embedding-005", None, [5, 5, 2]), ("text-embedding-005", 10, [10, 2]), ("gemini-embedding-001", None, [1])],
)
def test_how_many_inputs_go_at_once(
    remote: httpx.Client, google: Provider, model: str, most: int | None, sizes: list[int]
) -> None:
    google.tell(f"{MODELS}/{model}:predict", predictions)
    create(remote, "text_embedding", model_id=model, project_id="my-project", max_batch_size=most)
    google.asked.clear()
    texts = ["x" * at for at in range(1, 13)]
    reply = remote.post("/_inference/text_embedding/mine", json={"input": texts})
    assert [each["embedding"][0] for each in reply.json()["text_embedding"]] == list(range(1, 13))
    sent = sorted((len(body["instances"]) for body in bodies(google)), reverse=True)
    assert sent == (sizes if sum(sizes) == 12 else sizes * 12)


def test_ranking(remote: httpx.Client, google: Provider) -> None:
    google.tell(RANK, ranking)
    assert create(remote, "rerank", {"top_n": 2}, project_id="my-project").status_code == 200
    body = {"query": "q", "input": ["bbb", "a", "cc"]}
    reply = remote.post("/_inference/rerank/mine", json=body)
    ranks = [{"index": 1, "relevance_score": 1.0}, {"index": 2, "relevance_score": 0.5}]
    assert reply.json() == {"rerank": ranks}
    assert google.asked[-1].json == {
        "query": "q",
        "records": [{"id": "0", "content": "bbb"}, {"id": "1", "content": "a"}, {"id": "2", "content": "cc"}],
        "ignoreRecordDetailsInResponse": True,
        "topN": 2,
    }
    one = remote.post("/_inference/rerank/mine", json=body | {"top_n": 1, "return_documents": True})
    assert one.json() == {"rerank": [{"index": 1, "relevance_score": 1.0, "text": "a"}]}
    assert google.asked[-1].json["topN"] == 1


def test_many_documents_are_ranked_in_parts(remote: httpx.Client, google: Provider) -> None:
    google.tell(RANK, ranking)
    create(remote, "rerank", project_id="my-project")
    documents = ["a" * (450 - at) for at in range(450)]
    ranks = remote.post("/_inference/rerank/mine", json={"query": "q", "input": documents, "top_n": 3}).json()["rerank"]
    assert [rank["index"] for rank in ranks] == [449, 448, 447]
    assert [len(asked.json["records"]) for asked in google.asked if asked.path == RANK][1:] == [200, 200, 50]


def test_a_ranking_model_is_named(remote: httpx.Client, google: Provider) -> None:
    google.tell(RANK, ranking)
    create(remote, "rerank", project_id="my-project", model_id="semantic-ranker-fast-004")
    assert google.asked[-1].json["model"] == "semantic-ranker-fast-004"
    assert "topN" not in google.asked[-1].json


def test_an_unknown_document_is_the_services_fault(remote: httpx.Client, google: Provider) -> None:
    google.tell(RANK, Reply({"records": [{"id": "x", "score": 1}]}))
    refused = create(remote, "rerank", project_id="my-project")
    assert refused.status_code == 400
    assert "is not as expected" in refused.json()["error"]["reason"]


def test_gemini_thinks_as_the_endpoint_says(remote: httpx.Client, google: Provider) -> None:
    google.tell(GENERATE, Reply(says({"text": "Hi"})))
    thinking = {"thinking_config": {"thinking_budget": 256}}
    assert create(remote, "chat_completion", thinking, **GEMINI).json()["task_settings"] == thinking
    calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "gs://bucket/a.png"}}]},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "cold"},
    ]
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    body = {"messages": messages, "tools": [tool], "tool_choice": "auto", "max_completion_tokens": 5}
    reply = remote.post("/_inference/chat_completion/mine", json=body)
    assert reply.json()["choices"][0]["message"] == {"content": "Hi", "role": "assistant"}
    assert google.asked[-1].json == {
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "contents": [
            {"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/a.png"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"output": "cold"}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": {"type": "object"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {"maxOutputTokens": 5, "thinkingConfig": {"thinkingBudget": 256}},
    }
    checked = document("vertex").check(google.asked[-1], "/googlevertexai")
    assert checked == "aiplatform.projects.locations.publishers.models.generateContent"


def test_gemini_is_streamed(remote: httpx.Client, google: Provider) -> None:
    google.tell(GENERATE, Reply(says({"text": "Hi"})))
    google.tell(STREAM, events(says({"text": "Hel"}), says({"text": "lo"}), done=False))
    create(remote, "chat_completion", **GEMINI)
    chunks = told(remote.post("/_inference/chat_completion/mine/_stream", json={"messages": [HI]}))
    assert [each["choices"][0]["delta"].get("content") for each in chunks[:-1]] == ["Hel", "lo"]
    assert chunks[-1]["usage"] == {"completion_tokens": 2, "prompt_tokens": 4, "total_tokens": 6}
    assert google.asked[-1].params == {"alt": "sse"}
    document("vertex").check(google.asked[-1], "/googlevertexai")


def test_an_error_of_google(remote: httpx.Client, google: Provider) -> None:
    error = {"code": 403, "message": "Permission denied on resource.", "status": "PERMISSION_DENIED"}
    google.tell(GENERATE, Reply({"error": error}, 403))
    refused = create(remote, "completion", **GEMINI)
    assert refused.status_code == 403
    assert refused.json()["error"]["reason"] == (
        "Received a permission denied error status code for request from inference entity id [mine] status [403]. "
        "Error message: [Permission denied on resource.]"
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "does not contain the required setting [model_id]"),
        (GEMINI | {"url": "https://example.org"}, "does not allow the setting [url] for the provider [google]"),
        ({"provider": "meta"}, "does not contain one of the required settings [url, streaming_url]"),
        ({"provider": "acme"}, "[provider] must be one of ["),
    ],
)
def test_settings_fit_the_provider(
    remote: httpx.Client, google: Provider, settings: dict[str, Any], reason: str
) -> None:
    refused = create(remote, "completion", **settings)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["reason"]
    assert google.asked == []


OPENAI = {"id": "c1", "model": "m", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
CHUNK = {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}


@pytest.mark.parametrize("provider_name", ["ai21", "hugging_face", "meta", "mistral"])
def test_models_of_the_garden_that_speak_as_openai_does(
    remote: httpx.Client, google: Provider, provider_name: str
) -> None:
    google.tell("/garden:rawPredict", Reply(OPENAI))
    google.tell("/garden:streamRawPredict", events(CHUNK))
    urls = {"url": f"{google.url}/garden:rawPredict", "streaming_url": f"{google.url}/garden:streamRawPredict"}
    made = create(remote, "chat_completion", provider=provider_name, model_id="m1", **urls)
    assert made.json()["service_settings"] == {
        "rate_limit": {"requests_per_minute": 30000},
        "provider": provider_name,
        "model_id": "m1",
        **urls,
    }
    body = {"messages": [HI], "max_completion_tokens": 5}
    reply = remote.post("/_inference/chat_completion/mine", json=body)
    assert reply.json()["choices"][0]["message"]["content"] == "Hi"
    asked = google.asked[-1]
    assert asked.json == {"model": "m1", "messages": [HI], "max_tokens": 5}
    assert asked.headers["authorization"] == "Bearer ya29.token"
    assert told(remote.post("/_inference/chat_completion/mine/_stream", json=body)) == [CHUNK]
    asked = google.asked[-1]
    assert asked.path == "/garden:streamRawPredict"
    counted = {"stream_options": {"include_usage": True}} if provider_name in ("hugging_face", "meta") else {}
    assert asked.json == {"model": "m1", "messages": [HI], "max_tokens": 5, "stream": True, **counted}


@pytest.mark.parametrize("name", ["url", "streaming_url"])
def test_one_address_of_the_garden_is_enough(remote: httpx.Client, google: Provider, name: str) -> None:
    google.tell("/garden", Reply(OPENAI), events(CHUNK))
    assert create(remote, "completion", provider="meta", **{name: f"{google.url}/garden"}).status_code == 200
    reply = remote.post("/_inference/completion/mine/_stream", json={"input": "a"})
    assert told(reply) == [{"completion": [{"delta": "Hi"}]}]


def claude(remote: httpx.Client, google: Provider, *replies: Reply, **settings: object) -> None:
    """An endpoint of a model of Anthropic, whose address names it."""
    said = {"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"}
    usage = {"usage": {"input_tokens": 2, "output_tokens": 1}}
    google.tell("/v1/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict", Reply(CLAUDE | said | usage))
    google.tell("/v1/publishers/anthropic/models/claude-sonnet-4@20250514:streamRawPredict", *replies)
    url = f"{google.url}/v1/publishers/anthropic/models/claude-sonnet-4@20250514"
    urls = {"url": f"{url}:rawPredict", "streaming_url": f"{url}:streamRawPredict"}
    made = create(remote, "chat_completion", provider="anthropic", **urls, **settings)
    assert made.status_code == 200, made.text


CLAUDE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-20250514"}


def test_a_model_of_anthropic_is_asked_as_anthropic_is(remote: httpx.Client, google: Provider) -> None:
    claude(remote, google)
    body = {"messages": [{"role": "system", "content": "Be brief"}, HI], "reasoning": {"effort": "low"}}
    options = {"max_completion_tokens": 4096, "temperature": 1.0}
    reply = remote.post("/_inference/chat_completion/mine", json=body | options)
    assert reply.json() == {
        "id": "msg_1",
        "object": "chat.completion",
        "model": "claude-sonnet-4-20250514",
        "choices": [{"index": 0, "message": {"content": "Hi", "role": "assistant"}, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3},
    }
    sent = google.asked[-1].json
    assert sent.pop("anthropic_version") == "vertex-2023-10-16"
    assert sent == {
        "system": "Be brief",
        "messages": [HI],
        "max_tokens": 4096,
        "temperature": 1.0,
        "thinking": {"type": "enabled", "budget_tokens": 1024},  # this model wants a budget
    }
    validator("anthropic", "/v1/messages").validate(sent | {"model": "m"})


@pytest.mark.parametrize(("given", "sent"), [({}, 1024), ({"max_tokens": 64}, 64)])
def test_a_model_of_anthropic_is_told_how_much_to_write(
    remote: httpx.Client, google: Provider, given: dict[str, int], sent: int
) -> None:
    claude(remote, google, task_settings=given)
    remote.post("/_inference/chat_completion/mine", json={"messages": [HI]})
    assert google.asked[-1].json["max_tokens"] == sent


def test_a_model_of_anthropic_is_streamed(remote: httpx.Client, google: Provider) -> None:
    stream = events(
        {"type": "message_start", "message": CLAUDE | {"content": [], "usage": {"input_tokens": 2}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
        names=True,
        done=False,
    )
    claude(remote, google, stream)
    chunks = told(remote.post("/_inference/chat_completion/mine/_stream", json={"messages": [HI]}))
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hi"
    assert chunks[-1]["usage"] == {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3}
    assert google.asked[-1].path.endswith(":streamRawPredict")
    sent = {"messages": [HI], "max_tokens": 1024, "stream": True, "anthropic_version": "vertex-2023-10-16"}
    assert google.asked[-1].json == sent
