"""Secrets: settings that are kept and used, and never shown."""

from typing import Any, ClassVar


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
        return [self._value]

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
        return list(self._value.values())
