"""A hash of some fields, by which documents of the same content are known."""

import base64
import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.ingest.document import Document
from connote.ingest.options import Options, Value
from connote.ingest.pipeline import Step

_METHODS: dict[str, Callable[[], Any]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA-1": partial(hashlib.sha1, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
}
_BETWEEN = b"\0"  # stands before each value and each key


def fingerprint(options: Options) -> Step:
    """A hash of some fields: `MD5`, `SHA-1`, `SHA-256` or `SHA-512`, in Base64."""
    names = options.list("fields")
    if not names or not all(isinstance(name, str) for name in names):
        raise options.failure("fields", "must specify at least one field, each by its name")
    paths = [(name, options.fixed("fields", name)) for name in _sorted(names)]
    to = options.fixed("target_field", options.text("target_field", "fingerprint"))
    salt, missing = options.text("salt", ""), options.flag("ignore_missing")
    make = _METHODS[options.choice("method", _METHODS, "SHA-1")]

    def run(document: Document) -> None:
        digest, found = make(), 0
        if salt.strip():
            digest.update(_bytes(salt))
        for name, at in paths:
            if document.given(at):
                found += 1
                for part in _parts(document.get(at)):
                    digest.update(_BETWEEN + part)
            elif not missing:
                raise IllegalArgument(f"missing field [{name}] when calculating fingerprint")
        if found:
            document.put(to, base64.b64encode(digest.digest()).decode())

    return run


def _parts(value: Value) -> Iterator[bytes]:
    """What is hashed of a value: each element of lists, of objects each key, sorted, and its value."""
    left = [iter([value])]
    while left:
        for each in left[-1]:
            if isinstance(each, list):
                left.append(iter(each))
                break
            if isinstance(each, dict):
                left.append(_pairs(each))
                break
            yield _bytes(each)
        else:
            left.pop()


def _pairs(value: dict[str, Value]) -> Iterator[Value]:
    for key in _sorted(value):
        yield key
        yield value[key]


def _sorted(texts: Iterable[str]) -> list[str]:
    """In the order of Java, by UTF-16 units."""
    return sorted(texts, key=lambda each: each.encode("utf-16-be", "surrogatepass"))


def _bytes(value: Value) -> bytes:
    """Texts as UTF-8, numbers as Java keeps them, with the low byte first: int, long or double."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode(errors="replace")
    if isinstance(value, bool):
        return b"\1" if value else b"\2"
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return struct.pack("<i" if -(1 << 31) <= value < 1 << 31 else "<q", value)
    if isinstance(value, float):
        return struct.pack("<d", value)
    raise IllegalArgument(f"cannot convert [{value}] to bytes: it has more than 64 bits")


PROCESSORS = {"fingerprint": fingerprint}
