"""Sealing: secrets are kept encrypted, under a key that is kept apart from the database."""

import os
import secrets
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connote.contract.errors import Unavailable

_NONCE, _KEY = 12, 32


class Seal:
    """AES-GCM under one key, which is made in its file when it is first needed.

    What is sealed for one endpoint cannot be opened for another: the owner's id is authenticated with it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def close(self, value: Any, owner: str) -> bytes:  # noqa: ANN401 (JSON)
        """The JSON value, sealed. Raises Unavailable if the key cannot be had."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._key(make=True)).encrypt(nonce, orjson.dumps(value), owner.encode())

    def open(self, sealed: bytes, owner: str) -> Any:  # noqa: ANN401 (JSON)
        """The value that was sealed for that owner. Raises Unavailable if it was sealed under another key."""
        try:
            opened = AESGCM(self._key(make=False)).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode())
        except (InvalidTag, ValueError):
            raise Unavailable(
                f"the secrets are damaged, or were sealed under another key than that in {self._file}"
            ) from None
        return orjson.loads(opened)

    def _key(self, *, make: bool) -> bytes:
        try:
            if make and not self._file.exists():
                self._make()
            key = self._file.read_bytes()
        except OSError as error:
            raise Unavailable(f"the key of the secrets, {self._file}, cannot be used: {error.strerror}") from None
        if len(key) != _KEY:
            raise Unavailable(f"the key of the secrets, {self._file}, must have {_KEY} bytes, and has {len(key)}")
        return key

    def _make(self) -> None:
        """Write a new key in one step, so that of two processes that make one the second finds the first's."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
