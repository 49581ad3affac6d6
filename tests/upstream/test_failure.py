"""Services' errors, as contract/endpoints.md, section 6, has them."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.upstream.failure import refused


@pytest.mark.parametrize(
    ("status", "ours", "prefix"),
    [
        (400, 400, "Received a bad request status code"),
        (401, 401, "Received an authentication error status code"),
        (403, 403, "Received a permission denied error status code"),
        (404, 404, "Resource not found at [https://x/y]"),
        (405, 405, "Received a method not allowed status code"),
        (413, 413, "Received a content too large status code"),
        (422, 422, "Received an unsuccessful status code"),
        (429, 429, "Received a rate limit status code"),
        (302, 400, "Unhandled redirection"),
        (500, 400, "Received a server error status code"),
        (503, 400, "Received a server error status code"),
        (200, 400, "Received an error response"),
        (499, 400, "Received an unsuccessful status code"),
    ],
)
def test_status_and_prefix(status: int, ours: int, prefix: str) -> None:
    error = refused(status, b"", url="https://x/y", id="mine")
    assert error.status == ours
    assert error.reason == f"{prefix} for request from inference entity id [mine] status [{status}]"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no money", "type": "insufficient_quota"}},
        {"error": "no money"},
        {"message": "no money"},
        {"detail": "no money"},
        {"detail": [{"loc": ["body"], "msg": "no money"}]},
        {"errors": [{"message": "no money"}]},
        [{"error": {"code": 429, "message": "no money"}}],
    ],
)
def test_the_text_is_found_wherever_services_put_it(body: object) -> None:
    error = refused(429, json.dumps(body).encode(), url="", id="mine")
    assert error.reason.endswith("status [429]. Error message: [no money]")
    assert error.transient


def test_secrets_are_taken_out_of_the_text() -> None:
    body = b'{"error": {"message": "Incorrect API key provided: sk-secret"}}'
    assert "sk-secret" not in refused(401, body, url="https://x", id="mine", secrets=["sk-secret"]).reason


def test_a_secret_is_found_before_a_long_text_is_cut() -> None:
    secret = "k" * 40
    body = json.dumps({"error": "x" * 1980 + secret}).encode()
    assert "kkk" not in refused(400, body, url="https://x", id="mine", secrets=iter([secret])).reason


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "detail", "type", "x"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.integers(100, 999),
)
def test_any_body_and_status_is_told(body: bytes, status: int) -> None:
    error = refused(status, body, url="https://x", id="mine")
    assert 400 <= error.status < 500
    json.dumps([error.wire(), error.unified()])


@pytest.mark.parametrize(
    "body", [b'{"error": {"message": "\\ud800", "type": "\\ud800"}}', b"[" * 100_000, b"1" * 10_000]
)
def test_every_error_can_be_written(body: bytes) -> None:
    """A lone surrogate is JSON that no JSON can be made of again."""
    error = refused(429, body, url="https://x", id="mine")
    orjson.dumps(error.wire())
    orjson.dumps(error.unified())
