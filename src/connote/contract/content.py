"""What the task embedding takes beside texts: pictures, sound, video and documents, also several for one vector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java

_TYPES = ("text", "image", "audio", "video", "pdf")
_FORMATS = ("text", "base64")


@dataclass(frozen=True)
class Item:
    """One text, picture and so on; anything but text is base64, plain or as a `data:` URL."""

    type: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.type == "text"


# What becomes one vector.
Content = tuple[Item, ...]


def parse(value: Any, where: str) -> Content:  # noqa: ANN401 (JSON)
    """A text, or `{"content": item or items}` with items `{"type": …, "format": …, "value": …}`.

    Raises Unparsable or IllegalArgument that name the field.
    """
    if isinstance(value, str):
        return (Item("text", value),)
    if not isinstance(value, Mapping) or set(value) != {"content"}:
        raise Unparsable(
            f'[inference_request] failed to parse field [{where}]: it must be a string or an object {{"content": …}}, '
            f"not [{java(value)}]"
        )
    held = value["content"]
    items = held if isinstance(held, list) else [held]
    if not items:
        raise IllegalArgument(f"Field [{where}.content] cannot be an empty array")
    return tuple(_item(item, f"{where}.content") for item in items)


def _item(value: Any, where: str) -> Item:  # noqa: ANN401
    if not isinstance(value, Mapping) or not {"type", "value"} <= set(value) <= {"type", "value", "format"}:
        raise Unparsable(
            f"[inference_request] failed to parse field [{where}]: an item is an object with [type], [value] and "
            f"perhaps [format], not [{java(value)}]"
        )
    type, form = value["type"], value.get("format")
    form = ("text" if type == "text" else "base64") if form is None else form
    if type not in _TYPES:
        raise IllegalArgument(f"[{where}] Invalid value [{java(type)}]. [type] must be one of [{', '.join(_TYPES)}]")
    if form not in _FORMATS or (form == "text") != (type == "text"):
        raise IllegalArgument(
            f"[{where}] Invalid value [{java(form)}]. [format] must be [text] for text and [base64] for all else"
        )
    if not isinstance(value["value"], str) or not value["value"]:
        raise Unparsable(f"[inference_request] failed to parse field [{where}]: [value] must be a string with content")
    return Item(type, value["value"])
