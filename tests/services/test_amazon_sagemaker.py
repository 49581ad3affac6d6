"""Amazon SageMaker, as botocore's service model says it is asked; its containers speak OpenAI's shape, or ours."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import aws
from aws import KEYS, sagemaker
from provider import Asked, Provider, Reply

PATH = "/amazon_sagemaker/endpoints/my-endpoint/invocations"
STREAM = f"{PATH}-response-stream"
CHAT = {"id": "c1", "model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
CHUNKS = [
    {"id": "c", "choices": [{"delta": {"content": text}, "index": 0}], "model": "m", "object": "chat.completion.chunk"}
    for text in ("Hel", "lö")
]
QUESTION = {"messages": [{"role": "user", "content": "a"}]}
ELSER = {"sparse_embedding": [{"is_truncated": True, "embedding": {"sea": 0.5, "house": 1.5}}]}


@pytest.fixture(autouse=True)
def proven(provider: Provider) -> Iterator[None]:
    """Whatever a test asks, botocore would ask and sign the same."""
    yield
    for asked in provider.asked:
        sagemaker.check(asked, provider.url)


def create(
    remote: httpx.Client,
    task: str,
    api: str,
    *,
    options: dict[str, Any] | None = None,
    **settings: Any,  # noqa: ANN401
) -> httpx.Response:
    settings = KEYS | {"endpoint_name": "my-endpoint", "api": api} | settings
    body = {"service": "amazon_sagemaker", "service_settings": settings}
    return remote.put(f"/_inference/{task}/mine", json=body | ({"task_settings": options} if options else {}))


def parts(*pieces: bytes) -> Reply:
    """A stream of these pieces, which botocore reads too."""
    return sagemaker.stream(
        "InvokeEndpointWithResponseStream", *({"PayloadPart": {"Bytes": piece}} for piece in pieces)
    )


def events(reply: httpx.Response) -> list[Any]:
    told = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert told.pop() == "[DONE]"
    return [json.loads(line) for line in told]


def vectors(asked: Asked) -> Reply:
    texts = asked.json["input"]
    return Reply({"data": [{"embedding": [len(text), 0.5], "index": at} for at, text in enumerate(texts)]})


def test_openai_embeddings_in_batches(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, vectors)
    made = create(remote, "text_embedding", "openai", options={"user": "me"}, batch_size=2)
    assert made.json()["service_settings"] == {
        "region": "us-east-1",
        "endpoint_name": "my-endpoint",
        "batch_size": 2,
        "api": "openai",
        "dimensions": 2,
        "similarity": "dot_product",
    }
    provider.asked.clear()
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd", "ef"]})
    assert [item["embedding"] for item in reply.json()["text_embedding"]] == [[1.0, 0.5], [3.0, 0.5], [2.0, 0.5]]
    sent = sorted((asked.json for asked in provider.asked), key=lambda body: len(body["input"]))
    assert sent == [{"input": ["ef"], "user": "me"}, {"input": ["a", "bcd"], "user": "me"}]


def test_dimensions_are_asked_for_if_the_user_gave_them(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, vectors)
    assert create(remote, "text_embedding", "openai", dimensions=2).json()["service_settings"]["batch_size"] == 256
    assert provider.asked[-1].json == {"input": ["how big"], "dimensions": 2}


def test_everything_that_becomes_a_header(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, vectors, Reply(CHAT))
    settings = {
        "target_model": "model.tar.gz",
        "target_container_hostname": "second",
        "inference_component_name": "part",
    }
    options = {
        "custom_attributes": "trace=1",
        "enable_explanations": "`[0]>1`",
        "inference_id": "id-1",
        "session_id": "NEW_SESSION",
        "target_variant": "blue",
    }
    made = create(remote, "text_embedding", "openai", options=options, **settings)
    assert made.json()["task_settings"] == options
    wanted = {
        "target-model": "model.tar.gz",
        "target-container-hostname": "second",
        "inference-component": "part",
        "custom-attributes": "trace=1",
        "enable-explanations": "`[0]>1`",
        "inference-id": "id-1",
        "session-id": "NEW_SESSION",
        "target-variant": "blue",
    }
    assert headers(provider) == wanted
    remote.post("/_inference/mine", json={"input": "a", "task_settings": {"inference_id": "id-2"}})
    assert headers(provider) == wanted | {"inference-id": "id-2"}
    # Streams know no models and no explanations.
    remote.delete("/_inference/mine")
    create(remote, "chat_completion", "openai", options=options, **settings)
    provider.tell(STREAM, parts(b"data: [DONE]\n\n"))
    assert remote.post("/_inference/chat_completion/mine/_stream", json=QUESTION).status_code == 200
    assert headers(provider) == {
        name: value for name, value in wanted.items() if name not in ("target-model", "enable-explanations")
    }


def headers(provider: Provider) -> dict[str, str]:
    start = "x-amzn-sagemaker-"
    told = provider.asked[-1].headers
    return {name.removeprefix(start): value for name, value in told.items() if name.startswith(start)}


@pytest.mark.parametrize("value", ["a\nb", "é"])
def test_what_cannot_be_a_header_is_refused(remote: httpx.Client, provider: Provider, value: str) -> None:
    for refused in (
        create(remote, "text_embedding", "openai", options={"session_id": value}),
        create(remote, "text_embedding", "openai", target_model=value),
    ):
        assert refused.status_code == 400
        assert "must have printable ASCII characters only" in refused.json()["error"]["reason"]
    assert provider.asked == []


@pytest.mark.parametrize(
    ("element", "member", "similarity"),
    [
        ("float", "text_embedding", "cosine"),
        ("byte", "text_embedding_bytes", "cosine"),
        ("bit", "text_embedding_bits", "l2_norm"),
    ],
)
def test_elastic_embeddings(
    remote: httpx.Client, provider: Provider, element: str, member: str, similarity: str
) -> None:
    provider.tell(PATH, lambda asked: Reply({member: [{"embedding": [1, -2]}] * count(asked)}))
    made = create(remote, "text_embedding", "elastic", similarity=similarity, element_type=element)
    told = made.json()["service_settings"]
    assert (told["similarity"], told["element_type"]) == (similarity, element)
    assert told["dimensions"] == (16 if element == "bit" else 2)
    assert provider.asked[-1].json == {"input": "how big"}
    body = {"input": ["a", "b"], "input_type": "search", "task_settings": {"more": {"of": "it"}, "user": "me"}}
    reply = remote.post("/_inference/text_embedding/mine", json=body)
    assert reply.json() == {member: [{"embedding": [1, -2]}] * 2}
    assert provider.asked[-1].json == body | {"task_settings": {"user": "me", "more": {"of": "it"}}}
    provider.tell(PATH, Reply({"text_embedding": []} if element != "float" else {"text_embedding_bits": []}))
    wrong = remote.post("/_inference/text_embedding/mine", json={"input": "a"})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["reason"] == f"the service answers without [{member}]"


def count(asked: Asked) -> int:
    return 1 if isinstance(asked.json["input"], str) else len(asked.json["input"])


def test_task_settings_that_nobody_knows_are_for_requests_to_elastic_only(
    remote: httpx.Client, provider: Provider
) -> None:
    kept = create(remote, "sparse_embedding", "elastic", options={"more": 1})
    assert "unknown to the [amazon_sagemaker] service" in kept.json()["error"]["reason"]
    provider.tell(PATH, vectors)
    assert create(remote, "text_embedding", "openai").status_code == 200
    refused = remote.post("/_inference/mine", json={"input": "a", "task_settings": {"more": 1}})
    assert refused.status_code == 400
    assert "contains settings [{more=1}] unknown" in refused.json()["error"]["reason"]


def test_elastic_sparse(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, Reply(ELSER))
    assert create(remote, "sparse_embedding", "elastic").status_code == 200
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": ["a"], "task_settings": {"more": 1}})
    assert reply.text == '{"sparse_embedding":[{"is_truncated":true,"embedding":{"house":1.5,"sea":0.5}}]}'
    assert provider.asked[-1].json == {"input": "a", "task_settings": {"more": 1}}
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": ["a", "b"]})
    assert "answers with 1 vectors for 2 inputs" in reply.json()["error"]["reason"]


def test_elastic_rerank(remote: httpx.Client, provider: Provider) -> None:
    scores = [{"index": 0, "relevance_score": 0.25}, {"index": 1, "relevance_score": 0.75}]
    texts = [{**score, "text": text} for score, text in zip(scores, "ab", strict=True)]
    provider.tell(PATH, Reply({"rerank": scores[:1]}), Reply({"rerank": scores}), Reply({"rerank": texts}))
    assert create(remote, "rerank", "elastic").status_code == 200
    assert provider.asked[-1].json == {"query": "how big", "input": "how big"}
    body = {"query": "q", "input": ["a", "b"], "top_n": 1, "return_documents": False}
    assert remote.post("/_inference/rerank/mine", json=body).json() == {
        "rerank": [{"index": 1, "relevance_score": 0.75}]
    }
    assert provider.asked[-1].json == body
    reply = remote.post("/_inference/rerank/mine", json={"query": "q", "input": ["a", "b"]})
    assert reply.json() == {"rerank": texts[::-1]}


@pytest.mark.parametrize(
    ("task", "settings", "told"),
    [
        ("rerank", {"api": "openai"}, "[api] must be one of [elastic]"),
        ("sparse_embedding", {"api": "openai"}, "[api] must be one of [elastic]"),
        ("completion", {"api": "other"}, "[api] must be one of [elastic, openai]"),
        ("text_embedding", {"api": "elastic"}, "does not contain the required setting [element_type]"),
        ("text_embedding", {"api": "elastic"}, "does not contain the required setting [similarity]"),
        ("text_embedding", {"api": "openai", "element_type": "float"}, "does not allow the setting [element_type]"),
        ("completion", {"api": "openai", "batch_size": 0}, "[batch_size] must be a positive integer"),
        ("completion", {"api": "openai", "endpoint_name": ""}, "[endpoint_name] must be a non-empty string"),
    ],
)
def test_settings_have_bounds(remote: httpx.Client, task: str, settings: dict[str, Any], told: str) -> None:
    refused = create(remote, task, **settings)
    assert refused.status_code == 400
    assert told in refused.json()["error"]["reason"]


def test_openai_completion_and_chat(remote: httpx.Client, provider: Provider) -> None:
    provider.tell(PATH, Reply(CHAT))
    assert create(remote, "completion", "openai", options={"user": "me"}).status_code == 200
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    sent = {"n": 1, "user": "me", "messages": [{"role": "user", "content": "Say hi"}]}
    assert provider.asked[-1].json == sent
    remote.delete("/_inference/mine")
    create(remote, "chat_completion", "openai", options={"user": "me"})
    chat = {"model": "not mine to choose", "max_completion_tokens": 5, **QUESTION}
    assert remote.post("/_inference/chat_completion/mine", json=chat).json() == CHAT | {"object": "chat.completion"}
    assert provider.asked[-1].json == {"n": 1, "user": "me", "max_completion_tokens": 5, **QUESTION}


def test_openai_streams_are_cut_anywhere(remote: httpx.Client, provider: Provider) -> None:
    stream = "".join(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in CHUNKS) + "data: [DONE]\n\n"
    half = stream.encode().index("ö".encode()) + 1
    provider.tell(PATH, Reply(CHAT))
    provider.tell(STREAM, parts(stream.encode()[:9], stream.encode()[9:half], stream.encode()[half:]))
    assert create(remote, "chat_completion", "openai").status_code == 200
    assert events(remote.post("/_inference/chat_completion/mine/_stream", json=QUESTION)) == CHUNKS
    sent = {"n": 1, "stream": True, "stream_options": {"include_usage": True}, **QUESTION}
    assert provider.asked[-1].json == sent


@pytest.mark.parametrize("dressed", [False, True], ids=["objects", "server-sent events"])
def test_elastic_streams(remote: httpx.Client, provider: Provider, dressed: bool) -> None:
    def pieces(*told: dict[str, Any]) -> Reply:
        texts = [json.dumps(each, ensure_ascii=False) for each in told]
        return parts(*(f"event: message\ndata: {text}\n\n".encode() if dressed else text.encode() for text in texts))

    provider.tell(PATH, Reply({"completion": [{"result": "Hi"}]}))
    assert create(remote, "completion", "elastic").status_code == 200
    reply = remote.post("/_inference/completion/mine", json={"input": "a", "task_settings": {"more": 1}})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"input": "a", "task_settings": {"more": 1}}
    provider.tell(STREAM, pieces({"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lö"}]}))
    told = events(remote.post("/_inference/completion/mine/_stream", json={"input": "a"}))
    assert told == [{"completion": [{"delta": "Hel"}]}, {"completion": [{"delta": "lö"}]}]
    assert provider.asked[-1].json == {"input": "a"}
    remote.delete("/_inference/mine")
    provider.tell(PATH, Reply(content=b'{"id":"1","choices":[]}{"id":"1","choices":[]}'), Reply(CHAT))
    provider.tell(STREAM, pieces(*CHUNKS))
    assert create(remote, "chat_completion", "elastic").status_code == 200
    assert remote.post("/_inference/chat_completion/mine", json=QUESTION).json() == CHAT | {"object": "chat.completion"}
    assert events(remote.post("/_inference/chat_completion/mine/_stream", json=QUESTION | {"model": "x"})) == CHUNKS
    assert provider.asked[-1].json == QUESTION


def test_a_stream_that_fails_ends_with_an_error(remote: httpx.Client, provider: Provider) -> None:
    failure = aws.frame(
        "ModelStreamError", {"Message": "Out of memory", "ErrorCode": "ModelInvocationTimeExceeded"}, kind="exception"
    )
    first = f"data: {json.dumps(CHUNKS[0])}\n\n".encode()
    good = parts(first)
    provider.tell(PATH, Reply(CHAT))
    provider.tell(STREAM, Reply(headers=good.headers, pieces=[*(good.pieces or ()), failure]))
    create(remote, "chat_completion", "openai")
    lines = remote.post("/_inference/chat_completion/mine/_stream", json=QUESTION).text.splitlines()
    assert [line for line in lines if line.startswith("event: ")] == ["event: message", "event: error"]
    error = json.loads(lines[-2].removeprefix("data: "))["error"]
    assert error["type"] == "ModelStreamError"
    assert "Error message: [Out of memory]" in error["message"]


def test_errors_are_told_and_secrets_are_not(remote: httpx.Client, provider: Provider) -> None:
    told = f"Received client error (400) from primary with {KEYS['secret_key']}"
    body = {"Message": told, "OriginalStatusCode": 400, "OriginalMessage": "no"}
    provider.tell(PATH, Reply(body, 424, {"x-amzn-errortype": "ModelError"}))
    refused = create(remote, "text_embedding", "openai")
    assert refused.status_code == 424
    assert refused.json()["error"]["reason"] == (
        "Received an unsuccessful status code for request from inference entity id [mine] status [424]. "
        "Error message: [Received client error (400) from primary with ***]"
    )
    provider.tell(PATH, vectors)
    assert create(remote, "text_embedding", "openai").status_code == 200
    shown = remote.get("/_inference/mine").text
    assert KEYS["access_key"] not in shown
    assert KEYS["secret_key"] not in shown
