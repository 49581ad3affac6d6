"""The command line."""

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from connote import config as configuration
from connote import serving
from connote.app import opened, stock
from connote.config import Config
from connote.contract import requests
from connote.contract.errors import ConnoteError, IllegalArgument
from connote.contract.tasks import TaskType
from connote.demo.listings import COUNT as LISTINGS
from connote.demo.tour import HYBRID, INDEX, SEARCHES, Shown, Tour
from connote.models.references import Reference
from connote.runtime.catalog import Head, Model
from connote.runtime.library import Library
from connote.runtime.sources import Progress as Reporter
from connote.store.folder import DataFolder
from connote.version import VERSION, VERSION_SPOKEN

app = typer.Typer(
    help="An open inference tier for semantic search. It speaks the Elasticsearch inference API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="The models: list them, pull their files, verify them.", no_args_is_help=True)
endpoints_app = typer.Typer(help="The inference endpoints.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(endpoints_app, name="endpoints")

# The models of the preconfigured endpoints.
DEFAULT_MODELS = (".elser_model_2", ".multilingual-e5-small", ".rerank-v1")
DEMO_TEXT = "There is no reason anyone would want a computer in their home"
DEMO_ENDPOINT = ".elser-2-elastic"

Data = Annotated[
    Path | None, typer.Option(help="The folder of endpoints, indices and models.", show_default="your user data folder")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A TOML file; docs/configuration.md lists what it holds.")
]
Host = Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="The port to listen on.", show_default="9200", min=0, max=65535)]
ModelIds = Annotated[
    list[str] | None, typer.Argument(help="Model ids or aliases.", show_default="those of the preconfigured endpoints")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run before every command."""


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None, config: ConfigFile = None) -> None:
    """Serve the API. Nothing is loaded before its first use.

    Example: connote serve --port 9201 --data ./data
    """
    with reported():
        settings = _settings(config, data, host, port)
        serving.run(settings, lambda url: typer.echo(_greeting(url, settings)))


@app.command()
def demo(host: Host = None, port: Port = None, data: Data = None, config: ConfigFile = None) -> None:
    """Pull the default models, serve, and show what a text expands to."""
    with reported():
        settings = _settings(config, data, host, port)
        serving.check(settings)
        _pull(_library(settings), DEFAULT_MODELS)
        serving.run(settings, lambda url: _show_demo(url, settings))


@app.command()
def infer(
    endpoint: Annotated[str, typer.Argument(help="The id of an inference endpoint, such as .elser-2-elastic.")],
    texts: Annotated[
        list[str] | None, typer.Argument(help="The input; without it, one text a line is read from stdin.")
    ] = None,
    query: Annotated[str | None, typer.Option(help="For rerank: the query to score the texts against.")] = None,
    input_type: Annotated[
        str | None, typer.Option(help="For text_embedding: search, ingest, classification or clustering.")
    ] = None,
    chart: Annotated[bool, typer.Option("--chart", help="For sparse embeddings: draw the weights as bars.")] = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Run inference: by the server of the data folder if it runs, else in this process.

    Example: connote infer .elser-2-elastic "a house near the sea" --chart
    """
    with reported():
        settings = _settings(config, data)
        inputs = texts or _lines()
        body: dict[str, Any] = {"input": inputs, "query": query, "input_type": input_type, "timeout": "10m"}
        answer = _ask_server(settings, "POST", f"/_inference/{quote(endpoint, safe='')}", body)
        if answer is None:
            answer = asyncio.run(_infer_here(settings, endpoint, body))
        if chart and "sparse_embedding" in answer:
            for text, vector in zip(inputs, answer["sparse_embedding"], strict=True):
                _draw(text, vector["embedding"])
        else:
            typer.echo(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2))


@endpoints_app.command("list")
def list_endpoints(data: Data = None, config: ConfigFile = None) -> None:
    """List the endpoints: what each is for, and where it runs."""
    with reported():
        settings = _settings(config, data)
        answer = _ask_server(settings, "GET", "/_connote/endpoints", None)
        if answer is None:
            answer = {"endpoints": asyncio.run(_endpoints_here(settings))}
        columns = ("inference_id", "task_type", "service", "requested_model", "device", "state")
        _print_table(columns, answer["endpoints"])


@models_app.command("list")
def list_models(data: Data = None, config: ConfigFile = None) -> None:
    """List the catalog, and which models are on this machine."""
    with reported():
        rows = _library(_settings(config, data)).states()
        _print_table(("id", "task_type", "here", "source", "aliases"), [_model_row(row) for row in rows])


