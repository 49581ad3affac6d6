"""Sets of synonyms, which the analyzers of indices read."""

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from connote.search.analysis.rules import SynonymRule, SynonymsSet
from connote.search.storedrules import StoredRules


class Synonyms(StoredRules[SynonymRule]):
    """Each in the order of the ids of its rules."""

    key, id_key = "synonyms_set", "id"
    no_set = "synonyms set [{name}] not found"
    no_rule = "synonym rule [{id}] not found on synonyms set [{name}]"
    no_name = "[{name}] cannot be the name of a synonyms set"
    forbidden = "*,"

    def find(self, name: str) -> SynonymsSet | None:
        """The set of that name, for analyzers."""
        return SynonymsSet(self._sets[name]) if name in self._sets else None

    def rule_of(self, raw: Any) -> SynonymRule:  # noqa: ANN401 (JSON)
        """A rule of its body; without an id one is made. Raises IllegalArgument."""
        return SynonymsSet.parse_rule(raw, partial(secrets.token_urlsafe, 15))

    def ordered(self, rules: Sequence[SynonymRule]) -> Sequence[SynonymRule]:
        """By id. Raises IllegalArgument for two of one id, and for too many."""
        return SynonymsSet(rules).rules
