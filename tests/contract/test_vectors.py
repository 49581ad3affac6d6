"""Vectors of bytes and bits in protocols that are made for floats."""

import base64

import numpy as np
import pytest

from connote.contract import cohere, openai
from connote.contract.errors import IllegalArgument
from connote.contract.results import Dense, Element

ROW = np.array([[1, -2, 3, -128]], dtype=np.int8)


def told(element: Element, **body: object) -> object:
    asked = openai.EmbeddingsRequest.of({"input": "a"} | body)
    return openai.embeddings(Dense(ROW, element=element), asked, "mine")["data"][0]["embedding"]


def test_openais_base64_is_of_floats_whatever_the_vectors_are() -> None:
    encoded = told("byte", encoding_format="base64")
    assert isinstance(encoded, str)
    assert np.frombuffer(base64.b64decode(encoded), dtype="<f4").tolist() == [1, -2, 3, -128]
    assert np.array_equal(told("byte", dimensions=4), ROW[0])  # type: ignore[arg-type]


def test_openai_has_no_form_for_bits() -> None:
    with pytest.raises(IllegalArgument, match="are bits"):
        told("bit", dimensions=32)


@pytest.mark.parametrize(
    ("element", "form", "others"), [("byte", "int8", ["float", "uint8", "base64"]), ("bit", "binary", ["ubinary"])]
)
def test_coheres_types_are_those_that_the_endpoint_has(element: Element, form: str, others: list[str]) -> None:
    result = Dense(ROW, element=element)
    for wished in (None, [form]):
        asked = cohere.EmbedRequest.of({"texts": ["a"], "embedding_types": wished})
        by_type = cohere.embedded(result, asked, "2", ())["embeddings"]
        assert by_type.keys() == {form}
        assert np.array_equal(by_type[form][0], ROW[0])
    for other in others:
        with pytest.raises(IllegalArgument, match=rf"has \[{other}\]; the endpoint gives \[{form}\]"):
            cohere.embedded(result, cohere.EmbedRequest.of({"texts": ["a"], "embedding_types": [other]}), "2", ())
