"""The field that tells which documents of an index are parents, and which are whose children.

https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/parent-join
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.mapping.field import COMMON, Field, Param, flag, texts
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.values import Values


def _relations(value: Any) -> dict[str, list[str]]:  # noqa: ANN401 (JSON)
    """The children of each parent. Raises IllegalArgument."""
    if not isinstance(value, Mapping):
        raise IllegalArgument(f"an object of parents and their children is needed, not [{java(value)[:100]}]")
    made = {parent: texts(children) for parent, children in value.items()}
    children = [child for each in made.values() for child in each]
    if twice := [child for child in children if children.count(child) > 1]:
        raise IllegalArgument(f"[{twice[0]}] cannot have multiple parents")
    return made


class Join(Keyword):
    """A word: the relation that the document stands in. A child comes with the id of its parent.

    Beside it `NAME#PARENT` holds, of a parent and of its children alike, the id of the parent.
    """

    kind: ClassVar[str] = "join"
    params = COMMON | {
        "relations": Param(_relations, {}, updatable=True),
        "eager_global_ordinals": Param(flag, True, updatable=True),
    }
    takes_objects = True

    def prepare(self, analysis: Analysis) -> None:
        """Nothing is named."""

    def above(self, relation: str) -> str | None:
        """The relation that the parents of this one's documents are in; None if they have none."""
        return next((parent for parent, children in self["relations"].items() if relation in children), None)

    def below(self, relation: str) -> list[str]:
        """The relations that the children of this one's documents are in."""
        return list(self["relations"].get(relation, ()))

    def key(self, parent: str) -> str:
        """The name under which the ids of these parents stand."""
        return f"{self.name}#{parent}"

    def keyed(self, name: str) -> Keyword | None:
        """The ids of parents, as a field to search."""
        parents = self["relations"]
        return Keyword(name, {}, {}) if any(name == self.key(parent) for parent in parents) else None

    def relation(self, value: Any) -> Any:  # noqa: ANN401 (JSON)
        """The name of the relation in a document's value."""
        return value.get("name") if isinstance(value, Mapping) else value

    def put(self, value: Any, into: Values, path: str, id: str) -> None:  # noqa: ANN401 (JSON)
        """A parent's own id is that of its children's parent."""
        super().put(value, into, path, id)
        for relation in into.words[self.name]:
            if relation in self["relations"]:
                into.words[self.key(relation)].append(id)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """`"question"`, or `{"name": "answer", "parent": "1"}`."""
        given = value if isinstance(value, Mapping) else {"name": value}
        relation, parent = given.get("name"), given.get("parent")
        if self.name in into.words:
            raise IllegalArgument(f"[{self.name}] takes one value, not several")
        if not isinstance(relation, str):
            raise IllegalArgument(f"null join name in field [{self.name}]")
        above = self.above(relation)
        if above is None and relation not in self["relations"]:
            raise IllegalArgument(f"unknown join name [{relation}] for field [{self.name}]")
        if above is not None:
            if isinstance(parent, bool) or not isinstance(parent, str | int):
                raise IllegalArgument(f"[parent] is missing for join field [{self.name}]")
            into.words[self.key(above)].append(str(parent))
        into.words[self.name].append(relation)

    def merged(self, other: Field) -> Self:
        """Relations may be added, and none taken away."""
        if isinstance(other, Join) and "relations" in other.given:
            theirs = other["relations"]
            for parent, children in self["relations"].items():
                if parent not in theirs:
                    raise IllegalArgument(f"Cannot remove parent [{parent}] in join field [{self.name}]")
                if gone := [child for child in children if child not in theirs[parent]]:
                    raise IllegalArgument(f"Cannot remove child [{gone[0]}] in join field [{self.name}]")
        return super().merged(other)
