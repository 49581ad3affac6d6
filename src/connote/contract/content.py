"""What the task embedding takes beside texts: pictures, sound, video and documents, also several for one vector."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java

_TYPES = ("text", "image", "audio", "video", "pdf")
_FORMATS = ("text", "base64")
_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*)*?;base64,", re.IGNORECASE)
# How files of a type begin.
_BEGINNINGS = {
    rb"\x89PNG": "image/png",
    rb"\xff\xd8\xff": "image/jpeg",
    rb"GIF8": "image/gif",
    rb"RIFF....WEBP": "image/webp",
    rb"RIFF....WAVE": "audio/wav",
    rb"ID3|\xff\xfb": "audio/mpeg",
    rb"....ftyp": "video/mp4",
    rb"%PDF": "application/pdf",
}


@dataclass(frozen=True)
class Item:
    """One text, picture and so on; anything but text is base64, plain or as a `data:` URL."""

    type: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.type == "text"

    def encoded(self) -> str:
        """The value as plain base64."""
        parts = unpacked(self.value)
        return parts[1] if parts else self.value

    def url(self) -> str:
        """The value as a `data:` URL. Raises IllegalArgument if it does not tell what it is."""
        return self.value if unpacked(self.value) else f"data:{_media_type(self.value)};base64,{self.value}"


# What becomes one vector.
Content = tuple[Item, ...]


def unpacked(url: str) -> tuple[str, str] | None:
    """The media type and the base64 in a `data:` URL; None for another URL."""
    found = _DATA_URL.match(url)
    return (found[1].lower(), url[found.end() :]) if found else None


def _media_type(encoded: str) -> str:
    try:
        begin = base64.b64decode(encoded[:32])
    except ValueError:
        begin = b""
    for pattern, type in _BEGINNINGS.items():
        if re.match(pattern, begin, re.DOTALL):
            return type
    raise IllegalArgument("The format of an item cannot be told from its value; give it as [data:image/png;base64,…]")


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