@models_app.command("add")
def add_model(
    source: Annotated[str, typer.Argument(help="A folder, or the id of a model on the Hugging Face hub: owner/name.")],
    id: Annotated[str | None, typer.Option(help="The id that it shall have.", show_default="made of the name")] = None,
    head: Annotated[
        Head | None, typer.Option(help="What is read off the encoder.", show_default="as the model's files tell")
    ] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; may be given several times.")] = None,
    revision: Annotated[str, typer.Option(help="Of the hub.")] = "main",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Add a model to the catalog: config.json, tokenizer.json, and model.safetensors or, in a folder, model.onnx.

    Example: connote models add ./my-splade --alias my-sparse
    """
    with reported():
        settings = _settings(config, data)
        is_folder = Path(source).is_dir()
        if not is_folder and source.startswith((".", "/", "~")):
            raise IllegalArgument(f"there is no folder {source}")
        place = {"folder": str(Path(source).absolute())} if is_folder else {"hub": source, "revision": revision}
        reference = Reference(**place, head=head, aliases=alias or [])
        name = id or reference.default_id()
        body = {"folder": reference.folder, "hub": reference.hub, "head": head, "aliases": alias or []}
        path = f"/_connote/models/{quote(name, safe='')}?wait_for_completion=true"
        if _ask_server(settings, "PUT", path, body if is_folder else body | {"revision": revision}) is None:
            asyncio.run(_add_here(settings, name, reference))
        typer.echo(f"added {name}")


@models_app.command("remove")
def remove_model(
    id: Annotated[str, typer.Argument(help="The id of a model that was added or uploaded.")],
    force: Annotated[bool, typer.Option("--force", help="Remove it though it is in use.")] = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Take a model that was added out of the catalog; its files stay. One that was uploaded is deleted."""
    with reported():
        settings = _settings(config, data)
        path = f"/_connote/models/{quote(id, safe='')}?force={str(force).lower()}"
        if _ask_server(settings, "DELETE", path, None) is None:
            asyncio.run(_remove_here(settings, id, force=force))
        typer.echo(f"removed {id}")


@models_app.command("pull")
def pull_models(ids: ModelIds = None, data: Data = None, config: ConfigFile = None) -> None:
    """Get models' files onto this machine, each verified by its hash."""
    with reported():
        _pull(_library(_settings(config, data)), ids or DEFAULT_MODELS)


@models_app.command("verify")
def verify_models(ids: ModelIds = None, data: Data = None, config: ConfigFile = None) -> None:
    """Compare the files on this machine with the hashes they were pulled with."""
    with reported():
        library = _library(_settings(config, data))
        for id in ids or DEFAULT_MODELS:
            model = library.find(id)
            served = library.served(model)
            if problems := library.verify(served):
                raise IllegalArgument(f"{served.id}: {'; '.join(problems)}")
            typer.echo(f"{served.id}: verified{_stands_in(served, model)}")


@app.command()
def version() -> None:
    """Print connote's version and that of the API which it speaks."""
    typer.echo(f"connote {VERSION} (speaks the Elasticsearch {VERSION_SPOKEN} inference API)")


@contextmanager
def reported() -> Iterator[None]:
    """Print an error as one line, and exit with 1."""
    try:
        yield
    except ConnoteError as error:
        typer.echo(f"connote: {error}", err=True)
        raise typer.Exit(1) from None


def _settings(file: Path | None, data: Path | None, host: str | None = None, port: int | None = None) -> Config:
    settings = configuration.load(file)
    settings.data = settings.data if data is None else str(data)
    settings.server.host = settings.server.host if host is None else host
    settings.server.port = settings.server.port if port is None else port
    return settings


def _library(settings: Config) -> Library:
    """The catalog, with the models that were added and uploaded."""
    library = Library(settings.models_path(), settings.catalog())
    stock(library, Path(settings.data))
    return library


def _pull(library: Library, ids: Sequence[str]) -> None:
    for id in ids:
        model = library.find(id)
        with _progress() as bars:
            served, path = library.resolve(model, _reporter(bars), check=True)
        typer.echo(f"{served.id}: verified, in {path}{_stands_in(served, model)}")


def _stands_in(served: Model, model: Model) -> str:
    return "" if served.id == model.id else f" (stands in for {model.id})"


def _reporter(bars: Progress) -> Reporter:
    tasks: dict[str, TaskID] = {}

    def report(file: str, done: int, total: int | None) -> None:
        if file not in tasks:
            tasks[file] = bars.add_task(file, total=total)
        bars.update(tasks[file], completed=done, total=total)

    return report


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _lines() -> list[str]:
    try:
        return [line.rstrip("\r\n") for line in sys.stdin]
    except UnicodeDecodeError as error:
        raise IllegalArgument(f"what is read from stdin is not {error.encoding} text") from None


def _ask_server(settings: Config, method: str, path: str, body: Any) -> Any:  # noqa: ANN401 (JSON)
    """The answer of the data folder's server; None if no server runs there."""
    url = DataFolder(Path(settings.data)).server()
    if url is None:
        return None
    key = next(iter(settings.keys().values()), None)
    headers = {"Authorization": f"ApiKey {key}"} if key else {}
    sent = None if body is None else {name: value for name, value in body.items() if value is not None}
    try:
        reply = httpx.request(method, url + path, json=sent, headers=headers, timeout=610, trust_env=False)
    except httpx.TransportError:
        return None
    except UnicodeEncodeError:
        raise IllegalArgument("the input is not valid Unicode text") from None
    answer = orjson.loads(reply.content)
    if reply.is_error:
        raise IllegalArgument(answer["error"]["reason"])
    return answer


async def _infer_here(settings: Config, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
    # Pulling a model takes a while; all else that is logged is also in the error that comes.
    logging.basicConfig(level=logging.ERROR, format="connote: %(message)s")
    logging.getLogger("connote.runtime.progress").setLevel(logging.INFO)
    async with opened(settings) as house:
        _, result = await house.inference.infer(endpoint, requests.parse(body, TaskType.ANY))
        return result.wire()


async def _add_here(settings: Config, id: str, reference: Reference) -> None:
    async with opened(settings) as house:
        await house.trained.references.add(id, reference, wait=True)


async def _remove_here(settings: Config, id: str, *, force: bool) -> None:
    async with opened(settings) as house:
        await house.trained.references.remove(id, force=force)


async def _endpoints_here(settings: Config) -> list[dict[str, Any]]:
    async with opened(settings) as house:
        return house.placements()


def _greeting(url: str, settings: Config) -> str:
    return f"connote {VERSION} serves at {url} from {Path(settings.data).absolute()}  (stop with Ctrl+C)"


def _show_demo(url: str, settings: Config) -> None:
    typer.echo(f"\nPOST _inference/{DEMO_ENDPOINT}")
    try:
        answer = _ask_server(settings, "POST", f"/_inference/{DEMO_ENDPOINT}", {"input": DEMO_TEXT})
        _draw(DEMO_TEXT, answer["sparse_embedding"][0]["embedding"])
    except ConnoteError as error:
        typer.echo(f"connote: {error}", err=True)
    _show_listings(url, settings)
    typer.echo(f"\n{_greeting(url, settings)}. Try it:")
    typer.echo(f"  curl -s '{url}/_inference/{DEMO_ENDPOINT}?pretty' -H 'Content-Type: application/json' \\")
    typer.echo('    -d \'{"input": "a quiet house near the sea"}\'')
    typer.echo(f"or look in a browser: {url}/console/search?index={INDEX}&q={quote(SEARCHES[0])}\n")


def _show_listings(url: str, settings: Config) -> None:
    """The index of home listings, and what searches by words and by meaning find in it."""
    key = next(iter(settings.keys().values()), None)
    tour = Tour(url, {"Authorization": f"ApiKey {key}"} if key else {})
    try:
        with Progress(*Progress.get_default_columns(), transient=True) as bars:
            task = bars.add_task(f"indexing {LISTINGS} home listings", total=LISTINGS)
            took = tour.prepare(lambda done, total: bars.update(task, completed=done, total=total))
        made = f"made in {took:.0f} s" if took else "there already"
        typer.echo(f"\nThe index [{INDEX}] of {LISTINGS} home listings, {made}. What it finds:")
        for text in SEARCHES:
            _side_by_side(text, tour.by_words(text), tour.by_meaning(text))
        found = tour.hybrid(HYBRID)
        typer.echo(f'\n"{HYBRID}": words and meaning added up, 3 bedrooms, under 600,000, within 15 km of Savannah')
        typer.echo(f"  {found.milliseconds:.0f} ms")
        for title in found.titles:
            typer.echo(f"  {title}")
    except (ConnoteError, httpx.HTTPError) as error:
        typer.echo(f"connote: {error}", err=True)


def _side_by_side(text: str, words: Shown, meaning: Shown) -> None:
    table = Table(title=f'"{text}"', title_justify="left", title_style="bold", box=None, pad_edge=False, expand=True)
    table.add_column(f"by words, {words.milliseconds:.0f} ms", ratio=1)
    table.add_column(f"by meaning, {meaning.milliseconds:.0f} ms", ratio=1)
    for at in range(max(len(words.titles), len(meaning.titles), 1)):
        cells = [
            found.titles[at] if at < len(found.titles) else "nothing" if at == 0 else "" for found in (words, meaning)
        ]
        table.add_row(*(Text(cell) for cell in cells))
    Console(width=None if sys.stdout.isatty() else 160).print("\n", table, sep="")


def _draw(text: str, weights: dict[str, float], most: int = 20) -> None:
    """The highest weights as bars."""
    typer.echo(f'"{text}"\n')
    top = sorted(weights.items(), key=lambda pair: -pair[1])[:most]
    widest = max((len(token) for token, _ in top), default=0)
    for token, weight in top:
        typer.echo(f"  {token:>{widest}}  {float(weight):.4f}  {'█' * max(1, round(20 * weight / top[0][1]))}")
    if len(weights) > most:
        typer.echo(f"  {'':>{widest}}  and {len(weights) - most} more")


def _model_row(state: dict[str, Any]) -> dict[str, Any]:
    here = (
        f"{state['bytes'] / 1e6:.0f} MB"
        if state["present"]
        else f"no; {by} serves"
        if (by := state.get("served_by"))
        else "no"
    )
    return state | {"here": here, "aliases": ", ".join(state["aliases"])}


def _print_table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(row.get(name, ""))) for name in columns))
    # Not cut to 80 columns where there is no terminal, so that the output can be searched.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    app()
