"""What each route needs: the one table from a route to a privilege. What is not in it only a superuser may do.

https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/elasticsearch-privileges
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache

from connote.contract.errors import Forbidden
from connote.endpoints.asking import Asking
from connote.search import names
from connote.security.asker import Asker, Visit
from connote.security.authentication import ANYBODY as STRANGER
from connote.security.rights import Right

# For anybody who was recognised; the route itself looks at the rest.
ANYBODY = Right("", ())


def _cluster(action: str, *privileges: str) -> Right:
    return Right(f"cluster:{action}", privileges, is_cluster=True)


def _index(action: str, *privileges: str) -> Right:
    return Right(f"indices:{action}", privileges)


_READ = _index("data/read/search", "read")
_GET = _index("data/read/get", "read")
_WRITE = _index("data/write/bulk", "create_doc", "delete")  # each item has a right of its own
_LOOK = _index("admin/get", "view_index_metadata")
_MANAGE = _index("admin/manage", "manage")
_MONITOR = _cluster("monitor/state", "monitor")
_INFER = _cluster("monitor/xpack/inference/post", "monitor_inference")
_MODELS = _cluster("monitor/xpack/ml/inference/get", "monitor_ml")
_APPLICATIONS = _cluster("admin/xpack/application/search_application/get", "manage_search_application")

# Here indices are told of, but nothing that is in them; with other rights to monitor, no documents but how many.
_WHOLE = (_cluster("monitor/health", "monitor"), _cluster("monitor/main", "monitor"))
# Methods, a pattern of the path as the routes have it, and the right; the first that fits counts.
TABLE: tuple[tuple[str, str, Right], ...] = (
    # Who asks.
    ("GET", "/_security/_authenticate", ANYBODY),
    ("GET POST", "/_security/user/_has_privileges", ANYBODY),
    ("GET", "/_security/user/_privileges", ANYBODY),
    ("PUT POST", "/_security/user/_password", ANYBODY),
    ("PUT POST", "/_security/user/{username}/_password", ANYBODY),
    ("GET POST", "/_security/_query/api_key", ANYBODY),
    ("GET POST", "/_security/_query/*", _cluster("admin/xpack/security/read", "read_security")),
    ("POST", "/_security/api_key/grant", _cluster("admin/xpack/security/api_key/grant", "grant_api_key")),
    ("GET POST PUT DELETE", "/_security/api_key*", ANYBODY),
    ("GET", "/_security/privilege/_builtin", _cluster("admin/xpack/security/privilege/builtin/get", "read_security")),
    ("POST DELETE", "/_security/oauth2/token", _cluster("admin/xpack/security/token", "manage_token")),
    ("GET", "/_security/*", _cluster("admin/xpack/security/read", "read_security")),
    ("* ", "/_security/*", _cluster("admin/xpack/security/write", "manage_security")),
    # The node.
    ("GET HEAD", "/", _cluster("monitor/main", "monitor")),
    ("GET", "/livez", ANYBODY),
    ("GET", "/readyz", ANYBODY),
    ("GET", "/health", ANYBODY),
    ("PUT", "/_cluster/settings", _cluster("admin/settings/update", "manage")),
    ("GET", "/_cluster/health*", _cluster("monitor/health", "monitor")),
    ("GET", "/_cluster/*", _MONITOR),
    ("POST", "/_cluster/allocation/explain", _MONITOR),
    ("GET", "/_nodes*", _MONITOR),
    ("GET", "/_info/*", _MONITOR),
    ("GET", "/_dangling", _MONITOR),
    ("GET", "/_xpack*", _MONITOR),
    ("GET", "/_license*", _MONITOR),
    ("POST", "/_license*", _cluster("admin/xpack/license/put", "manage")),
    ("GET", "/_health_report*", _cluster("monitor/health", "monitor")),
    ("GET", "/_features", _MONITOR),
    ("GET", "/_migration/*", _MONITOR),
    ("GET", "/_remote/info", _MONITOR),
    ("POST", "/_tasks*_cancel", _cluster("admin/tasks/cancel", "manage")),
    ("GET", "/_tasks*", _cluster("monitor/tasks/lists", "monitor")),
    ("GET", "/_cat/ml/*", _MODELS),
    ("GET", "/_cat/indices*", _index("monitor/stats", "monitor")),
    ("GET", "/_cat/shards*", _index("monitor/stats", "monitor")),
    ("GET POST", "/_cat/count*", _READ),
    ("GET", "/_cat/segments*", _index("monitor/segments", "monitor")),
    ("GET", "/_cat/recovery*", _index("monitor/recovery", "monitor")),
    ("GET", "/_cat/aliases*", _index("admin/aliases/get", "view_index_metadata")),
    ("GET", "/_cat*", _MONITOR),
    # What endpoints and models do.
    ("GET", "/_inference*", _cluster("monitor/xpack/inference/get", "monitor_inference")),
    ("PUT", "/_inference*", _cluster("admin/xpack/inference/put", "manage_inference")),
    ("DELETE", "/_inference*", _cluster("admin/xpack/inference/delete", "manage_inference")),
    ("POST", "/_inference*", _INFER),
    ("GET POST", "/v1/*", _INFER),
    ("POST", "/v2/*", _INFER),
    ("POST", "/embed*", _INFER),
    ("POST", "/rerank", _INFER),
    ("GET", "/info", _INFER),
    ("GET", "/_ml/*", _MODELS),
    ("POST", "/_ml/*_infer", _cluster("monitor/xpack/ml/inference/infer", "monitor_ml")),
    ("POST PUT DELETE", "/_ml/*", _cluster("admin/xpack/ml/inference/put", "manage_ml")),
    ("GET", "/_connote/usage", _MONITOR),
    ("GET", "/_connote/*", _INFER),
    ("POST", "/_connote/_chunk", _INFER),
    # What is kept beside indices.
    ("GET", "/_ingest/processor/grok", _cluster("admin/ingest/processor/grok/get", "read_pipeline", "monitor")),
    # With `enrich` pipelines tell what policies have copied.
    ("GET POST", "/_ingest/*_simulate", _cluster("admin/ingest/pipeline/simulate", "manage_ingest_pipelines")),
    ("GET", "/_ingest/*", _cluster("admin/ingest/pipeline/get", "read_pipeline")),
    ("PUT DELETE", "/_ingest/*", _cluster("admin/ingest/pipeline/put", "manage_ingest_pipelines")),
    ("GET HEAD", "/_index_template*", _cluster("admin/indices/template/get", "manage_index_templates", "monitor")),
    (
        "GET HEAD",
        "/_component_template*",
        _cluster("admin/component_template/get", "manage_index_templates", "monitor"),
    ),
    ("GET HEAD", "/_template*", _cluster("admin/template/get", "manage_index_templates", "monitor")),
    ("PUT POST DELETE", "/_index_template*", _cluster("admin/indices/template/put", "manage_index_templates")),
    ("PUT POST DELETE", "/_component_template*", _cluster("admin/component_template/put", "manage_index_templates")),
    ("PUT POST DELETE", "/_template*", _cluster("admin/template/put", "manage_index_templates")),
    ("GET PUT DELETE", "/_synonyms*", _cluster("admin/synonyms", "manage_search_synonyms")),
    ("GET PUT POST DELETE", "/_query_rules*", _cluster("admin/xpack/query_rules", "manage_search_query_rules")),
    ("GET PUT POST DELETE", "/_enrich*", _cluster("admin/xpack/enrich", "manage_enrich")),
    # What goes on by itself has all rights: only superusers make transforms, policies and aliases by applications.
    ("GET POST", "/_transform/*_preview", _cluster("admin/transform/preview", "manage_transform")),
    ("GET", "/_transform*", _cluster("monitor/transform/get", "monitor_transform")),
    ("GET", "/_ilm/*", _cluster("admin/ilm/get", "read_ilm")),
    ("POST", "/_ilm/start", _cluster("admin/ilm/start", "manage_ilm")),
    ("POST", "/_ilm/stop", _cluster("admin/ilm/stop", "manage_ilm")),
    ("GET", "/{index}/_ilm/explain", _LOOK),
    ("GET POST", "/_application/search_application/{name}/_search", _READ),
    ("GET", "/_application/search_application*", _APPLICATIONS),
    ("POST", "/_application/search_application/{name}/_render_query", _APPLICATIONS),
    ("GET", "/_script_*", _MONITOR),
    ("GET POST PUT DELETE", "/_scripts*", _cluster("admin/script", "manage")),
    # Searches. Who asks for a kept one must be who began it.
    ("GET POST", "/_render/template*", ANYBODY),
    ("GET POST DELETE", "/_async_search/*", ANYBODY),
    ("GET POST DELETE", "/_query/async/{id}*", ANYBODY),
    ("GET POST DELETE", "/_search/scroll*", _READ),
    ("DELETE", "/_pit", _READ),
    ("POST", "/_query*", _index("data/read/esql", "read")),
    ("GET POST", "/{index}/_reload_search_analyzers", _MANAGE),
    ("GET POST", "*_msearch*", _READ),
    ("GET POST", "*_search*", _READ),
    ("GET POST", "*_async_search", _READ),
    ("GET POST", "*_count", _READ),
    ("GET POST", "*_rank_eval", _index("data/read/rank_eval", "read")),
    ("GET POST", "/{index}/_mvt/*", _READ),
    ("POST", "/{index}/_pit", _index("data/read/open_point_in_time", "read")),
    ("GET POST", "*_field_caps", _index("data/read/field_caps", "read", "view_index_metadata")),
    ("GET POST", "/{index}/_terms_enum", _index("data/read/terms", "read")),
    ("GET POST", "/{index}/_explain/*", _index("data/read/explain", "read")),
    ("GET POST", "*_validate/query", _index("admin/validate/query", "view_index_metadata")),
    ("GET POST", "*_mget", _GET),
    ("GET HEAD", "/{index}/_doc/{id}", _GET),
    ("GET HEAD", "/{index}/_source/{id}", _GET),
    ("GET POST", "*_termvectors*", _index("data/read/tv", "read")),
    ("GET POST", "*_mtermvectors*", _index("data/read/tv", "read")),
    ("GET POST", "/{index}/_connote/explain", _index("data/read/explain", "read")),
    # Writes.
    ("POST PUT", "*_bulk", _WRITE),
    ("POST PUT DELETE", "/{index}/_doc*", _WRITE),
    ("POST PUT", "/{index}/_create/*", _WRITE),
    ("POST", "/{index}/_update/*", _WRITE),
    ("POST", "/{index}/_update_by_query", _READ),
    ("POST", "/{index}/_delete_by_query", _READ),
    ("POST", "/_reindex", _READ),
    ("POST", "/{kind}/{task_id}/_rethrottle", _cluster("admin/reindex/rethrottle", "manage")),
    # Indices.
    ("PUT", "/{index}", _index("admin/create", "create_index")),
    ("DELETE", "/{index}", _index("admin/delete", "delete_index")),
    ("GET HEAD", "/{index}", _LOOK),
    ("GET", "*_mapping*", _index("admin/mappings/get", "view_index_metadata")),
    ("PUT POST", "*_mapping*", _index("admin/mapping/put", "manage")),
    ("GET", "*_settings*", _index("monitor/settings/get", "view_index_metadata", "monitor")),
    ("PUT", "*_settings", _index("admin/settings/update", "manage")),
    ("GET HEAD", "*_alias*", _index("admin/aliases/get", "view_index_metadata")),
    ("PUT POST DELETE", "/{index}/_alias*", _index("admin/aliases", "manage")),
    ("POST", "/_aliases", _index("admin/aliases", "manage")),
    ("GET POST", "*_refresh", _index("admin/refresh", "maintenance")),
    ("GET POST", "*_flush*", _index("admin/flush", "maintenance")),
    ("POST", "*_forcemerge", _index("admin/forcemerge", "maintenance")),
    ("POST", "*_cache/clear", _index("admin/cache/clear", "maintenance")),
    ("GET", "*_stats*", _index("monitor/stats", "monitor")),
    ("GET", "*_segments", _index("monitor/segments", "monitor")),
    ("GET", "*_recovery", _index("monitor/recovery", "monitor")),
    ("GET POST", "/_analyze", _cluster("admin/analyze", "monitor")),
    ("GET POST", "/{index}/_analyze", _index("admin/analyze", "view_index_metadata", "manage")),
    ("GET POST", "/_resolve/index/{index}", _index("admin/resolve/index", "view_index_metadata")),
    ("GET", "/_data_stream*", _index("admin/data_stream/get", "view_index_metadata")),
    ("GET", "/{index}/_lifecycle/explain", _LOOK),
    ("PUT", "/_data_stream/{name}", _index("admin/data_stream/create", "create_index")),
    ("DELETE", "/_data_stream/{name}", _index("admin/data_stream/delete", "delete_index")),
    ("POST PUT", "/{index}/_open", _MANAGE),
    ("POST PUT", "/{index}/_close", _MANAGE),
    ("POST", "/{alias}/_rollover*", _index("admin/rollover", "manage")),
    ("POST PUT", "/{index}/_clone/*", _MANAGE),
    ("POST PUT", "/{index}/_split/*", _MANAGE),
    ("POST PUT", "/{index}/_shrink/*", _MANAGE),
    ("GET POST DELETE", "/{index}/_connote/*", _MANAGE),
)
# Of these parts of a path each is the name of an index, or of several.
_NAMED = ("index", "alias", "target", "new_index")


@cache
def right_of(method: str, path: str) -> Right | None:
    """What a route needs; None if only a superuser may."""
    for methods, pattern, right in TABLE:
        if (methods == "* " or method in methods.split()) and fnmatchcase(path, pattern.replace("[", "[[]")):
            return right
    return None


def begin(asking: Asking, asker: Asker, route: tuple[str, str], params: dict[str, str]) -> None:
    """Let a request in, or raise Forbidden. What it may do to indices is looked at where they are found."""
    asking.asker = asker
    if asker is STRANGER or asker.is_unlimited:
        return
    right = right_of(*route)
    if right is None:
        raise Forbidden(f"action [{' '.join(route)}] is unauthorized for {asker.described}; only a superuser may")
    if right is ANYBODY or right.is_cluster:
        if right is not ANYBODY:
            asker.check(right)
        is_told = right in _WHOLE or (right.privileges == ("monitor",) and not asker.sees_parts)
        asking.visit = None if is_told else Visit(asker, _READ)
        return
    asking.visit = Visit(asker, right)
    for name in _concrete(route[1], params):
        asking.visit.check(name)


def _concrete(path: str, params: dict[str, str]) -> Iterator[str]:
    """The names in a path that must be permitted each; where some may be left out it is looked at later."""
    listed = [params[each] for each in _NAMED if each in params]
    if path.startswith("/_data_stream") and "name" in params:
        listed.append(params["name"])
    for each in listed:
        parts = [] if each in names.ALL else each.split(",")
        if len(parts) == 1 and "*" not in each:
            yield each
