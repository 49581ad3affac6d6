"""Reading the JSON of an aggregation."""

from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.query.body import Body


class Options(Body):
    """The parameters of one aggregation, each taken out as it is read; `done` refuses what is left."""

    def __init__(self, kind: str, given: Any) -> None:  # noqa: ANN401 (JSON)
        if not isinstance(given, dict):
            raise BadQuery(f"[{kind}] must be an object, not [{java(given)[:100]}]")
        super().__init__(kind, given)

    def done(self) -> None:
        """Raise BadQuery for what is left."""
        if left := self.names():
            raise BadQuery(f"[{self.kind}] unknown field [{left[0]}]")

    def ignore(self, *names: str) -> None:
        """Take parameters that say how Elasticsearch should work, not what it should find."""
        for name in names:
            self.raw(name)

    def field(self) -> str:
        """The parameter `field`. Raises IllegalArgument without it."""
        name = self.text("field")
        if name is None:
            raise IllegalArgument(f"Required one of fields [field, script], but none were specified. ({self.kind})")
        return name

    def no_script(self) -> None:
        """Raise IllegalArgument for a script where only a field is taken."""
        if "script" in self:
            raise IllegalArgument(f"[{self.kind}] takes no [script]: make a runtime field of it")

    def size(self, name: str, default: int) -> int:
        """A number above 0. Raises IllegalArgument."""
        found = self.whole(name, default)
        if found <= 0:
            raise IllegalArgument(f"[{name}] must be greater than 0. Found [{found}] in [{self.kind}]")
        return found

    def object(self, name: str) -> dict[str, Any] | None:
        """An object, if it is there."""
        found = self.raw(name)
        if found is not None and not isinstance(found, dict):
            raise BadQuery(f"[{self.kind}] [{name}] must be an object, not [{java(found)[:100]}]")
        return found

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Objects, at least one."""
        found = self.raw(name)
        if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
            raise BadQuery(f"[{self.kind}] [{name}] must be an array of objects")
        return found
