"""Write what Lucene itself makes of the cases, lucene.json.gz, and anew of the words in stems.json.gz.

It needs a JVM of version 11 or newer, `pip install jpype1`, and a jar with Lucene 9, of which pyserini's source
distribution on PyPI has one (`pip download --no-deps pyserini`; it is in `pyserini/resources/jars`):

    python tests/search/analysis/golden/generate.py anserini-….jar
"""
# ruff: noqa: ANN401 (what comes from the JVM has no types)

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import jpype

sys.path.insert(0, str(Path(__file__).parents[3]))
from lucene import ANALYZERS, CASES, STEMMERS, TEXTS

FOLDER = Path(__file__).parent
LUCENE = "org.apache.lucene.analysis."


def main(jar: str) -> None:
    jpype.startJVM(classpath=[jar])
    analyzers = {name: _all(_class(path)(), TEXTS) for name, path in ANALYZERS.items()}
    cases = {case.name: _all(_custom(case.lucene), case.texts) for case in CASES}
    text = json.dumps({"cases": cases, "analyzers": analyzers}, ensure_ascii=False, separators=(",", ":"))
    _write("lucene.json.gz", text)
    words = json.loads(gzip.decompress((FOLDER / "stems.json.gz").read_bytes()))
    stems = {
        name: dict(zip(words[name], _stems(chain, words[name]), strict=True)) for name, (_, chain) in STEMMERS.items()
    }
    _write("stems.json.gz", json.dumps(stems, ensure_ascii=False, separators=(",", ":")))


def _write(name: str, text: str) -> None:
    (FOLDER / name).write_bytes(gzip.compress(text.encode("utf-8", "surrogatepass"), 9, mtime=0))


def _stems(chain: list[str], words: dict[str, str]) -> list[str]:
    made = _custom([["whitespace"], chain]).tokenStream("field", " ".join(words))
    return [token[0] for token in _tokens(made)["tokens"]]


def _class(name: str) -> Any:
    return jpype.JClass(LUCENE + name)


def _all(analyzer: Any, texts: list[str]) -> list[Any]:
    return [_tokens(analyzer.tokenStream("field", text)) for text in texts]


def _custom(chain: list[list[str]]) -> Any:
    folder = Path(tempfile.mkdtemp())
    builder = _class("custom.CustomAnalyzer").builder(jpype.JClass("java.nio.file.Paths").get(str(folder)))
    builder.withTokenizer(chain[0][0], *chain[0][1:])
    captures: list[str] = []
    for name, *arguments in chain[1:]:
        if name == "!capture":
            captures = arguments
        elif name.startswith("<"):
            builder.addCharFilter(name[1:], *_with_files(folder, arguments))
        else:
            builder.addTokenFilter(name, *_with_files(folder, arguments))
    built = builder.build()
    return _Captured(built, captures) if captures else built


def _with_files(folder: Path, arguments: list[str]) -> list[str]:
    if arguments[:1] == ["mapping"]:
        (folder / "mapping.txt").write_text('"a" => "bc"\n"the" => ""\n"qu" => "k"\n"e" => "e\\u0301"\n')
        return ["mapping", "mapping.txt"]
    written = list(arguments)
    for index, argument in enumerate(written):
        if argument.startswith("@"):
            (folder / "words.txt").write_text(argument[1:] + "\n")
            written[index] = "words.txt"
    return written


class _Captured:
    """Lucene has no factory for this filter."""

    def __init__(self, analyzer: Any, arguments: list[str]) -> None:
        self.analyzer, self.keeps = analyzer, arguments[0] == "true"
        self.patterns = [jpype.JClass("java.util.regex.Pattern").compile(text) for text in arguments[1:]]

    def tokenStream(self, field: str, text: str) -> Any:  # noqa: N802 (Lucene's name)
        stream = self.analyzer.tokenStream(field, text)
        return _class("pattern.PatternCaptureGroupTokenFilter")(stream, self.keeps, self.patterns)


def _tokens(stream: Any) -> Any:
    """Each token as a list: term, start, end, position, type, length; and the last position."""
    names = ("CharTerm", "Offset", "PositionIncrement", "Type", "PositionLength")
    term, offset, step, kind, length = (
        stream.addAttribute(_class(f"tokenattributes.{name}Attribute").class_) for name in names
    )
    tokens, position = [], -1
    stream.reset()
    while stream.incrementToken():
        position += int(step.getPositionIncrement())
        place = (int(offset.startOffset()), int(offset.endOffset()), position)
        units = bytes(term.toString().getBytes("UTF-16LE"))
        tokens.append(
            [units.decode("utf-16-le", "surrogatepass"), *place, str(kind.type()), int(length.getPositionLength())]
        )
    stream.end()
    position += int(step.getPositionIncrement())
    stream.close()
    return {"tokens": tokens, "last": position}


if __name__ == "__main__":
    main(sys.argv[1])
