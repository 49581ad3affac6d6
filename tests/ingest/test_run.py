"""Many documents at once: their inference is one stream, and none harms another."""

import asyncio
from typing import Any

from connote.contract.errors import NotFound
from connote.ingest.document import Document
from connote.ingest.run import Failed, Left, run
from piped import Model, outcomes, pipeline


def infer(field: str = "text", model: str = "m", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "inference": {"model_id": model, "input_output": {"input_field": field, "output_field": f"{field}_out"}, **more}
    }


def test_the_texts_of_all_documents_are_one_request_a_step() -> None:
    model = Model()
    found = outcomes(
        pipeline(infer(), infer("title")), *({"text": "a" * n, "title": "t"} for n in range(50)), infer=model
    )
    assert [(id, len(texts)) for id, texts, _ in model.asked] == [("m", 50), ("m", 50)]
    assert [outcome.source["text_out"] for outcome in found if isinstance(outcome, Document)] == [
        {"n": n} for n in range(50)
    ]


def test_several_texts_of_a_document_are_one_wish() -> None:
    fields = [{"input_field": name, "output_field": f"{name}_out"} for name in "ab"]
    model = Model()
    (outcome,) = outcomes(
        pipeline({"inference": {"model_id": "m", "input_output": fields}}), {"a": "x", "b": "yy"}, infer=model
    )
    assert model.asked == [("m", ["x", "yy"], {})]
    assert isinstance(outcome, Document)
    assert outcome.source == {"a": "x", "b": "yy", "a_out": {"n": 1}, "b_out": {"n": 2}, "model_id": "m"}


def test_models_and_configurations_are_asked_apart() -> None:
    model = Model()
    config: dict[str, Any] = {"inference_config": {"text_embedding": {"truncate": "first"}}}
    of = pipeline(infer(model="{a}"), infer("title", **config, **{"if": "ctx.c"}))
    outcomes(of, {"text": "x", "title": "y", "c": True}, {"text": "x", "title": "y", "c": False}, infer=model)
    assert [(texts, config) for _, texts, config in model.asked] == [
        (["x", "x"], {}),
        (["y"], {"text_embedding": {"truncate": "first"}}),
    ]


def test_documents_that_fail_are_dropped_or_end_early_harm_no_other() -> None:
    of = pipeline(
        {"drop": {"if": "ctx.text == 'drop'"}}, {"fail": {"message": "x", "if": "ctx.text == 'fail'"}}, infer()
    )
    texts = ["one", "drop", "fail", 5, "bad", "two"]
    one, dropped, failed, number, bad, two = outcomes(of, *({"text": text} for text in texts))
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert (one.source["text_out"], two.source["text_out"]) == ({"n": 3}, {"n": 3})
    assert dropped == Left()
    assert isinstance(failed, Failed)
    assert isinstance(number, Failed)
    assert isinstance(bad, Failed)
    assert "cannot be cast to [java.lang.String]" in number.error.reason


def test_a_model_that_is_not_there_fails_the_documents_that_ask_it() -> None:
    async def missing(id: str, *_: object) -> list[Any]:
        raise NotFound(f"Inference endpoint not found [{id}]")

    documents = [Document({"text": "a"}), Document({})]
    of = pipeline(infer(ignore_missing=True))
    first, second = asyncio.run(run(of, documents, missing))
    assert isinstance(first, Failed)
    assert first.error.status == 404
    assert isinstance(second, Document)


def test_a_loop_infers_for_each_element() -> None:
    of = pipeline({"foreach": {"field": "parts", "processor": infer("_ingest._value.text")}})
    (outcome,) = outcomes(of, {"parts": [{"text": "a"}, {"text": "bb"}]})
    assert isinstance(outcome, Document)
    assert [part["text_out"] for part in outcome.source["parts"]] == [{"n": 1}, {"n": 2}]


def test_others_are_served_while_a_script_runs() -> None:
    async def both() -> int:
        of = pipeline({"script": "int n = 0; for (int i = 0; i < 300000; i++) { n += i }"})
        running = asyncio.create_task(run(of, [Document({})], Model()))
        turns = 0
        while not running.done():
            await asyncio.sleep(0.001)
            turns += 1
        (outcome,) = running.result()
        assert isinstance(outcome, Document)
        return turns

    assert asyncio.run(both()) > 5
