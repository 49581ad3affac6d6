"""Secrets: settings that are kept and used, and never shown."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import quote


class Secret:
    """A secret text. Not a `str`: an f-string, a log line or a JSON body would give it away."""

    kind: ClassVar[type] = str

    def __init__(self, value: Any) -> None:  # noqa: ANN401 (of `kind`)
        self._value = value

    def reveal(self) -> Any:  # noqa: ANN401 (of `kind`)
        """The secret itself; for signing in to a service and for sealing, and for nothing else."""
        return self._value

    def texts(self) -> list[str]:
        """The texts that must not be seen anywhere."""
        return _forms([self._value])

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.reveal() == self._value

    def __hash__(self) -> int:
        return hash((type(self), repr(self._value)))

    def __repr__(self) -> str:
        return "Secret(***)"


class SecretMap(Secret):
    """Several secret texts by name."""

    kind: ClassVar[type] = dict

    def texts(self) -> list[str]:
        """The values; names are no secrets."""
        return _forms(self._value.values())


def _forms(secrets: Iterable[str]) -> list[str]:
    """The secrets as they are, and as they stand in URLs and in JSON."""
    found = (
        (
            text,
            quote(text, safe=""),
            quote(text, safe="/"),
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
        )
        for text in secrets
    )
    return list(dict.fromkeys(form for forms in found for form in forms))
