"""How the model behind an endpoint cuts a text into tokens."""

from collections import defaultdict

from connote.chunking.words import Text
from connote.contract.errors import ConnoteError
from connote.endpoints.endpoints import Endpoints
from connote.runtime.library import Library
from connote.runtime.pieces import pieces

# By token, where it stands: [start, end) in code points of a text.
Places = dict[str, list[tuple[int, int]]]


class Cutting:
    """Asks the tokenizers of the models on this machine; of a model that is elsewhere tokens are taken for words."""

    def __init__(self, endpoints: Endpoints, library: Library) -> None:
        self._endpoints, self._library = endpoints, library

    def places(self, endpoint: str, text: str) -> Places:
        """Where each token of the text stands."""
        found = defaultdict[str, list[tuple[int, int]]](list)
        for token, start, end in self._pieces(endpoint, text):
            found[token].append((start, end))
        return found

    def _pieces(self, endpoint: str, text: str) -> list[tuple[str, int, int]]:
        try:
            deployment = self._endpoints.find(endpoint).deployment
            if deployment is not None:
                folder = self._library.path(self._library.served(self._library.find(deployment.model)))
                if folder is not None:
                    return list(pieces(folder, text))
        except ConnoteError:  # the endpoint may have been deleted since; the lens shows what it can
            pass
        return [(text[start:end].lower(), start, end) for start, end in Text(text).words()] if text else []
