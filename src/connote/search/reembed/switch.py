"""What is to be switched."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True)
class Switch:
    """A semantic field, the endpoint that is to embed it, and the one for its queries, if that is another.

    `model_settings` are what the endpoint has turned out to give; None as long as it has given nothing.
    """

    field: str
    inference_id: str
    search_inference_id: str | None = None
    model_settings: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """As `wire` gave it."""
        return cls(**body)

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def modelled(self, settings: Mapping[str, Any]) -> "Switch":
        """The same, once it is known what the endpoint gives."""
        return replace(self, model_settings=dict(settings))
