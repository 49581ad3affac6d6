"""What a user of OpenAI's SDK does. Takes the URLs of a server and of one that has `gpt` (chat) and `davinci`."""

import json
import sys

import openai
import pytest
from openai import OpenAI

E5 = ".multilingual-e5-small-elasticsearch"
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
QUESTION = {"role": "user", "content": "How is the weather in Athens?"}


def main(local: str, remote: str) -> None:
    here = OpenAI(base_url=f"{local}/v1", api_key="any")
    models(here)
    embeddings(here)
    there = OpenAI(base_url=f"{remote}/v1", api_key="any", max_retries=0)
    for model in ("gpt", "davinci"):
        chat(there, model)
        stream(there, model)
    tools(there)
    errors(there)
    print(f"openai {openai.__version__}: all is well")


def models(client: OpenAI) -> None:
    assert {".elser-2-elastic", E5, ".rerank-v1-elasticsearch"} <= {model.id for model in client.models.list()}
    one = client.models.retrieve(E5)
    assert (one.id, one.object, one.owned_by) == (E5, "model", "elasticsearch")
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("nothing")
    assert missing.value.code == "model_not_found"


def embeddings(client: OpenAI) -> None:
    # The SDK asks for base64 unless it is told otherwise, and reads it back as floats.
    both = client.embeddings.create(model=E5, input=["a house", "the sea"], dimensions=384)
    plain = client.embeddings.create(model=E5, input="a house", encoding_format="float")
    assert [item.index for item in both.data] == [0, 1]
    assert both.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert len(plain.data[0].embedding) == 384
    # <s> passage : a house </s>
    assert plain.usage.prompt_tokens == plain.usage.total_tokens == 6
    query = client.embeddings.create(model=E5, input="a house", extra_body={"input_type": "search"})
    assert query.data[0].embedding != pytest.approx(plain.data[0].embedding, abs=1e-6)
    for wrong, param in (
        ({"input": [1, 2]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"dimensions": 128}, "dimensions"),
        ({"model": ".elser-2-elastic"}, "model"),
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            client.embeddings.create(**({"model": E5, "input": "a"} | wrong))
        assert (refused.value.type, refused.value.param) == ("invalid_request_error", param)


def chat(client: OpenAI, model: str) -> None:
    asked = {"messages": [QUESTION], "max_tokens": 9, "stop": "\n", "seed": None, "user": "me"}
    answer = client.chat.completions.create(model=model, **asked)
    assert answer.choices[0].message.content == "Sunny"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.object, answer.model) == ("chat.completion", "gpt-x")
    assert answer.created > 1_700_000_000
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 2)


def stream(client: OpenAI, model: str) -> None:
    with client.chat.completions.stream(
        model=model, messages=[QUESTION], stream_options={"include_usage": True}
    ) as events:
        deltas = [event.delta for event in events if event.type == "content.delta"]
        final = events.get_final_completion()
    assert deltas == ["Sun", "ny"]
    assert final.choices[0].message.content == "Sunny"
    assert final.usage is not None
    assert final.usage.total_tokens == 7
    unasked = list(client.chat.completions.create(model=model, messages=[QUESTION], stream=True))
    assert [chunk.choices[0].delta.content for chunk in unasked] == [None, "Sun", "ny", None]
    assert [chunk.usage for chunk in unasked] == [None] * 4
    assert len({chunk.id for chunk in unasked}) == 1


def tools(client: OpenAI) -> None:
    """The loop of a tool that is called: the model's own message is sent back as it came."""
    messages = [QUESTION]
    first = client.chat.completions.create(model="gpt", messages=messages, tools=[TOOL], tool_choice="required")
    message = first.choices[0].message
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Athens"}
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    last = client.chat.completions.create(model="gpt", messages=messages, tools=[TOOL])
    assert last.choices[0].message.content == "Sunny"
    with client.chat.completions.stream(
        model="gpt", messages=[QUESTION], tools=[TOOL], tool_choice="required"
    ) as events:
        streamed = events.get_final_completion().choices[0].message.tool_calls
    assert streamed is not None
    assert streamed[0].function.name == "weather"
    assert json.loads(streamed[0].function.arguments) == {"city": "Athens"}


def errors(client: OpenAI) -> None:
    for wrong in ({"n": 2}, {"seed": 1}, {"response_format": {"type": "json_object"}}, {"logprobs": True}):
        with pytest.raises(openai.BadRequestError, match="cannot be passed on") as refused:
            client.chat.completions.create(model="gpt", messages=[QUESTION], **wrong)
        assert refused.value.param == next(iter(wrong))
    with pytest.raises(openai.BadRequestError) as malformed:
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": 1}])
    assert malformed.value.param == "messages[0].content"
    with pytest.raises(openai.RateLimitError, match="Slow down"):
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "429"}])
    with pytest.raises(openai.APIError, match="broke down"):
        list(client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "cut"}], stream=True))


main(*sys.argv[1:])
