"""The roles that there are from the start, as far as they say anything here.

https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/built-in-roles
"""

from collections.abc import Mapping, Sequence
from typing import Any

_OWN = "/~(([.]|ilm-history-).*)/"  # what users have made


def _role(
    description: str,
    cluster: Sequence[str] = (),
    indices: Sequence[tuple[str, Sequence[str]]] = (),
    applications: Sequence[str] = (),
) -> dict[str, Any]:
    entries = [
        {"names": [names], "privileges": list(privileges), "allow_restricted_indices": False}
        for names, privileges in indices
    ]
    return {
        "cluster": list(cluster),
        "indices": entries,
        "applications": [
            {"application": "kibana-.kibana", "privileges": [each], "resources": ["*"]} for each in applications
        ],
        "run_as": [],
        "metadata": {"_reserved": True},
        "transient_metadata": {"enabled": True},
        "description": description,
    }


_SUPERUSER = _role("May do everything.", ["all"], [("*", ["all"])]) | {
    "applications": [{"application": "*", "privileges": ["*"], "resources": ["*"]}],
    "run_as": ["*"],
}
BUILTIN: Mapping[str, Mapping[str, Any]] = {
    "superuser": _SUPERUSER,
    "viewer": _role("May read what users have made.", (), [(_OWN, ["read", "view_index_metadata"])], ["read"]),
    "editor": _role("May read what users have made.", (), [(_OWN, ["read", "view_index_metadata"])], ["all"]),
    "kibana_admin": _role("May use all of Kibana.", applications=["all"]),
    "monitoring_user": _role("May see how the cluster does.", ["monitor"]),
    "ingest_admin": _role("May manage templates and pipelines.", ["manage_index_templates", "manage_pipeline"]),
    "machine_learning_admin": _role("May manage models.", ["manage_ml"]),
    "machine_learning_user": _role("May see models.", ["monitor_ml"]),
    "inference_admin": _role("May manage inference endpoints.", ["manage_inference"]),
    "inference_user": _role("May use inference endpoints.", ["monitor_inference"]),
    "enrich_user": _role("May manage enrich policies.", ["manage_enrich", "manage_ingest_pipelines", "monitor"]),
    "snapshot_user": _role("May make snapshots.", ["create_snapshot"], [("*", ["view_index_metadata"])]),
}
SUPERUSER = "superuser"
