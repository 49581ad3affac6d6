"""What expressions may name at a place of a query, and what is wrong with them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from connote.contract.errors import ConnoteError
from connote.search.esql.nodes import Search
from connote.search.esql.running import Running
from connote.search.esql.source import Source
from connote.search.names import fits
from connote.search.thread import check

# Names that one is held against, and their characters; problems for which it is done.
_MOST_NEAR, _TOLD = 500, 20


class Problem(ConnoteError):
    """Something that keeps a query from running, at `line:column`: collected, for all are told together."""

    status = 400
    type = "verification_exception"

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")


@dataclass
class Scope:
    """`columns` are types by name, in order; `why` says of some that are `unsupported` what they are.

    `mapped` are those that are still fields of an index, which only may be searched; `behind` is the command, if there
    is one, behind which nothing is searched any more.
    """

    running: Running
    columns: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    mapped: set[str] = field(default_factory=set)
    behind: str = ""
    searches: list[Search] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    source: Source = field(default_factory=lambda: Source([]))  # what is searched
    limit: int | None = None  # the first LIMIT that follows
    scores: bool = False  # whether somebody wants to know how well documents match
    searchable: bool = False  # whether conditions here may search
    grouping: bool = False  # whether the next call is the first thing that rows are grouped by

    def put(self, name: str, kind: str) -> None:
        """A column behind the others, in place of one of its name."""
        self.columns.pop(name, None)
        self.columns[name] = kind
        self.mapped.discard(name)
        self.why.pop(name, None)

    def keep(self, names: list[str]) -> None:
        """Only these, in that order."""
        self.columns = {name: self.columns[name] for name in names}

    def find(self, name: str, at: str) -> str:
        """The type of a column. Raises Problem if there is none."""
        if name not in self.columns:
            raise Problem(at, self.unknown(name))
        return self.columns[name]

    def unknown(self, name: str) -> str:
        """What is wrong with a name that is not there."""
        near = self.near(name, self.columns, 5)
        told = f"any of [{', '.join(near)}]" if len(near) > 1 else f"[{near[0]}]" if near else ""
        return f"Unknown column [{name}]" + (f", did you mean {told}?" if near else "")

    def near(self, name: str, known: Iterable[str], count: int) -> list[str]:
        """Which of some names are like one that is not there; none if it would take long to find out."""
        check()
        listed = list(known)
        if len(name) > _MOST_NEAR or len(listed) > _MOST_NEAR or len(self.problems) > _TOLD:
            return []
        return get_close_matches(name, [each for each in listed if len(each) <= _MOST_NEAR], n=count, cutoff=0.6)

    def expand(self, pattern: str, at: str) -> list[str]:
        """The columns that a pattern means. Raises Problem if there are none."""
        plain = pattern.replace("\0", "*")
        if "*" not in pattern:
            self.find(plain, at)
            return [plain]
        found = [name for name in self.columns if fits(name, pattern.replace("\0", "*"))]
        if not found and pattern != "*":
            raise Problem(at, f"No matches found for pattern [{plain}]")
        return found

    def noted(self, problem: Problem) -> None:
        """Keep a problem, to be told with the others."""
        if len(self.problems) < 100:
            self.problems.append(str(problem))
