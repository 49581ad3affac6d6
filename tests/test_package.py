"""What is shipped: a wheel that serves from an empty folder, and a runtime that stands alone."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
# Stands in for an environment without the web stack and the database: importing them is an error.
ALONE = """
import sys
for name in ("starlette", "uvicorn", "sqlalchemy", "httpx", "typer"):
    sys.modules[name] = None
from pathlib import Path
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel
library = Library(Path(sys.argv[1]))
row, folder = library.resolve(library.find(".elser_model_2"), lambda *_: None)
model = LocalModel.load(row, folder, 1)
items = model.encode(Inputs(["a house by the sea"]))
print(model.finish(items, model.run(items)).vectors[0].tokens[0])
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=280, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_is_served_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"connote/py.typed", "connote/api/unbuilt.html", "connote/console/index.html"} <= set(names)
    assert any(name.startswith("connote/console/assets/") and name.endswith(".js") for name in names)
    assert all(name.startswith(("connote/", "connote-")) for name in names)
    assert {name.rsplit("/", 1)[1] for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_the_sdist_holds_the_built_console_so_that_installing_it_needs_no_node(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", tmp_path / "tools", "hatchling")
    build = f"import sys; sys.path.insert(0, {str(tmp_path / 'tools')!r}); from hatchling.build import build_sdist; "
    run(sys.executable, "-c", build + f"build_sdist({str(tmp_path)!r})", cwd=ROOT)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"src/connote/console/index.html", "console/package-lock.json", "console/src/main.tsx"} <= set(names)
    assert not any("node_modules" in name for name in names)


def test_an_installed_wheel_serves_from_an_empty_folder(wheel: Path, tmp_path: Path, library: object) -> None:
    assert library is not None  # it has set where the models are
    site = tmp_path / "site"
    venv.create(site, with_pip=False, system_site_packages=False)
    python = site / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel)
    here = tmp_path / "empty"
    here.mkdir()
    # Its dependencies are those of this environment; connote itself is the wheel's.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    (next(site.glob("lib/*/site-packages")) / "dependencies.pth").write_text(packages)
    where = run(python, "-c", "import connote; print(connote.__file__)", cwd=here)
    assert str(site) in where
    command: list[str | Path] = [python, "-m", "connote.cli", "serve", "--port", "0", "--data", here / "data"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[4]
            answer = httpx.post(f"{url}/_inference/.elser-2-elastic", json={"input": "a house"}, trust_env=False)
        finally:
            server.terminate()
    assert answer.json()["sparse_embedding"][0]["embedding"]["house"] > 1
    assert [path.name for path in here.iterdir()] == ["data"]


def test_the_runtime_stands_alone(library: object) -> None:
    assert library is not None
    import os  # noqa: PLC0415 (here only)

    assert run(sys.executable, "-c", ALONE, os.environ["CONNOTE_MODELS"]).strip() in {"house", "sea"}
