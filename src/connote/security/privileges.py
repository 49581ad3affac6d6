"""Privileges of the cluster and of indices: their names, and which of them have others in them.

https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/elasticsearch-privileges
"""

from collections.abc import Iterable, Mapping
from functools import cache

# By name, what a privilege has in it beside itself. `all` has all.
_SECURITY = (
    "grant_api_key", "manage_api_key", "manage_own_api_key", "manage_service_account", "manage_token",
    "manage_user_profile", "read_security", "manage_oidc", "manage_saml",
)  # fmt: skip
_MONITOR = (
    "monitor_connector", "monitor_data_stream_global_retention", "monitor_enrich", "monitor_esql", "monitor_inference",
    "monitor_ml", "monitor_rollup", "monitor_snapshot", "monitor_stats", "monitor_text_structure", "monitor_transform",
    "monitor_watcher", "monitor_data_frame_transforms",
)  # fmt: skip
_MANAGE = (
    "monitor", "manage_autoscaling", "manage_behavioral_analytics", "manage_ccr", "manage_connector",
    "manage_data_frame_transforms", "manage_data_stream_global_retention", "manage_enrich", "manage_ilm",
    "manage_index_templates", "manage_inference", "manage_ingest_pipelines", "manage_logstash_pipelines", "manage_ml",
    "manage_pipeline", "manage_rollup", "manage_search_application", "manage_search_query_rules",
    "manage_search_synonyms", "manage_slm", "manage_transform", "manage_watcher", "cancel_task", "create_snapshot",
    "cross_cluster_replication", "cross_cluster_search", "delegate_pki", "post_behavioral_analytics_event",
    "read_ccr", "read_connector_secrets", "read_ilm", "read_pipeline", "read_slm", "transport_client",
    "write_connector_secrets", "write_fleet_secrets", "read_fleet_secrets",
)  # fmt: skip
CLUSTER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*_MONITOR, *_MANAGE, *_SECURITY), ()),
    "none": (),
    "monitor": _MONITOR,
    "manage": _MANAGE,
    "manage_api_key": ("manage_own_api_key",),
    "manage_enrich": ("monitor_enrich",),
    "manage_ilm": ("read_ilm",),
    "manage_inference": ("monitor_inference",),
    "manage_ingest_pipelines": ("read_pipeline",),
    "manage_ml": ("monitor_ml",),
    "manage_pipeline": ("read_pipeline", "manage_ingest_pipelines"),
    "manage_security": _SECURITY,
    "manage_slm": ("read_slm",),
    "all": ("manage", "manage_security"),
}
_METADATA = (
    "manage_data_stream_lifecycle", "manage_failure_store", "manage_follow_index", "manage_ilm", "manage_leader_index",
    "monitor", "view_index_metadata", "maintenance", "auto_configure", "create_index", "delete_index",
)  # fmt: skip
INDICES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_METADATA, ()),
    **dict.fromkeys(("create_doc", "cross_cluster_replication", "cross_cluster_replication_internal"), ()),
    **dict.fromkeys(("delete", "none", "read", "read_cross_cluster", "read_failure_store"), ()),
    "create": ("create_doc",),
    "index": ("create",),
    "write": ("index", "delete"),
    "manage": _METADATA,
    "all": ("manage", "write", "read", "read_cross_cluster", "read_failure_store"),
}


def implied(names: Iterable[str], kinds: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """These privileges with all that is in them."""
    return frozenset(each for name in names for each in _inside(name, id(kinds)))


def granting(wanted: Iterable[str], kinds: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Which privileges have one of these in them, the narrowest first."""
    needed = set(wanted)
    found = [name for name in kinds if needed & _inside(name, id(kinds))]
    return sorted(found, key=lambda name: (len(_inside(name, id(kinds))), name))


@cache
def _inside(name: str, kinds: int) -> frozenset[str]:
    known = CLUSTER if kinds == id(CLUSTER) else INDICES
    return frozenset({name}).union(*(_inside(each, kinds) for each in known.get(name, ())))
