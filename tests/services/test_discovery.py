"""The check against Google's discovery documents finds what Google would."""

import json

import pytest
from jsonschema import ValidationError

from discovery import document
from provider import Asked

PATH = "/v1beta/models/gemini-embedding-001:batchEmbedContents"
REQUEST = {"model": "models/m", "content": {"parts": [{"text": "a"}]}}


def asked(body: object, path: str = PATH) -> Asked:
    return Asked(path, {}, {}, json.dumps(body).encode())


def test_a_good_request_passes() -> None:
    assert document("gemini").check(asked({"requests": [REQUEST]}), "").endswith("batchEmbedContents")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": [REQUEST | {"task_kind": "x"}]},
        {"requests": [REQUEST | {"taskType": "SEARCH"}]},
        {"requests": [REQUEST | {"outputDimensionality": "3"}]},
        {"requests": [{"content": {"parts": []}}]},
    ],
)
def test_a_wrong_body_does_not(body: object) -> None:
    with pytest.raises(ValidationError):
        document("gemini").check(asked(body), "")


def test_an_unknown_path_does_not() -> None:
    with pytest.raises(AssertionError, match="no method has the path"):
        document("gemini").check(asked({"requests": [REQUEST]}, PATH.replace("batchE", "manyE")), "")
