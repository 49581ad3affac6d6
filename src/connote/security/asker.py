"""Who asks, and what is known of the indices that a request of theirs has named."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import Forbidden
from connote.security.rights import Right, Rights, Seen

# What needs one of these changes nothing.
_LOOKS = frozenset({"read", "view_index_metadata", "monitor"})
READ = Right("indices:data/read/get", ("read",))


@dataclass(frozen=True)
class Asker:
    """Somebody who was recognised. `rights` are of several lists of roles, each of which must let them do it.

    `key` is the id of the API key that they came with, `realm` where they are known (its name and its type).
    """

    username: str
    roles: Sequence[str]
    rights: Sequence[Rights]
    realm: tuple[str, str]
    kind: str = "realm"
    full_name: str | None = None
    email: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    key_name: str | None = None
    descriptors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of the roles, by name

    @property
    def is_unlimited(self) -> bool:
        """Whether they may do everything."""
        return all(each.is_unlimited for each in self.rights)

    @property
    def sees_parts(self) -> bool:
        """Whether documents of any index are held back from them."""
        return any(each.sees_parts for each in self.rights)

    @property
    def identity(self) -> str:
        """What tells them from everybody else."""
        return f"{self.realm[0]}/{self.username}" if self.key is None else f"_es_api_key/{self.key}"

    @property
    def standing(self) -> tuple[Any, ...]:
        """What tells them from everybody else, and from themselves with other rights."""
        return self.identity, [each.descriptors for each in self.rights], self.variables()

    @property
    def described(self) -> str:
        """Who they are, as refusals say it."""
        if self.key is not None:
            return f"API key id [{self.key}] of user [{self.username}]"
        return f"user [{self.username}] with effective roles [{','.join(sorted(self.roles))}]"

    def may(self, right: Right, name: str | None = None) -> bool:
        """Whether they may do something: with the cluster, or with an index."""
        if name is None or right.is_cluster:
            return all(each.cluster(right) for each in self.rights)
        return all(each.index(right, name) for each in self.rights)

    def check(self, right: Right, names: Sequence[str] = ()) -> None:
        """Raise Forbidden for what they may not do."""
        if not names and not self.may(right):
            raise Forbidden(right.reason(self.described))
        if denied := [name for name in names if not self.may(right, name)]:
            raise Forbidden(right.reason(self.described, denied))

    def variables(self) -> dict[str, Any]:
        """What templates of queries see of them."""
        told = {"username": self.username, "full_name": self.full_name, "email": self.email}
        return {"_user": {**told, "roles": sorted(self.roles), "metadata": dict(self.metadata)}}


@dataclass(frozen=True)
class View:
    """How an index may be seen: what an alias lets pass, and of each list of roles one of its queries."""

    filters: Sequence[Any] = ()
    roles: Sequence[Sequence[Any]] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is held back."""
        return not self.filters and not self.roles


@dataclass
class Visit:
    """One request of somebody who may not do everything. `right` is what the route needs of indices.

    By an index's own name, `views` are the ways in which it was named so that they may read it; and `looks` those in
    which they may only do other things: these let see documents where there are no others.
    """

    asker: Asker
    right: Right | None = None
    views: dict[str, list[View]] = field(default_factory=dict)
    looks: dict[str, list[View]] = field(default_factory=dict)

    def may(self, name: str, right: Right | None = None) -> bool:
        """Whether they may do to an index what the route does."""
        wanted = right or self.right
        return wanted is not None and self.asker.may(wanted, name)

    def check(self, name: str, right: Right | None = None) -> None:
        """Raise Forbidden if they may not."""
        wanted = right or self.right
        if wanted is None:
            raise Forbidden(f"action on indices [{name}] is unauthorized for {self.asker.described}")
        self.asker.check(wanted, [name])

    def let(self, index: str, named: Iterable[str], filters: Sequence[Any] = (), right: Right | None = None) -> None:
        """Let an index be opened that was named by these names, of which they may each.

        Raises Forbidden for what changes an index of which they may not see all: another alias or a field of that name
        would let them.
        """
        wanted = right or self.right
        if wanted is None:
            return
        for name in named:
            readable = next((each for each in (name, index) if self.asker.may(READ, each)), None)
            way = (wanted, name) if readable is None else (READ, readable)
            seen = [each.seen(*way) for each in self.asker.rights]
            view = View(filters, [own for own in seen if own is not None])
            known = (self.looks if readable is None else self.views).setdefault(index, [])
            if view not in known:
                known.append(view)
        if not _LOOKS.intersection(wanted.privileges):
            self.check_whole(index)

    def seen(self, index: str) -> Sequence[View]:
        """How an index that was named may be seen, in one of these ways; none: all of it.

        Raises Forbidden if it was not named by a name that they may name.
        """
        if index not in self.views and index not in self.looks:
            self.check(index)
            self.let(index, [index])
        views = self.views.get(index) or self.looks.get(index, [])
        return () if any(each.is_whole for each in views) else views

    def check_readable(self, index: str) -> None:
        """Raise Forbidden if they may not read documents of an index that was named."""
        if index not in self.views:
            self.check(index, READ)

    def check_whole(self, index: str) -> None:
        """Raise Forbidden if some of an index's documents are held back: not all that is asked can do without them."""
        if self.seen(index) or self._reads_part(index):
            raise Forbidden(
                f"document level security holds documents of [{index}] back from {self.asker.described}: nothing can "
                "be done here but to search and get them"
            )

    def _reads_part(self, index: str) -> bool:
        return self.asker.may(READ, index) and any(seen is not None for seen in self._read(index))

    def _read(self, index: str) -> list[Seen]:
        return [each.seen(READ, index) for each in self.asker.rights]
