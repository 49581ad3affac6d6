"""Amazon's own word on requests and answers: the service models that botocore ships, its serializer and its parser."""

import base64
import json
import re
import struct
import zlib
from binascii import crc32
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import botocore.validate

from provider import Asked, Reply

KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "region": "us-east-1"}
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d+)/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Model:
    """A service as botocore knows it; `prefix` is where the tests' provider serves it."""

    name: str
    prefix: str

    @cached_property
    def service(self) -> Any:  # noqa: ANN401
        loaded = botocore.loaders.Loader().load_service_model(self.name, "service-2")
        return botocore.model.ServiceModel(loaded, self.name)

    def check(self, asked: Asked, url: str) -> None:
        """Fail unless botocore would send the same for the parameters of the request, and sign it so."""
        path = asked.path.removeprefix(self.prefix)
        operation, uri = self._operation(path)
        made = serialized(self._parameters(operation.input_shape, asked, uri), operation)
        assert made["url_path"] == path
        assert json.loads(made["body"]) == asked.json
        for name, text in made["headers"].items():
            assert asked.headers[name.lower()] == text
        self._check_signature(asked, url)

    def check_body(self, name: str, body: dict[str, Any], **parameters: str) -> None:
        """The same of a body alone, beside these parameters."""
        operation = self.service.operation_model(name)
        made = serialized(parameters | value(operation.input_shape, body), operation)
        assert json.loads(made["body"]) == body

    def answer(self, name: str, body: dict[str, Any]) -> Reply:
        """An answer of that operation, after proof that it has the model's shape and botocore reads it."""
        shape = self.service.operation_model(name).output_shape
        wanted = value(shape, body)
        validate(wanted, shape)
        raw = {"status_code": 200, "headers": {}, "body": json.dumps(body).encode()}
        parsed = botocore.parsers.create_parser("rest-json").parse(raw, shape)
        parsed.pop("ResponseMetadata")
        assert parsed == wanted
        return Reply(body)

    def stream(self, name: str, *events: dict[str, Any], **how: Any) -> Reply:  # noqa: ANN401
        """A stream of events, each one member, after proof that they have the model's shape and botocore reads them."""
        shape = self.service.operation_model(name).output_shape
        union = shape.members[shape.serialization["payload"]]
        wanted = [value(union, event) for event in events]
        for event in wanted:
            validate(event, union)
        frames = [frame(type, payload) for event in events for type, payload in event.items()]
        assert read(b"".join(frames), shape, name) == wanted
        return Reply(headers={"Content-Type": "application/vnd.amazon.eventstream"}, pieces=frames, **how)

    def _operation(self, path: str) -> tuple[Any, Mapping[str, str]]:
        for name in self.service.operation_names:
            operation = self.service.operation_model(name)
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.http["requestUri"]))
            if operation.http["method"] == "POST" and (found := re.fullmatch(pattern, path)):
                return operation, found.groupdict()
        raise AssertionError(f"{self.name} has no operation at {path}")

    def _parameters(self, shape: Any, asked: Asked, uri: Mapping[str, str]) -> dict[str, Any]:  # noqa: ANN401
        found = dict[str, Any]()
        for name, member in shape.members.items():
            where, wire = member.serialization.get("location"), member.serialization.get("name", name)
            if where == "uri":
                found[name] = unquote(uri[wire])
            elif where == "header" and wire.lower() in asked.headers and wire != "Accept":  # which is everything
                found[name] = asked.headers[wire.lower()]
            elif name == shape.serialization.get("payload"):
                found[name] = asked.body
        return found if "payload" in shape.serialization else found | value(shape, asked.json)

    def _check_signature(self, asked: Asked, url: str) -> None:
        told = _SIGNED.fullmatch(asked.headers["authorization"])
        assert told, asked.headers["authorization"]
        assert told["service"] == self.service.metadata.get("signingName")
        assert (told["key"], told["region"]) == (KEYS["access_key"], KEYS["region"])
        names = told["headers"].split(";")
        assert {"content-type", "host", "x-amz-date"} <= set(names)
        assert {name for name in asked.headers if name.startswith("x-amz")} <= set(names)
        keys = botocore.credentials.Credentials(KEYS["access_key"], KEYS["secret_key"])
        signer = botocore.auth.SigV4Auth(keys, told["service"], told["region"])
        headers = {name: asked.headers[name] for name in names}
        request = botocore.awsrequest.AWSRequest("POST", url + asked.path, headers=headers, data=asked.body)
        request.context["timestamp"] = asked.headers["x-amz-date"]
        text = signer.string_to_sign(request, signer.canonical_request(request))
        assert signer.signature(text, request) == told["signature"]


bedrock = Model("bedrock-runtime", "/amazonbedrock")
sagemaker = Model("sagemaker-runtime", "/amazon_sagemaker")


def serialized(parameters: dict[str, Any], operation: Any) -> dict[str, Any]:  # noqa: ANN401
    """The request that botocore makes of valid parameters."""
    validate(parameters, operation.input_shape)
    made: dict[str, Any] = botocore.serialize.create_serializer("rest-json").serialize_to_request(parameters, operation)
    return made


def validate(parameters: dict[str, Any], shape: Any) -> None:  # noqa: ANN401
    """Fail for what is missing, unknown or of a wrong type."""
    report = botocore.validate.ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def value(shape: Any, raw: Any) -> Any:  # noqa: ANN401
    """JSON as the parameter of that shape; what is unknown is left for `validate` to find."""
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {name: value(shape.members[name], item) if name in shape.members else item for name, item in raw.items()}
    if shape.type_name == "list":
        return [value(shape.member, item) for item in raw]
    if shape.type_name == "map":
        return {name: value(shape.value, item) for name, item in raw.items()}
    if shape.type_name == "blob":
        return raw if isinstance(raw, bytes) else base64.b64decode(raw, validate=True)
    assert raw in getattr(shape, "enum", []) or not getattr(shape, "enum", []), raw
    return raw


def frame(type: str, payload: Any, *, kind: str = "event") -> bytes:  # noqa: ANN401
    """One frame, as https://smithy.io/2.0/aws/amazon-eventstream.html tells."""
    is_blob = isinstance(payload, dict) and set(payload) == {"Bytes"}
    body = payload["Bytes"] if is_blob else json.dumps(payload).encode()
    told = {f":{kind}-type": type, ":content-type": "application/octet-stream" if is_blob else "application/json"}
    return raw_frame(told | {":message-type": kind}, body)


def raw_frame(headers: Mapping[str, str], body: bytes) -> bytes:
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(text.encode())) + text.encode()
        for name, text in headers.items()
    )
    start = struct.pack("!II", 16 + len(packed) + len(body), len(packed))
    start += struct.pack("!I", crc32(start))
    return start + packed + body + struct.pack("!I", zlib.crc32(start + packed + body))


def read(stream: bytes, shape: Any, name: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """The events of a stream, as botocore reads them. Raises its EventStreamError for an exception among them."""

    class Body:
        def stream(self) -> Iterator[bytes]:
            yield stream

        def close(self) -> None:
            pass

    raw = {"status_code": 200, "headers": {}, "body": Body(), "context": {"operation_name": name}}
    parsed = botocore.parsers.create_parser("rest-json").parse(raw, shape)
    return list(parsed[shape.serialization["payload"]])
