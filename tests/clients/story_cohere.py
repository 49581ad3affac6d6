"""What a user of Cohere's SDK does. Takes the URLs of a server and of one that has `gpt` (chat)."""

import base64
import json
import sys
import warnings

import cohere
import pytest
from cohere.core.api_error import ApiError
from pydantic import PydanticDeprecationWarning

E5, RERANK = ".multilingual-e5-small-elasticsearch", ".rerank-v1-elasticsearch"
DOCUMENTS = ["tax law", "a cottage near the beach", "engine oil"]
QUESTION = {"role": "user", "content": "How is the weather in Athens?"}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


# The SDK itself uses what pydantic has given up.
warnings.filterwarnings("ignore", category=PydanticDeprecationWarning)


def main(local: str, remote: str) -> None:
    new = cohere.ClientV2(api_key="any", base_url=local)
    old = cohere.Client(api_key="any", base_url=local)
    embed(new, old)
    rerank(new, old)
    errors(new)
    there = cohere.ClientV2(api_key="any", base_url=remote)
    chat(there)
    stream(there)
    print(f"cohere {cohere.__version__}: all is well")


def embed(new: cohere.ClientV2, old: cohere.Client) -> None:
    asked = {"model": E5, "texts": ["a house", "the sea"]}
    query = new.embed(**asked, input_type="search_query", embedding_types=["float", "base64"])
    assert query.response_type == "embeddings_by_type"
    assert query.texts == asked["texts"]
    assert query.embeddings.float_ is not None
    assert [len(row) for row in query.embeddings.float_] == [384, 384]
    assert query.embeddings.base64 is not None
    assert len(base64.b64decode(query.embeddings.base64[0])) == 4 * 384
    assert query.meta is not None
    assert query.meta.billed_units is not None
    assert query.meta.billed_units.input_tokens == 14
    document = new.embed(**asked, input_type="search_document", output_dimension=384)
    assert document.embeddings.float_ != query.embeddings.float_
    floats = old.embed(**asked, input_type="search_document")
    assert floats.response_type == "embeddings_floats"
    assert floats.embeddings == document.embeddings.float_
    by_type = old.embed(**asked, input_type="search_document", embedding_types=["float"])
    assert by_type.embeddings.float_ == floats.embeddings
    cut = new.embed(model=E5, texts=["house " * 600], input_type="search_document")
    assert cut.meta is not None
    assert "input [0] has 604 tokens" in str(cut.meta.warnings)


def rerank(new: cohere.ClientV2, old: cohere.Client) -> None:
    best = new.rerank(model=RERANK, query="by the sea", documents=DOCUMENTS, top_n=2).results
    assert best[0].index == 1
    assert len(best) == 2
    assert best[0].relevance_score > best[1].relevance_score
    objects = [{"text": document} for document in DOCUMENTS]
    ranks = old.rerank(model=RERANK, query="by the sea", documents=objects, return_documents=True).results
    assert ranks[0].relevance_score == best[0].relevance_score
    assert ranks[0].document is not None
    assert ranks[0].document.text == DOCUMENTS[1]


def errors(client: cohere.ClientV2) -> None:
    for wrong, status, told in (
        ({"model": "nothing"}, 404, "not found [nothing]"),
        ({"model": ".elser-2-elastic"}, 400, "does [sparse_embedding]"),
        ({"output_dimension": 256}, 400, "384 dimensions"),
        ({"embedding_types": ["int8"]}, 400, "the endpoint gives [float, base64]"),
        ({"truncate": "START"}, 400, "START"),
        ({"texts": ["house " * 600], "truncate": "NONE"}, 400, "605 tokens"),
    ):
        with pytest.raises(ApiError) as refused:
            client.embed(**({"model": E5, "input_type": "search_query", "texts": ["a"]} | wrong))
        assert refused.value.status_code == status
        assert told in refused.value.body["message"], refused.value.body


def chat(client: cohere.ClientV2) -> None:
    plain = client.chat(model="gpt", messages=[QUESTION], max_tokens=9, stop_sequences=["\n"])
    assert plain.finish_reason == "COMPLETE"
    assert plain.message.content is not None
    assert plain.message.content[0].text == "Sunny"
    assert plain.usage is not None
    assert plain.usage.tokens is not None
    assert (plain.usage.tokens.input_tokens, plain.usage.tokens.output_tokens) == (5, 2)
    called = client.chat(model="gpt", messages=[QUESTION], tools=[TOOL], tool_choice="REQUIRED")
    assert called.finish_reason == "TOOL_CALL"
    assert called.message.tool_calls is not None
    (call,) = called.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Athens"}
    document = {"type": "document", "document": {"data": {"weather": "sunny"}}}
    result = {"role": "tool", "tool_call_id": call.id, "content": [document]}
    last = client.chat(model="gpt", messages=[QUESTION, called.message, result], tools=[TOOL])
    assert last.message.content[0].text == "Sunny"
    with pytest.raises(cohere.BadRequestError) as refused:
        client.chat(model="gpt", messages=[QUESTION], seed=1)
    assert "[seed] cannot be passed on" in refused.value.body["message"]


def stream(client: cohere.ClientV2) -> None:
    events = list(client.chat_stream(model="gpt", messages=[QUESTION]))
    assert [event.type for event in events] == [
        "message-start",
        "content-start",
        "content-delta",
        "content-delta",
        "content-end",
        "message-end",
    ]
    assert "".join(event.delta.message.content.text for event in events if event.type == "content-delta") == "Sunny"
    assert events[-1].delta.finish_reason == "COMPLETE"
    assert events[-1].delta.usage.tokens.output_tokens == 2
    calls = list(client.chat_stream(model="gpt", messages=[QUESTION], tools=[TOOL], tool_choice="REQUIRED"))
    begun = next(event for event in calls if event.type == "tool-call-start").delta.message.tool_calls
    assert begun.function.name == "weather"
    arguments = [e.delta.message.tool_calls.function.arguments for e in calls if e.type == "tool-call-delta"]
    assert json.loads("".join(arguments)) == {"city": "Athens"}
    assert calls[-1].delta.finish_reason == "TOOL_CALL"


main(*sys.argv[1:])
