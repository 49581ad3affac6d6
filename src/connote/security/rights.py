"""What roles let somebody do: with the cluster, with indices, and which documents of these they may see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.security.patterns import Fits, fits
from connote.security.privileges import CLUSTER, INDICES, granting, implied

# Queries as roles have them, of which a document must match one; None is that all may be seen.
Seen = Sequence[Any] | None


@dataclass(frozen=True)
class Right:
    """What a request needs: an action by Elasticsearch's name, and one of some privileges."""

    action: str
    privileges: tuple[str, ...]
    is_cluster: bool = False

    def reason(self, who: str, names: Sequence[str] = ()) -> str:
        """Why it is refused, in Elasticsearch's words."""
        kind = "cluster" if self.is_cluster else "index"
        able = ",".join(granting(self.privileges, CLUSTER if self.is_cluster else INDICES))
        where = f" on indices [{','.join(names)}]" if names else ""
        return (
            f"action [{self.action}] is unauthorized for {who}{where}, this action is granted by the {kind} "
            f"privileges [{able}]"
        )


@dataclass(frozen=True)
class _Grant:
    fits: Fits
    allows: Callable[[Right], bool]
    query: Any


class Rights:
    """What some roles let somebody do together: what one of them does."""

    def __init__(self, descriptors: Sequence[Mapping[str, Any]]) -> None:
        self.descriptors = descriptors
        self._cluster = [_allows(each["cluster"], CLUSTER) for each in descriptors]
        every = [grant for each in descriptors for grant in each["indices"]]
        self._grants = [
            _Grant(fits(each["names"]), _allows(each["privileges"], INDICES), each.get("query")) for each in every
        ]
        self._applications = [grant for each in descriptors for grant in each["applications"]]
        self.is_unlimited = any("all" in each["cluster"] for each in descriptors) and any(
            each["names"] == ["*"] and "all" in each["privileges"] and not each.get("query") for each in every
        )

    @property
    def sees_parts(self) -> bool:
        """Whether documents of any index are held back."""
        return any(each.query is not None for each in self._grants)

    def cluster(self, right: Right) -> bool:
        """Whether something may be done with the cluster."""
        return any(allows(right) for allows in self._cluster)

    def index(self, right: Right, name: str) -> bool:
        """Whether something may be done with an index, alias or data stream of that name."""
        return any(each.allows(right) and each.fits(name) for each in self._grants)

    def seen(self, right: Right, name: str) -> Seen:
        """Which of its documents."""
        found = [each.query for each in self._grants if each.allows(right) and each.fits(name)]
        return None if any(each is None for each in found) else found

    def application(self, name: str, privilege: str, resource: str) -> bool:
        """Whether something may be done in an application, of which nothing is known here."""
        return any(
            fits([each["application"]])(name)
            and fits(each["privileges"])(privilege)
            and fits(each["resources"])(resource)
            for each in self._applications
        )


def _allows(names: Sequence[str], kinds: Mapping[str, tuple[str, ...]]) -> Callable[[Right], bool]:
    """Privileges by name; others are patterns of actions."""
    held, actions = implied(names, kinds), fits([each for each in names if ":" in each])
    return lambda right: any(each in held for each in right.privileges) or actions(right.action)
