"""The service `custom`: templates in what is sent, paths into what comes back, and nothing gets out of its place."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider import Asked, Provider, Reply

INPUT = '{"texts": ${input}, "type": ${input_type}, "model": ${model}, "by": "me"}'
RANKING = '{"q": ${query}, "docs": ${input}, "n": ${top_n}, "texts": ${return_documents}}'
SECRET = 'k"e y/1'  # noqa: S105 (it has what URLs and JSON write in other ways)


def embeddings(asked: Asked) -> Reply:
    return Reply({"data": [{"vector": [len(text), 0.5]} for text in asked.json["texts"]]})


def create(remote: httpx.Client, provider: Provider, task: str, parser: dict[str, str], **other: Any) -> httpx.Response:  # noqa: ANN401
    """An endpoint at `/custom/ask`; `other` are more service settings, and the task setting `parameters`."""
    parameters = other.pop("parameters", None)
    service_settings = {
        "url": f"{provider.url}/custom/ask",
        "request": other.pop("request", '{"texts": ${input}}'),
        "response": {"json_parser": parser},
    }
    body = {"service": "custom", "service_settings": service_settings | other}
    return remote.put(
        f"/_inference/{task}/mine",
        json=body | ({"task_settings": {"parameters": parameters}} if parameters else {}),
    )


def dense(remote: httpx.Client, provider: Provider, **other: Any) -> httpx.Response:  # noqa: ANN401
    provider.tell("/custom/ask", embeddings)
    return create(remote, provider, "text_embedding", {"text_embeddings": "$.data[*].vector"}, **other)


def reason(reply: httpx.Response) -> str:
    assert reply.status_code == 400, reply.text
    return str(reply.json()["error"]["reason"])


def test_templates_are_filled_wherever_they_stand(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/custom/org/m%201/embed", embeddings)
    made = dense(
        remote,
        provider,
        url=f"{provider.url}/custom/${{model}}/embed?kind=${{input_type}}",
        headers={
            "Authorization": "Bearer ${key}",
            "X-Model": "${model}; ${size}",
            "content-type": "application/x+json",
        },
        query_parameters=[["a b", "${key}"], ["fix", "1&2"]],
        secret_parameters={"key": "s3cret"},
        request=INPUT,
        input_type={"translation": {"ingest": "document", "search": "query"}, "default": ""},
        parameters={"model": "org/m 1", "size": 3},
    )
    assert made.json() == {
        "inference_id": "mine",
        "task_type": "text_embedding",
        "service": "custom",
        "service_settings": {
            "url": f"{provider.url}/custom/${{model}}/embed?kind=${{input_type}}",
            "headers": {
                "Authorization": "Bearer ${key}",
                "X-Model": "${model}; ${size}",
                "content-type": "application/x+json",
            },
            "query_parameters": [["a b", "${key}"], ["fix", "1&2"]],
            "request": INPUT,
            "response": {"json_parser": {"text_embeddings": "$.data[*].vector", "embedding_type": "float"}},
            "input_type": {"translation": {"ingest": "document", "search": "query"}, "default": ""},
            "batch_size": 10,
            "rate_limit": {"requests_per_minute": 10000},
            "dimensions": 2,
            "similarity": "dot_product",
        },
        "task_settings": {"parameters": {"model": "org/m 1", "size": 3}},
        "chunking_settings": {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    }
    assert provider.asked[-1].json["type"] == ""
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bcd"], "input_type": "search"})
    assert reply.json() == {"text_embedding": [{"embedding": [1.0, 0.5]}, {"embedding": [3.0, 0.5]}]}
    asked = provider.asked[-1]
    assert asked.path == "/custom/org/m%201/embed"
    assert asked.params == {"kind": "query", "a b": "s3cret", "fix": "1&2"}
    assert asked.json == {"texts": ["a", "bcd"], "type": "query", "model": "org/m 1", "by": "me"}
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert asked.headers["x-model"] == "org/m 1; 3"
    assert asked.headers["content-type"] == "application/x+json"


def test_the_request_may_be_an_object_that_holds_it(remote: httpx.Client, provider: Provider) -> None:
    made = dense(remote, provider, request={"content": '{"texts": ${input}}'})
    assert made.json()["service_settings"]["request"] == '{"texts": ${input}}'
    assert provider.asked[-1].body == b'{"texts":["how big"]}'


def test_more_inputs_than_the_batch_size_go_in_several_calls(remote: httpx.Client, provider: Provider) -> None:
    dense(remote, provider, batch_size=2)
    provider.asked.clear()
    reply = remote.post("/_inference/text_embedding/mine", json={"input": ["a", "bb", "ccc", "dddd", "eeeee"]})
    assert [each["embedding"][0] for each in reply.json()["text_embedding"]] == [1, 2, 3, 4, 5]
    assert sorted(asked.json["texts"] for asked in provider.asked) == [["a", "bb"], ["ccc", "dddd"], ["eeeee"]]


def test_a_request_may_replace_single_parameters(remote: httpx.Client, provider: Provider) -> None:
    dense(remote, provider, request='{"texts": ${input}, "a": ${a}, "b": ${b}}', parameters={"a": 1, "b": {"c": [2]}})
    remote.post("/_inference/mine", json={"input": "x", "task_settings": {"parameters": {"a": "one"}}})
    assert provider.asked[-1].json == {"texts": ["x"], "a": "one", "b": {"c": [2]}}


@pytest.mark.parametrize(
    ("kind", "shown", "dimensions"), [("byte", "bytes", 2), ("bit", "bits", 16), ("binary", "bits", 16)]
)
def test_vectors_of_bytes_and_bits(
    remote: httpx.Client, provider: Provider, kind: str, shown: str, dimensions: int
) -> None:
    provider.tell("/custom/ask", Reply([[1, -128]]))
    made = create(remote, provider, "text_embedding", {"text_embeddings": "$[*][*]", "embedding_type": kind})
    assert made.json()["service_settings"]["dimensions"] == dimensions
    reply = remote.post("/_inference/text_embedding/mine", json={"input": "x"})
    assert reply.json() == {f"text_embedding_{shown}": [{"embedding": [1, -128]}]}


def test_sparse_vectors_from_two_paths(remote: httpx.Client, provider: Provider) -> None:
    tokens = [{"token_id": 6, "weight": 0.25}, {"token_id": "seven", "weight": 1}]
    provider.tell("/custom/ask", Reply({"result": {"sparse": [{"embedding": tokens}]}}))
    parser = {
        "token_path": "$.result.sparse[*].embedding[*].token_id",
        "weight_path": "$.result.sparse[*].embedding[*].weight",
    }
    made = create(remote, provider, "sparse_embedding", parser)
    assert made.json()["service_settings"]["response"] == {"json_parser": parser}
    reply = remote.post("/_inference/sparse_embedding/mine", json={"input": "x"})
    assert reply.json() == {"sparse_embedding": [{"is_truncated": False, "embedding": {"seven": 1.0, "6": 0.25}}]}


def test_documents_are_ranked_by_score(remote: httpx.Client, provider: Provider) -> None:
    results = [{"at": 1, "score": 0.25, "text": "B!"}, {"at": 0, "score": 0.5, "text": "A!"}]
    provider.tell("/custom/ask", Reply({"results": results[:1]}), Reply({"results": results}))
    parser = {"relevance_score": "$.results[*].score", "reranked_index": "$.results[*].at"}
    provider.tell("/custom/ask", Reply({"results": [{"at": 0, "score": 1, "text": ""}]}), Reply({"results": results}))
    assert create(remote, provider, "rerank", parser, request=RANKING).status_code == 200
    assert provider.asked[-1].json == {"q": "how big", "docs": ["how big"]}
    asked = {"input": ["a", "b"], "query": "q"}
    reply = remote.post("/_inference/rerank/mine", json=asked | {"top_n": 1, "return_documents": True})
    assert reply.json() == {"rerank": [{"index": 0, "relevance_score": 0.5, "text": "a"}]}
    assert provider.asked[-1].json == {"q": "q", "docs": ["a", "b"], "n": 1, "texts": True}
    remote.delete("/_inference/mine")
    provider.tell("/custom/ask", Reply({"results": [{"at": 0, "score": 1, "text": ""}]}), Reply({"results": results}))
    create(remote, provider, "rerank", parser | {"document_text": "$.results[*].text"}, request=RANKING)
    ranked = remote.post("/_inference/rerank/mine", json=asked).json()["rerank"]
    assert [each["text"] for each in ranked] == ["A!", "B!"]
    ranked = remote.post("/_inference/rerank/mine", json=asked | {"return_documents": False}).json()["rerank"]
    assert ranked == [{"index": 0, "relevance_score": 0.5}, {"index": 1, "relevance_score": 0.25}]


def test_scores_without_positions_are_in_the_order_of_the_documents(remote: httpx.Client, provider: Provider) -> None:
    provider.tell("/custom/ask", Reply([1]), Reply([0.25, 0.5]), Reply([1]))
    create(remote, provider, "rerank", {"relevance_score": "$"}, request=RANKING)
    asked = {"input": ["a", "b"], "query": "q"}
    ranked = remote.post("/_inference/rerank/mine", json=asked).json()["rerank"]
    assert ranked == [{"index": 1, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.25}]
    assert "leads to 1 scores, not 2" in reason(remote.post("/_inference/rerank/mine", json=asked))


@pytest.mark.parametrize("answer", [{"out": "Hi"}, {"out": ["Hi"]}])
def test_a_completion_is_a_text_or_a_list_of_them(remote: httpx.Client, provider: Provider, answer: object) -> None:
    provider.tell("/custom/ask", Reply(answer))
    create(remote, provider, "completion", {"completion_result": "$.out"}, request='{"prompts": ${input}}')
    reply = remote.post("/_inference/completion/mine", json={"input": "Say hi"})
    assert reply.json() == {"completion": [{"result": "Hi"}]}
    assert provider.asked[-1].json == {"prompts": ["Say hi"]}
    assert remote.post("/_inference/completion/mine/_stream", json={"input": "x"}).status_code == 405


def test_it_is_not_listed(remote: httpx.Client) -> None:
    assert "custom" not in [each["service"] for each in remote.get("/_inference/_services").json()]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown template": ({"request": '{"a": ${nope}}'}, "[request] has the template [${nope}], which nothing gives"),
    "an unknown template in the URL": ({"url": "http://x/${nope}"}, "[url] has the template [${nope}]"),
    "an unknown template in a header": ({"headers": {"A": "${nope}"}}, "[headers.A] has the template [${nope}]"),
    "an unknown template in a parameter": (
        {"query_parameters": [["a", "${nope}"]]},
        "[query_parameters.a] has the template [${nope}]",
    ),
    "a template of another task": ({"request": '{"a": ${query}}'}, "known are [input, input_type]"),
    "quotes around a template": (
        {"request": '{"a": "${input}"}'},
        "received for field [request]. Error: it must be JSON",
    ),
    "no JSON": ({"request": "texts=${input}"}, "received for field [request]. Error: it must be JSON"),
    "a template that is cut": ({"url": "http://x/${input"}, "received for field [url]. Error: a template is written"),
    "inputs in the URL": ({"url": "http://x/${input}"}, "[url] has the template [${input}], whose value is no string"),
    "a list in a header": (
        {"headers": {"A": "${list}"}, "parameters": {"list": [1]}},
        "[headers.A] has the template [${list}], whose value is no string",
    ),
    "no web address": ({"url": "file:///etc/passwd"}, "received for field [url]. Error: it must be a whole address"),
    "a template as scheme": (
        {"url": "${input_type}://x"},
        "received for field [url]. Error: it must be a whole address",
    ),
    "a template in the host": (
        {"url": "http://${host}:80/ask", "parameters": {"host": "x"}},
        "received for field [url]. Error: its host must be written out, without templates",
    ),
    "a secret in the port": (
        {"url": "http://x:${port}/ask", "secret_parameters": {"port": "80"}},
        "received for field [url]. Error: its host must be written out, without templates",
    ),
    "a user": ({"url": "http://me:pass@x/"}, "received for field [url]. Error: it must not hold a user"),
    "a fragment": ({"url": "http://x/#a"}, "received for field [url]. Error: it must be a whole address"),
    "two lines in a header": (
        {"headers": {"A": "b\r\nC: d"}},
        "received for field [headers.A]. Error: it has characters",
    ),
    "two lines in a header's name": (
        {"headers": {"A\r\nB": "c"}},
        "received for field [headers]. Error: [A\r\nB] cannot",
    ),
    "framing": (
        {"headers": {"Content-Length": "5"}},
        "received for field [headers]. Error: [Content-Length] cannot be set",
    ),
    "no pairs": (
        {"query_parameters": [["a"]]},
        "received for field [query_parameters]. Error: it must be a list of pairs",
    ),
    "a path that is none": (
        {"response": {"json_parser": {"text_embeddings": "$.data..x"}}},
        "[json_parser] Invalid path [$.data..x] received for field [text_embeddings]. Error: after [$.data] must come",
    ),
    "an unknown path": (
        {"response": {"json_parser": {"text_embeddings": "$", "token_path": "$"}}},
        "[json_parser] does not allow the setting [token_path]",
    ),
    "no path": ({"response": {"json_parser": {}}}, "does not contain the required setting [text_embeddings]"),
    "no parser": ({"response": {}}, "[response] does not contain the required setting [json_parser]"),
    "no such vectors": (
        {"response": {"json_parser": {"text_embeddings": "$", "embedding_type": "int4"}}},
        "[embedding_type] must be one of [binary, bit, byte, float]",
    ),
    "no such input type": (
        {"input_type": {"translation": {"x": "y"}}},
        "[translation] does not allow the setting [x]",
    ),
    "a batch of none": ({"batch_size": 0}, "[batch_size] must be a positive integer"),
    "secrets that are no texts": ({"secret_parameters": {"a": 1}}, "Invalid value [***]"),
    "a secret's name": (
        {"secret_parameters": {"a": "secret"}, "parameters": {"a": 1}},
        "[parameters] must not have names of [secret_parameters]: [a]",
    ),
    "endless depth": (
        {"parameters": {"a": json.loads("[" * 90 + "]" * 90)}},
        "[parameters] must not be deeper than 64 levels",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    remote: httpx.Client, provider: Provider, case: str
) -> None:
    given, told = WRONG[case]
    refused = dense(remote, provider, **given)
    assert told in reason(refused)
    assert provider.asked == []
    assert '"secret"' not in refused.text


def test_a_value_is_never_looked_at_again(remote: httpx.Client, provider: Provider) -> None:
    dense(
        remote,
        provider,
        secret_parameters={"key": SECRET},
        request=INPUT,
        headers={"X-Model": "${model}"},
        parameters={"model": "${key}"},
    )
    remote.post("/_inference/text_embedding/mine", json={"input": '${key}", "by": "${key}'})
    asked = provider.asked[-1]
    assert asked.json == {"texts": ['${key}", "by": "${key}'], "type": "", "model": "${key}", "by": "me"}
    assert asked.headers["x-model"] == "${key}"
    assert b"k\\" not in asked.body


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("../../admin", "it has a step [.] or [..] in its path"),
        ("..", "it has a step [.] or [..] in its path"),
        ("a\r\nX-Evil: 1", "[headers.X-Model]. Error: it has characters"),
        ("é", "[headers.X-Model]. Error: it has characters"),
        (["a"], "[model] must be a string, a number or a boolean"),
    ],
)
def test_a_request_does_not_get_out_of_its_place(
    remote: httpx.Client, provider: Provider, model: object, told: str
) -> None:
    provider.tell("/custom/ok/ask", embeddings)
    dense(
        remote,
        provider,
        url=f"{provider.url}/custom/${{model}}/ask",
        headers={"X-Model": "${model}"},
        parameters={"model": "ok"},
    )
    provider.asked.clear()
    request = {"input": "a", "task_settings": {"parameters": {"model": model}}}
    assert told in reason(remote.post("/_inference/text_embedding/mine", json=request))
    assert provider.asked == []


@pytest.mark.parametrize("model", ["a?b=c&d", "a#b", "a%2e%2e/b", "a//b", "a\\..\\b", "x y"])
def test_what_is_put_into_a_url_stays_what_it_is(remote: httpx.Client, provider: Provider, model: str) -> None:
    provider.tell("/custom/ok/ask", embeddings)
    dense(remote, provider, url=f"{provider.url}/custom/${{model}}/ask?m=${{model}}", parameters={"model": "ok"})
    reply = remote.post("/_inference/mine", json={"input": "a", "task_settings": {"parameters": {"model": model}}})
    assert reply.status_code == 404  # the provider has no such path
    asked = provider.asked[-1]
    assert httpx.URL(f"http://x{asked.path}").path == f"/custom/{model}/ask"
    assert asked.params == {"m": model}


def test_the_name_of_a_secret_is_refused_in_a_request(remote: httpx.Client, provider: Provider) -> None:
    dense(remote, provider, secret_parameters={"key": SECRET}, headers={"A": "${key}"})
    request = {"input": "a", "task_settings": {"parameters": {"key": "mine"}}}
    told = reason(remote.post("/_inference/text_embedding/mine", json=request))
    assert "[parameters] must not have names of [secret_parameters]: [key]" in told


def test_secrets_are_not_told(remote: httpx.Client, provider: Provider) -> None:
    """Neither as they are nor as they stand in a URL or in JSON, whatever the service repeats."""
    provider.tell("/custom/k%22e%20y/1/ask", embeddings)
    made = dense(
        remote,
        provider,
        url=f"{provider.url}/custom/${{key}}/ask?k=${{key}}",
        request='{"texts": ${input}, "key": ${key}}',
        secret_parameters={"key": SECRET},
    )
    assert made.status_code == 200, made.text
    assert provider.asked[-1].json["key"] == SECRET
    provider.reset()
    not_found = remote.post("/_inference/text_embedding/mine", json={"input": "a"})
    assert not_found.status_code == 404
    provider.tell("/custom/k%22e%20y/1/ask", lambda asked: Reply({"error": asked.body.decode() + SECRET}, 400))
    refused = remote.post("/_inference/text_embedding/mine", json={"input": "a"})
    assert "***" in reason(refused)
    for reply in (made, not_found, refused, remote.get("/_inference/mine")):
        for form in (SECRET, 'k\\"e y', "k\\\\", "k%22e"):
            assert form not in reply.text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"nothing": 1}, "has not an object with the member [data] at step 1 of the path [$.data[*].vector]"),
        ([], "has not an object with the member [data]"),
        ({"data": [{"vector": ["a"]}]}, "leads to something else than it should: Expected `float`, got `str`"),
        ({"data": [{"vector": [1]}, {"vector": [1]}]}, "answers with 2 vectors for 1 inputs"),
        ({"data": [{"vector": [None]}]}, "Expected `float`, got `null`"),
    ],
)
def test_an_answer_of_another_shape_is_told(
    remote: httpx.Client, provider: Provider, answer: object, told: str
) -> None:
    provider.tell("/custom/ask", Reply(answer))
    made = create(remote, provider, "text_embedding", {"text_embeddings": "$.data[*].vector"})
    assert told in reason(made)


def test_secrets_and_headers_can_be_changed(remote: httpx.Client, provider: Provider) -> None:
    dense(remote, provider, secret_parameters={"key": "old"}, headers={"A": "${key}"})
    body = {"service_settings": {"secret_parameters": {"key": "new"}, "headers": {"B": "${key}"}}}
    assert remote.put("/_inference/text_embedding/mine/_update", json=body).status_code == 200
    assert provider.asked[-1].headers["b"] == "new"
    body = {"service_settings": {"secret_parameters": {"other": "new"}}}
    assert "[${key}]" in reason(remote.put("/_inference/text_embedding/mine/_update", json=body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_any_text_and_any_parameter_arrive_as_they_are(remote: httpx.Client, provider: Provider) -> None:
    dense(
        remote,
        provider,
        request='{"texts": ${input}, "key": ${key}, "any": [${any}]}',
        parameters={"any": 1},
        secret_parameters={"key": SECRET},
    )

    @given(text=st.text(min_size=1), value=json_values)
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def arrives(text: str, value: object) -> None:
        request = {"input": text, "task_settings": {"parameters": {"any": value}}}
        assert remote.post("/_inference/text_embedding/mine", json=request).status_code == 200
        wanted = {"texts": [text], "key": SECRET, "any": [] if value is None else [value]}
        assert provider.asked[-1].json == wanted

    arrives()


def test_numbers_that_float32_cannot_hold_are_told(remote: httpx.Client, provider: Provider) -> None:
    """JSON has no word for what they would become."""
    provider.tell("/custom/ask", Reply({"scores": [1e300], "tokens": [["a"]], "weights": [[1e300]]}))
    ranked = create(remote, provider, "rerank", {"relevance_score": "$.scores"}, request=RANKING)
    sparse = create(remote, provider, "sparse_embedding", {"token_path": "$.tokens", "weight_path": "$.weights"})
    assert all("numbers that are not of type [float]" in reason(made) for made in (ranked, sparse))
