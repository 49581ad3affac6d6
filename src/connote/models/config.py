"""The configuration of a trained model: the body of PUT, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from connote.contract import body, nlp
from connote.contract.errors import IllegalArgument, InvalidRequest
from connote.contract.nlp import InferenceConfig

PYTORCH = "pytorch"
PLATFORMS = ("darwin-aarch64", "darwin-x86_64", "linux-aarch64", "linux-x86_64", "windows-x86_64")
_VALID_ID = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?", re.ASCII)
_LONGEST_ID = 64
_MOST_NESTED = 100  # what is told again must be what JSON can be written of
# Where a document's text is, if the configuration does not say.
TEXT_FIELD = "text_field"


class Input(msgspec.Struct, forbid_unknown_fields=True):
    """Which field of a document is read."""

    field_names: list[str]


class Prefixes(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What stands before a text, by what it is for."""

    ingest: str | None = None
    search: str | None = None


class Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The body of PUT, and what is kept of a model."""

    model_id: str | None = None
    description: str | None = None
    model_type: str | None = None
    inference_config: dict[str, Any] | None = None
    input: Input | None = None
    metadata: dict[str, Any] | None = None
    model_size_bytes: int | None = None
    platform_architecture: str | None = None
    tags: list[str] | None = None
    prefix_strings: Prefixes | None = None
    definition: Any = None
    compressed_definition: str | None = None

    def problems(self, id: str) -> list[str]:
        """What is wrong with it, but for its inference configuration."""
        found = []
        if self.model_id not in (None, id):
            found.append(
                f"Inconsistent model_id; '{self.model_id}' specified in the body differs from '{id}' specified as a "
                "URL argument"
            )
        if self.definition is not None or self.compressed_definition is not None:
            found.append(
                "[definition] and [compressed_definition] are those of tree models, which connote does not serve; send "
                f"the parts of a [{PYTORCH}] model to definition/{{part}}"
            )
        if self.platform_architecture not in (None, *PLATFORMS):
            found.append(f"[platform_architecture] must be one of [{', '.join(PLATFORMS)}]")
        if self.input is not None and (len(self.input.field_names) != 1 or not self.input.field_names[0]):
            found.append("[input.field_names] must name exactly one field")
        if body.is_deeper(self.metadata, _MOST_NESTED):
            found.append(f"[metadata] must not be nested more than {_MOST_NESTED} deep")
        if self.model_size_bytes is not None and self.model_size_bytes < 0:
            found.append("[model_size_bytes] must be greater than or equal to 0")
        return found


@dataclass(frozen=True)
class Config:
    """A configuration that was read: what its model is for, and all that is kept of it."""

    inference: InferenceConfig
    body: Body

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a document that may hold its text; the first that is there does."""
        named = self.body.input
        return (named.field_names[0],) if named else (TEXT_FIELD, "input")

    def plain(self) -> dict[str, Any]:
        """As it is kept, and read by `kept`."""
        plain: dict[str, Any] = msgspec.to_builtins(self.body)
        return plain | {"inference_config": self.inference.wire()}

    def wire(self) -> dict[str, Any]:
        """The part of a model's entry that its owner has given."""
        given = self.plain()
        return {
            **({"description": given["description"]} if "description" in given else {}),
            "tags": given.get("tags", []),
            "metadata": given.get("metadata", {}),
            "input": {"field_names": [self.fields[0]]},
            "inference_config": given["inference_config"],
            **{name: given[name] for name in ("platform_architecture", "prefix_strings") if name in given},
        }


def read(id: str, given: Mapping[str, Any]) -> Body:
    """The body of a PUT, but for its inference configuration. Raises Unparsable, or InvalidRequest."""
    found = body.read(given, Body, "trained_model_config")
    if problems := found.problems(id):
        raise InvalidRequest(problems)
    return found


def upload(id: str, given: Body) -> Config:
    """The configuration of a model whose definition is to come. Raises what it finds wrong."""
    problems = list(wrong_id(id, "model_id"))
    if given.model_type != PYTORCH:
        named = "tree_ensemble" if given.model_type is None else given.model_type
        problems.append(f"[model_type] [{named}] is not served by connote; it must be [{PYTORCH}]")
    if given.inference_config is None:
        problems.append("[inference_config] must not be null")
    if problems:
        raise InvalidRequest(problems)
    return Config(nlp.parse(given.inference_config), given)


def kept(plain: Mapping[str, Any]) -> Config:
    """The configuration that `plain` gave."""
    found = msgspec.convert(plain, Body)
    return Config(nlp.parse(found.inference_config, kept=True), found)


def wrong_id(id: str, name: str) -> list[str]:
    """Why that cannot be an id of ours."""
    if not _VALID_ID.fullmatch(id):
        may = "can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores"
        return [f"Invalid {name}; '{id}' {may}; must start and end with alphanumeric"]
    if len(id) > _LONGEST_ID:
        return [f"Invalid {name}; '{id}' cannot contain more than {_LONGEST_ID} characters."]
    return []


def check_alias(alias: str) -> None:
    """Raise IllegalArgument for what cannot be an alias: it must end with a letter, and be an id else."""
    if wrong_id(alias, "model_alias") or alias[-1].isdigit():
        raise IllegalArgument(
            f"Invalid model_alias; '{alias}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; "
            f"must start with alphanumeric, cannot end with numbers, nor be longer than {_LONGEST_ID} characters"
        )
