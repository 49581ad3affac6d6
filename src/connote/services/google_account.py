"""Google's service accounts: a signed statement is exchanged for a token (RFC 7523, section 2.1).

https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
"""

import base64
import json
import time
from typing import Any

import httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connote.contract.errors import Rejected
from connote.contract.secret import Secret
from connote.services import auth

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3600


class KeyFile(msgspec.Struct):
    """What is needed of the JSON file that Google gives for a service account."""

    client_email: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    private_key_id: str | None = None


class AccountFile(Secret):
    """The text of a key file."""

    def read(self) -> KeyFile:
        """What it says. Raises Rejected, without telling any of it, if it is not such a file."""
        try:
            return msgspec.json.decode(self.reveal(), type=KeyFile)
        except (msgspec.DecodeError, UnicodeError):
            raise Rejected(
                "[service_settings] Invalid value received for field [service_account_json]. It must be the text of "
                "the JSON key file of a service account, with [client_email] and [private_key]"
            ) from None

    def texts(self) -> list[str]:
        """The file, and the key within it."""
        try:
            return [self.reveal(), self.read().private_key]
        except Rejected:
            return super().texts()


class ServiceAccount(auth.Token):
    """Signs in as a service account. `token_url` is the configured address to ask instead of the file's own.

    Raises Rejected if the file's own is none of Google's, or if its key cannot sign.
    """

    what = "the service account"

    def __init__(self, account: KeyFile, token_url: httpx.URL | None) -> None:
        super().__init__()
        self._account, self._url = account, token_url or _own(account.token_uri)
        self._key = _loaded(account.private_key)

    def ask(self) -> httpx.Request:
        """The statement that this is the account, good for an hour."""
        now = int(time.time())
        header = {"alg": "RS256", "typ": "JWT", "kid": self._account.private_key_id}
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + _LIFE,
        }
        told = f"{_encoded(header)}.{_encoded(claims)}"
        signature = self._key.sign(told.encode(), PKCS1v15(), SHA256())
        form = {"grant_type": _GRANT, "assertion": f"{told}.{_base64(signature)}"}
        return httpx.Request("POST", self._url, data=form)


def _own(url: str) -> httpx.URL:
    """The address, if it is Google's: a key file must not lead elsewhere."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    is_google = parsed.host == "accounts.google.com" or parsed.host.endswith(".googleapis.com")
    if parsed.scheme != "https" or not is_google or parsed.port is not None or parsed.userinfo:
        raise Rejected(
            "The [token_uri] in [service_account_json] must be an https address of googleapis.com or "
            "accounts.google.com; for another, set [services.googlevertexai] token_url in the configuration"
        )
    return parsed


def _loaded(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Rejected("The [private_key] in [service_account_json] must be an RSA key in PEM form without a password")
    return key


def _encoded(part: dict[str, Any]) -> str:
    return _base64(json.dumps({name: value for name, value in part.items() if value is not None}).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
