"""Builds the console with Node.js, if it has changed. `--check` lints and tests it too, and fails without Node.js."""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE.parent / "src" / "connote" / "console" / "index.html"
# Beside what npm has installed, so that whoever removes that starts anew.
STAMPS = HERE / "node_modules" / ".connote"
NEEDED = (20, 19)


def main() -> None:
    """Build it, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="lint and test it too; fail without Node.js")
    check = parser.parse_args().check
    try:
        build(check=check)
    except Unbuilt as problem:
        print(f"the console cannot be built: {problem}. The API works without it", file=sys.stderr)
        raise SystemExit(1 if check else 0) from None


class Unbuilt(Exception):
    """Why there is no console."""


def build(*, check: bool) -> None:
    """Install what it needs, check it if wished, and build it. Raises Unbuilt."""
    if problem := missing():
        raise Unbuilt(problem)
    stamped("installed", digest(HERE / "package.json", HERE / "package-lock.json"), "ci")
    if check:
        npm("run", "lint")
        npm("run", "test")
    sources = [path for name in ("src", "public", "schema") for path in (HERE / name).rglob("*") if path.is_file()]
    made = HERE / "public" / "static" / "schema.json"
    sources = [*HERE.glob("*.*"), *(path for path in sources if path != made)]
    stamped("built", digest(*sources), "run", "build", fresh=BUILT.is_file())


def missing() -> str | None:
    """What is missing for a build."""
    node, npm_path = shutil.which("node"), shutil.which("npm")
    wanted = f"Node.js {'.'.join(map(str, NEEDED))} or newer with npm"
    if node is None or npm_path is None:
        return f"there is no {wanted}"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    return None if version >= NEEDED else f"it needs {wanted}, and this one is {told.strip()}"


def stamped(name: str, hashed: str, *command: str, fresh: bool = True) -> None:
    """Run npm, unless it was run over the same files."""
    stamp = STAMPS / name
    if fresh and stamp.is_file() and stamp.read_text() == hashed:
        return
    npm(*command)
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(hashed)


def npm(*arguments: str) -> None:
    """Run npm here. Raises Unbuilt with what it says if it fails."""
    done = subprocess.run(  # noqa: S603
        ["npm", "--silent", *arguments],  # noqa: S607
        cwd=HERE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise Unbuilt(f"{done.stdout}\nnpm {' '.join(arguments)} failed")


def digest(*paths: Path) -> str:
    """A hash of files and their names."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(f"{path.relative_to(HERE)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    main()
