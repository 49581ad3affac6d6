"""What roles hold back of indices: documents that a role's query does not find are not there for who has it.

https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/controlling-access-at-document-field-level
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, IllegalArgument, ParseFailed
from connote.contract.settings import java
from connote.endpoints import asking
from connote.ingest.template import Template
from connote.search.query.boolean import Bool
from connote.search.query.parse import parse
from connote.search.query.query import Query
from connote.security.asker import View, Visit


def check(given: Any) -> None:  # noqa: ANN401 (a query of a role)
    """Raise ParseFailed for what is no query; of a template, if it is none."""
    try:
        query = _loaded(given)
        if (source := _template(query)) is None:
            parse(query)
        else:
            Template(source)
    except ConnoteError as error:
        wrong = ParseFailed(f"failed to parse field 'query' for the privileges of indices: {error.reason}")
        wrong.caused_by = error
        raise wrong from None


def through(index: str, kept: Query | None) -> Query | None:
    """What may be seen of an index by who asks, where `kept` lets only some be seen; None if all may.

    Raises Forbidden if the request has not named the index by a name that they may name.
    """
    visit = asking.visit()
    views = () if visit is None else visit.seen(index)
    if visit is None or not views:
        return kept
    own = Bool(should=[_view(each, visit) for each in views], least=1)
    return own if kept is None else Bool(filters=[own, kept])


def is_part(index: str) -> bool:
    """Whether some documents of an index are held back from who asks. Raises Forbidden."""
    visit = asking.visit()
    return visit is not None and bool(visit.seen(index))


def _view(view: View, visit: Visit) -> Query:
    """What one way of naming the index shows: in each list of roles one query must match, and aliases' filters."""
    variables = visit.asker.variables()
    roles = [Bool(should=[_query(each, variables) for each in some], least=1) for some in view.roles]
    return Bool(filters=[*roles, *(parse(each) for each in view.filters)])


def _query(given: Any, variables: Mapping[str, Any]) -> Query:  # noqa: ANN401
    query = _loaded(given)
    source = _template(query)
    if source is None:
        return parse(query)
    params = query["template"].get("params") or {}
    return parse(_loaded(Template(source).render({**params, **variables})))


def _template(query: Mapping[str, Any]) -> str | None:
    """The source of a query that is a template. Raises IllegalArgument."""
    if "template" not in query:
        return None
    given = query["template"]
    source = given.get("source") if isinstance(given, Mapping) else None
    if isinstance(source, Mapping | Sequence) and not isinstance(source, str):
        source = orjson.dumps(source).decode()
    if not isinstance(source, str):
        raise IllegalArgument("the [template] of a role's query must have a [source]")
    return source


def _loaded(given: Any) -> dict[str, Any]:  # noqa: ANN401
    try:
        query = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError as error:
        raise IllegalArgument(f"the query is no JSON: {error.msg}") from None
    if not isinstance(query, dict):
        raise IllegalArgument(f"the query must be an object, not [{java(query)[:100]}]")
    return query
