"""Passwords and keys as they are kept: not at all, but for what tells whether one is right."""

import hashlib
import hmac
import secrets

# scrypt (RFC 7914) with OWASP's parameters: 32 MB and some 0.1 s a try.
_N, _R, _P, _MEMORY = 2**15, 8, 1, 64 * 2**20

# What is kept of no password: to compare with it takes as long as with another.
NONE = f"scrypt:{_N}:{_R}:{_P}:{bytes(16).hex()}:{bytes(32).hex()}"


def hashed(password: str) -> str:
    """What is kept of a password: `scrypt:N:r:p:salt:digest`."""
    salt = secrets.token_bytes(16)
    return f"scrypt:{_N}:{_R}:{_P}:{salt.hex()}:{_digest(password, salt, _N, _R, _P).hex()}"


def is_right(password: str, kept: str) -> bool:
    """Whether it is the password that this was kept of; in constant time."""
    _, n, r, p, salt, digest = kept.split(":")
    made = _digest(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, bytes.fromhex(digest))


def fingerprint(secret: str) -> str:
    """What is kept of a secret that was made by chance: nobody guesses one, so a fast hash (SHA-256) does."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_same(secret: str, kept: str) -> bool:
    """Whether it is the secret of that fingerprint; in constant time."""
    return hmac.compare_digest(fingerprint(secret), kept)


def _digest(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)
