"""Synonyms: terms, or runs of terms, that mean the same as others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connote.search.analysis.component import TokenFilter
from connote.search.analysis.rules import BadRule, Rule
from connote.search.analysis.token import Stream, Token

TYPE = "SYNONYM"
Path = tuple[str, ...]


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    outputs: dict[Path, None] = field(default_factory=dict)  # in order, each once
    keeps: bool = False


class SynonymMap:
    """What runs of terms mean."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, rule: Rule, cut: Callable[[str], Path], *, expand: bool) -> None:
        """Take in a rule, its texts cut to terms by `cut`, which raises BadRule."""
        cuts = {text: cut(text) for text in (*rule.inputs, *(rule.outputs or ()))}
        for given, made, keeps in rule.pairs(expand=expand):
            node = self._root
            for term in cuts[given]:
                node = node.children.setdefault(term, _Node())
            node.outputs[cuts[made]] = None
            node.keeps |= keeps

    def match(self, tokens: Sequence[Token], at: int) -> tuple[int, list[Path], bool]:
        """The longest run from `at` that is known: how many tokens, what they mean, whether they stay. 0: none."""
        node, found = self._root, (0, self._root)
        for index in range(at, len(tokens)):
            following = node.children.get(tokens[index].term)
            if following is None:
                break
            node = following
            if node.outputs:
                found = (index - at + 1, node)
        return found[0], list(found[1].outputs), found[1].keeps


def build(rules: Iterable[Rule | BadRule], cut: Callable[[str], Path], *, expand: bool, lenient: bool) -> SynonymMap:
    """The map of some rules. Raises BadRule, unless it is `lenient`, which leaves out what cannot be used."""
    made = SynonymMap()
    for rule in rules:
        try:
            if isinstance(rule, BadRule):
                raise rule
            made.add(rule, cut, expand=expand)
        except BadRule:
            if not lenient:
                raise
    return made


class SynonymGraph(TokenFilter):
    """Adds synonyms as paths beside the tokens that they stand for, so that phrases are right."""

    def __init__(self, synonyms: SynonymMap) -> None:
        self.synonyms = synonyms

    def in_rules(self) -> None:
        """Rules are read without other synonyms."""

    def apply(self, stream: Stream) -> Stream:
        """The graph: positions are its nodes. A hole before a match is lost, as it is in Lucene."""
        tokens, made, at, node, before = stream.tokens, list[Token](), 0, 0, -1
        while at < len(tokens):
            count, paths, keeps = self.synonyms.match(tokens, at)
            following = tokens[at + max(count - 1, 0)].position
            if count:
                node = _fan_out(tokens[at : at + count], paths, keeps, node, made)
            else:
                tokens[at].position += node - before - 1
                node = tokens[at].position + 1
                made.append(tokens[at])
            before = following
            at += count or 1
        stream.tokens, stream.last = made, node - 1 + stream.last - before
        return stream


def _fan_out(matched: list[Token], paths: list[Path], keeps: bool, start: int, made: list[Token]) -> int:
    """Append all paths over the matched tokens, first their first tokens, then the rest; the node where they meet."""
    begin, finish = matched[0].start, matched[-1].end
    ways = [[Token(term, begin, finish, start, TYPE) for term in path] for path in paths]
    ways += [matched] if keeps else []
    end = start + sum(len(way) - 1 for way in ways) + 1
    node = start + 1
    for way in ways:
        way[0].position = start
        for following in way[1:]:
            following.position = node
            node += 1
    for way in ways:
        ends = [*(following.position for following in way[1:]), end]
        for token, meets in zip(way, ends, strict=True):
            token.length = meets - token.position
    made += [way[0] for way in ways]
    made += [token for way in ways for token in way[1:]]
    return end


class FlatSynonyms(TokenFilter):
    """Adds synonyms at the positions of the tokens that they stand for, word by word."""

    def __init__(self, synonyms: SynonymMap) -> None:
        self.synonyms = synonyms

    def in_rules(self) -> None:
        """Rules are read without other synonyms."""

    def apply(self, stream: Stream) -> Stream:
        """The tokens with the synonyms' after them."""
        steps = [token.position - before for token, before in zip(stream.tokens, _before(stream.tokens), strict=True)]
        trailing = stream.last - (stream.tokens[-1].position if stream.tokens else -1)
        made, position = list[Token](), -1
        for slot, (kept, others) in enumerate(self._slots(stream.tokens)):
            if kept is not None:
                position += steps[slot]
                kept.position = position
                made.append(kept)
            elif others:
                position += 1
            for token in others:
                token.position = position
            made += others
        stream.tokens, stream.last = made, position + trailing
        return stream

    def _slots(self, tokens: list[Token]) -> list[tuple[Token | None, list[Token]]]:
        """By token, and for what goes on after them: the token if it stays, and the synonyms there."""
        kept: list[Token | None] = list(tokens)
        others: list[list[Token]] = [[] for _ in tokens]
        at = 0
        while at < len(tokens):
            count, paths, keeps = self.synonyms.match(tokens, at)
            for path in paths if count else ():
                others += [[] for _ in range(at + len(path) - len(others))]
                for slot, token in enumerate(_placed(path, tokens, at, count, keeps), at):
                    others[slot].append(token)
            if count and not keeps:
                kept[at : at + count] = [None] * count
            at += count or 1
        kept += [None] * (len(others) - len(kept))
        return list(zip(kept, others, strict=True))


def _before(tokens: list[Token]) -> list[int]:
    return [-1, *(token.position for token in tokens)][: len(tokens)]


def _placed(path: Path, tokens: list[Token], at: int, count: int, keeps: bool) -> list[Token]:
    matched = tokens[at : at + count]
    if len(path) == 1:
        return [Token(path[0], matched[0].start, matched[-1].end, 0, TYPE, count if keeps else 1)]
    last = len(tokens) - 1
    places = [tokens[min(at + step, last)] for step in range(len(path))]
    return [Token(term, place.start, place.end, 0, TYPE) for term, place in zip(path, places, strict=True)]
