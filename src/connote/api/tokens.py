"""The routes of tokens, which users get for their password."""

from typing import Any

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, InvalidRequest, Unauthorized, Unparsable
from connote.contract.settings import java
from connote.security.asker import Asker
from connote.security.tokens import SECONDS

_GRANTS = ("password", "refresh_token")


async def get(ask: Ask) -> Answer:
    """A token for `username` and `password` (`grant_type: password`), or for what refreshes one (`refresh_token`)."""
    body, authentication = await ask.json(), ask.connote.authentication
    if unknown := body.keys() - {"grant_type", "username", "password", "refresh_token", "scope"}:
        raise Unparsable(f"[token_request] unknown field [{min(unknown)}]")
    grant = body.get("grant_type")
    if grant not in _GRANTS:
        raise IllegalArgument(f"[grant_type] must be one of {list(_GRANTS)}, not [{java(grant)[:50]}]")
    if grant == "password":
        name, password = (_text(body, field) for field in ("username", "password"))
        user = await authentication.user(name, password)
    else:
        user = authentication.refreshed(_text(body, "refresh_token"))
    if user is None:
        raise Unauthorized(f"unable to authenticate by grant_type [{grant}]")
    access, refresh = authentication.tokens.make(user.username, user.realm[0])
    told = {"access_token": access, "type": "Bearer", "expires_in": SECONDS, "refresh_token": refresh}
    return Answer({**told, "authentication": _told(user)})


async def invalidate(ask: Ask) -> Answer:
    """End tokens: a `token`, a `refresh_token`, or all of a `username` or `realm_name`."""
    body, tokens = await ask.json(), ask.connote.authentication.tokens
    if unknown := body.keys() - {"token", "refresh_token", "username", "realm_name"}:
        raise Unparsable(f"[invalidate_token] unknown field [{min(unknown)}]")
    if not body or (len(body) > 1 and body.keys() != {"username", "realm_name"}):
        raise InvalidRequest(["only one of [token, refresh_token] or of [username, realm_name] must be given"])
    given = {name: _text(body, name) for name in body}
    if "token" in given or "refresh_token" in given:
        ((name, secret),) = given.items()
        ended = tokens.invalidate(secret, refreshes=name == "refresh_token")
    else:
        username, realm = given.get("username"), given.get("realm_name")
        ended = tokens.invalidate_all(lambda each: username in (None, each.username) and realm in (None, each.realm))
    told = {"invalidated_tokens": ended, "previously_invalidated_tokens": 0, "error_count": 0}
    return Answer(told, 200 if ended or "username" in given or "realm_name" in given else 404)


def _told(user: Asker) -> dict[str, Any]:
    realm = dict(zip(("name", "type"), user.realm, strict=True))
    return {
        "username": user.username,
        "roles": list(user.roles),
        "full_name": user.full_name,
        "email": user.email,
        "metadata": dict(user.metadata),
        "enabled": True,
        "authentication_realm": realm,
        "lookup_realm": realm,
        "authentication_type": "realm",
    }


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest([f"{name} is missing"])
    return value


_TOKEN = "/_security/oauth2/token"  # noqa: S105 (a path)
ROUTES = (Route("POST", _TOKEN, get), Route("DELETE", _TOKEN, invalidate))
