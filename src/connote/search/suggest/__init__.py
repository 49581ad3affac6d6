"""`suggest`: other words for those that were typed, and what a text that is being typed may become."""

from connote.search.suggest.suggest import Suggest

__all__ = ["Suggest"]
