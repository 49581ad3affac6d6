"""The documents of a page of hits: read together, and only if one of them is looked at."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from connote.search import embedded
from connote.search.collect import Found, Hit
from connote.search.embedded import Fields
from connote.store.documents import Stored


class Page:
    """Of one index. The snapshot that found the hits keeps their documents from being removed."""

    def __init__(self, found: Found, hits: Sequence[Hit]) -> None:
        self._documents, self._hits = found.seen.index.documents, hits

    def routing(self, hit: Hit) -> str | None:
        """Where the document was sent to; nothing is read for it while no document of the index has a routing."""
        return self.state(hit).routing if self._documents.is_routed else None

    def state(self, hit: Hit) -> Stored:
        """The document of one of the hits."""
        return self._states[hit.seq]

    @cached_property
    def _states(self) -> dict[int, Stored]:
        return self._documents.at([hit.seq for hit in self._hits])


class Document:
    """A document with what its texts became."""

    def __init__(self, page: Page, hit: Hit) -> None:
        self._page, self._hit = page, hit

    @cached_property
    def source(self) -> dict[str, Any]:
        """As it was given."""
        return embedded.source(self._page.state(self._hit).source or b"{}")

    @cached_property
    def kept(self) -> Fields:
        """What its texts became."""
        return embedded.load(self._page.state(self._hit).inference)
