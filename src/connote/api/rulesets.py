"""The routes of query rules."""

from collections import Counter

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, Unparsable

_SET, _RULE = "/_query_rules/{ruleset_id}", "/_query_rules/{ruleset_id}/_rule/{rule_id}"


async def list_all(ask: Ask) -> Answer:
    """The sets of query rules, with how many rules and criteria of each kind they have."""
    start, size = ask.whole("from") or 0, ask.whole("size")
    size = 100 if size is None else size
    if start < 0 or not 0 <= size <= 1000:
        raise IllegalArgument("[from] must not be negative, and [size] must be 0 to 1000")
    found = ask.connote.rulesets.all
    shown = [
        {
            "ruleset_id": name,
            "rule_total_count": len(rules),
            "rule_criteria_types_counts": Counter(each.kind for rule in rules for each in rule.criteria),
            "rule_type_counts": Counter(rule.kind for rule in rules),
        }
        for name, rules in found.items()
    ]
    return Answer({"count": len(found), "results": shown[start : start + size]})


async def get(ask: Ask) -> Answer:
    """A set of query rules."""
    name = ask.path("ruleset_id")
    return Answer({"ruleset_id": name, "rules": [rule.wire() for rule in ask.connote.rulesets.get(name)]})


async def put(ask: Ask) -> Answer:
    """Keep a set of `rules`, in place of the one of its name."""
    return _kept(is_new=await ask.connote.rulesets.put(ask.path("ruleset_id"), await ask.json()))


async def delete(ask: Ask) -> Answer:
    """Delete a set of query rules."""
    await ask.connote.rulesets.remove(ask.path("ruleset_id"))
    return Answer({"acknowledged": True})


async def get_rule(ask: Ask) -> Answer:
    """A query rule."""
    return Answer(ask.connote.rulesets.rule(ask.path("ruleset_id"), ask.path("rule_id")).wire())


async def put_rule(ask: Ask) -> Answer:
    """Keep a query rule: `type`, `criteria`, `actions`, `priority`."""
    name, id = ask.path("ruleset_id"), ask.path("rule_id")
    return _kept(is_new=await ask.connote.rulesets.put_rule(name, id, await ask.json()))


async def delete_rule(ask: Ask) -> Answer:
    """Delete a query rule; with the last one the set goes."""
    await ask.connote.rulesets.remove_rule(ask.path("ruleset_id"), ask.path("rule_id"))
    return Answer({"acknowledged": True})


async def test(ask: Ask) -> Answer:
    """Which rules of a set apply to `match_criteria`."""
    name, body = ask.path("ruleset_id"), await ask.json()
    said = body.get("match_criteria")
    if not isinstance(said, dict) or len(body) != 1:
        raise Unparsable("[match_criteria] is required, an object, and nothing beside it")
    met = [rule for rule in ask.connote.rulesets.get(name) if rule.met(said)]
    shown = [{"ruleset_id": name, "rule_id": rule.id} for rule in met]
    return Answer({"total_matched_rules": len(met), "matched_rules": shown})


def _kept(*, is_new: bool) -> Answer:
    return Answer({"result": "created" if is_new else "updated"}, 201 if is_new else 200)


ROUTES = (
    Route("GET", "/_query_rules", list_all, {"from": "How many to leave out.", "size": "How many to show."}),
    Route("GET", _SET, get),
    Route("PUT", _SET, put),
    Route("DELETE", _SET, delete),
    Route("GET", _RULE, get_rule),
    Route("PUT", _RULE, put_rule),
    Route("DELETE", _RULE, delete_rule),
    Route("POST", f"{_SET}/_test", test),
)
