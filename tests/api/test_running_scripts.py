"""Scripts that are kept by id, where documents are written."""

import httpx

from connote.search.trial import CONTEXTS


def test_updates_and_pipelines_run_it(indices: httpx.Client) -> None:
    add = {"script": {"lang": "painless", "source": "if (ctx._source != null) { ctx._source.n += params.by }"}}
    indices.put("/_scripts/add", json=add)
    indices.put("/counts/_doc/1?refresh=true", json={"n": 1})
    by = {"id": "add", "params": {"by": 4}}
    assert indices.post("/counts/_update/1?refresh=true", json={"script": by}).json()["result"] == "updated"
    assert indices.post("/counts/_update_by_query", json={"script": by}).json()["updated"] == 1
    assert indices.get("/counts/_source/1").json() == {"n": 9}
    put = {"script": {"lang": "painless", "source": "ctx.was = params.was"}}
    indices.put("/_scripts/put", json=put)
    steps = [{"script": {"id": "put", "params": {"was": "here"}}}]
    assert indices.put("/_ingest/pipeline/noted", json={"processors": steps}).status_code == 200
    indices.put("/counts/_doc/2?pipeline=noted", json={})
    assert indices.get("/counts/_source/2").json() == {"was": "here"}
    missing = indices.put("/_ingest/pipeline/other", json={"processors": [{"script": {"id": "nothing"}}]})
    assert missing.status_code == 404, missing.text
    indices.delete("/_scripts/put")
    gone = indices.put("/counts/_doc/3?pipeline=noted", json={})
    assert gone.status_code in (400, 404), gone.text
    assert "unable to find script [put]" in gone.text
    indices.delete("/_ingest/pipeline/noted")
    indices.delete("/_scripts/add")


def test_contexts_and_languages_are_told(http: httpx.Client) -> None:
    contexts = {each["name"]: each["methods"] for each in http.get("/_script_context").json()["contexts"]}
    assert contexts["score"] == [
        {"name": "execute", "return_type": "double", "params": []},
        {"name": "getDoc", "return_type": "java.util.Map", "params": []},
        {"name": "getParams", "return_type": "java.util.Map", "params": []},
        {"name": "get_score", "return_type": "double", "params": []},
    ]
    told = http.get("/_script_language").json()
    assert told["types_allowed"] == ["inline", "stored"]
    languages = {each["language"]: each["contexts"] for each in told["language_contexts"]}
    assert sorted(languages) == ["mustache", "painless"]
    assert sorted(name for names in languages.values() for name in names) == sorted(contexts)
    assert set(CONTEXTS) <= set(languages["painless"])
