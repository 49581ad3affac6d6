"""`semantic_text`: text that an inference endpoint makes searchable by meaning."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from connote.contract import chunks
from connote.contract.chunks import ChunkingSettings
from connote.contract.errors import BadMapping, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.mapping.field import Field, Param, anything, mapping, text
from connote.search.mapping.values import Values
from connote.search.mapping.vectors import DENSE_KINDS
from connote.search.mapping.weighting import weighting

# The endpoint of a field that names none, as in Elasticsearch 9.
DEFAULT_ENDPOINT = ".elser-2-elasticsearch"
_OF_ENDPOINT = ("inference_id", "search_inference_id", "model_settings")


class SemanticText(Field):
    """Text that is cut into chunks and embedded; what it became is kept beside the document, not in it."""

    kind: ClassVar[str] = "semantic_text"
    takes_objects = True  # to refuse them in its own words
    params = {  # noqa: RUF012 (as in the other fields; the base says ClassVar)
        "inference_id": Param(text, DEFAULT_ENDPOINT),
        "search_inference_id": Param(text, updatable=True),
        "model_settings": Param(mapping, updatable=True),
        "chunking_settings": Param(mapping, updatable=True),
        "index_options": Param(mapping, updatable=True),
        "weighting": Param(weighting, updatable=True),
        "meta": Param(mapping, updatable=True),
        "copy_to": Param(anything),
    }

    def prepare(self, analysis: Analysis) -> None:  # noqa: ARG002
        """Chunking settings and index options are right. Whether the endpoint is there is not looked at."""
        if not self["inference_id"]:
            raise BadMapping(f"[inference_id] on mapper [{self.name}] of type [semantic_text] must not be empty")
        if "copy_to" in self.given:
            raise BadMapping(f"[copy_to] is not supported on mapper [{self.name}] of type [semantic_text]")
        try:
            self.chunking  # noqa: B018 (it raises)
        except ConnoteError as error:
            raise BadMapping(f"Failed to parse mapping: {error.reason}") from None
        dense = (self["index_options"] or {}).get("dense_vector")
        if dense is not None and (not isinstance(dense, Mapping) or dense.get("type", "hnsw") not in DENSE_KINDS):
            raise BadMapping(f"Unsupported index options type {java(dense)} for field [{self.name}]")

    @property
    def endpoint(self) -> str:
        """The endpoint that embeds documents."""
        return str(self["inference_id"])

    @property
    def search_endpoint(self) -> str:
        """The endpoint that embeds queries."""
        return str(self["search_inference_id"] or self.endpoint)

    @property
    def model(self) -> Mapping[str, Any] | None:
        """What the first document has shown of the endpoint: its task, and of vectors the dimensions and similarity."""
        found: Mapping[str, Any] | None = self["model_settings"]
        return found

    @property
    def chunking(self) -> ChunkingSettings | None:
        """The field's own chunking settings, if it has any."""
        return chunks.parse(self["chunking_settings"]) if self["chunking_settings"] else None

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ANN401
        """A text, number or boolean; to be embedded later."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str):
            raise IllegalArgument(
                f"Invalid format for field [{self.name}], expected [String|Number|Boolean] got [{java(value)[:100]}]"
            )
        into.inputs[self.name][path].append(value)

    def modelled(self, settings: Mapping[str, Any]) -> "SemanticText":
        """The field, once it is known what its endpoint gives."""
        return replace(self, given={**self.given, "model_settings": dict(settings)})

    def switched(self, endpoint: str, search: str | None, model: Mapping[str, Any] | None) -> "SemanticText":
        """The field, once another endpoint embeds it: what tells of the one before is gone."""
        own = {name: value for name, value in self.given.items() if name not in _OF_ENDPOINT}
        new = {"inference_id": endpoint, "search_inference_id": search, "model_settings": model and dict(model)}
        return replace(self, given={**own, **{name: value for name, value in new.items() if value is not None}})

    def merged(self, other: "Field") -> "SemanticText":
        """Another endpoint may take over only where its vectors are like those that are there."""
        if isinstance(other, SemanticText) and "inference_id" in other.given and self.model is not None:
            theirs = other.model
            if other.endpoint != self.endpoint and (theirs is None or not compatible(self.model, theirs)):
                raise IllegalArgument(
                    f"Mapper for [{self.name}] conflicts with existing mapper:\n\tCannot update parameter "
                    f"[inference_id] from [{self.endpoint}] to [{other.endpoint}]: its embeddings would not be "
                    "comparable with those that are there"
                )
            kept = {name: value for name, value in other.given.items() if value is not None}
            own = {name: value for name, value in self.given.items() if name not in other.given or name in kept}
            return replace(self, given={**own, **kept})
        given = {name: value for name, value in {**self.given, **other.given}.items() if value is not None}
        if other.kind != self.kind:
            raise IllegalArgument(f"mapper [{self.name}] cannot be changed from type [{self.kind}] to [{other.kind}]")
        return replace(self, given=given)

    def wire(self) -> dict[str, Any]:
        """The endpoint is always shown."""
        return {"type": self.kind, "inference_id": self.endpoint, **self.given}


def compatible(own: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two endpoints' embeddings can be compared, as far as their settings tell."""
    return all(own.get(name) == other.get(name) for name in ("task_type", "dimensions", "similarity", "element_type"))


def uses(mapping: Any, endpoint: str) -> bool:  # noqa: ANN401 (a part of a mapping)
    """Whether a field in a mapping, as JSON, is embedded by an endpoint, or its queries are."""
    if not isinstance(mapping, Mapping):
        return False
    if mapping.get("type") == "semantic_text" and endpoint in (
        mapping.get("inference_id"),
        mapping.get("search_inference_id"),
    ):
        return True
    inner = (mapping.get(name) for name in ("properties", "fields"))
    return any(uses(each, endpoint) for some in inner if isinstance(some, Mapping) for each in some.values())
