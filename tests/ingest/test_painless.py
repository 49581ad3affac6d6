"""Scripts: what Painless gives for them, that each ends, and that what is wrong is told."""

import json
import string
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract.errors import BadScript
from connote.ingest.painless import compiled

CTX: dict[str, Any] = {
    "title": "Moby Dick",
    "pages": 635,
    "price": 9.5,
    "tags": ["sea", "whale"],
    "author": {"name": "Melville", "born": 1819},
    "nothing": None,
    "sold": True,
}


def value(source: str, **params: Any) -> Any:  # noqa: ANN401
    return compiled(source).run(ctx=json.loads(json.dumps(CTX)), params=params)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("Long.divideUnsigned(-2, 2)", 2**63 - 1),
        ("Long.remainderUnsigned(-1, 10)", 5),
        ("Double.isNaN(Double.NaN) && Double.isInfinite(Double.NEGATIVE_INFINITY)", True),
        ("BigInteger.valueOf(3) + BigInteger.TEN", 13),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7 / 2.0", 3.5),
        ("1 << 4 | 1", 17),
        ("9223372036854775807L + 1", -9223372036854775808),
        ("0x1F", 31),
        ("(int) 2.9", 2),
        ("(double) 2", 2.0),
        ("'a' + 1 + 2.0 + null + true", "a12.0nulltrue"),
        ("1e10 + ''", "1.0E10"),
        ("1.5e-7 + ''", "1.5E-7"),
        ("100.0 + ''", "100.0"),
        ("['a': 1, 'b': [1, 2]].toString()", "{a=1, b=[1, 2]}"),
        ("ctx.pages == 635.0", True),
        ("1 == true", False),
        ("ctx.sold ? 'yes' : 'no'", "yes"),
        ("ctx.nothing ?: 'none'", "none"),
        ("ctx['author']['name']", "Melville"),
        ("ctx.missing?.deep?.er == null", True),
        ("ctx.tags.0", "sea"),
        ("ctx.tags[-1]", "whale"),
        ("ctx.tags.length + ctx.tags.size()", 4),
        ("ctx.title instanceof String && !(ctx.pages instanceof String)", True),
        ("ctx.tags instanceof List && ctx.author instanceof Map", True),
        ("ctx.pages instanceof Integer && ctx.price instanceof Double", True),
        ("ctx.title.toLowerCase().contains('moby')", True),
        ("ctx.title.substring(0, 4) + ctx.title.indexOf('D')", "Moby5"),
        ("ctx.title.splitOnToken(' ')", ["Moby", "Dick"]),
        ("ctx.title.replace('Dick', 'x').length()", 6),
        ("ctx.title =~ /D.ck/", True),
        ("ctx.title ==~ /D.ck/", False),
        ("/(?<first>\\w+) .*/.matcher(ctx.title).matches()", True),
        ("def m = /(\\w+) (\\w+)/.matcher(ctx.title); m.find(); return m.group(2)", "Dick"),
        ("/o/.matcher('foo').replaceAll('0')", "f00"),
        ("/ /.split('a b  c ')", ["a", "b", "", "c"]),
        ("ctx.author.getOrDefault('died', 1891)", 1891),
        ("ctx.author.containsKey('name') && ctx.author.keySet().contains('born')", True),
        ("Math.max(1, 2) + Math.round(2.5)", 5),
        ("Integer.parseInt('42') + Double.parseDouble('0.5')", 42.5),
        ("String.join('-', ctx.tags)", "sea-whale"),
        ("ctx.tags.stream().map(t -> t.toUpperCase()).collect(Collectors.joining(','))", "SEA,WHALE"),
        ("ctx.tags.stream().filter(t -> t.startsWith('w')).count()", 1),
        ("def l = [3, 1, 2]; l.sort((a, b) -> b - a); return l", [3, 2, 1]),
        ("def l = new ArrayList(new HashSet([1, 1, 2])); l", [1, 2]),
        ("params.x * 2", 84),
        ("int s = 0; for (int i = 0; i < 10; i++) { if (i == 3) continue; if (i == 6) break; s += i } return s", 12),
        ("int s = 0; for (t in ctx.tags) s += t.length(); s", 8),
        ("int s = 0; for (def e : ctx.author.entrySet()) { s += e.getKey().length() } s", 8),
        ("int i = 0; while (true) { if (i++ > 3) { return i } }", 5),
        ("int i = 0; do { i++ } while (i < 3); i", 3),
        ("if (ctx.pages > 1000) return 'long'; else if (ctx.pages > 500) return 'middle'; return 'short'", "middle"),
        (
            "try { Integer.parseInt('x') } catch (NumberFormatException e) { return e.getMessage() }",
            'For input string: "x"',
        ),
        ("String[] parts = ctx.title.split(' '); int i = 0; return parts[i++] + parts[i]", "MobyDick"),
        ("StringBuilder b = new StringBuilder(); for (t in ctx.tags) { b.append(t) } b.toString()", "seawhale"),
        ("int[] a = new int[] {1, 2}; a[0] += 5; a[0]", 6),
        ("/* a comment */ 1 // another", 1),
    ],
)
def test_a_script_gives_what_painless_gives(source: str, expected: object) -> None:
    found = value(source, x=42)
    assert found == expected
    assert type(found) is type(expected)


EVEN = "boolean even(int n) { return n == 0 || odd(n - 1) } boolean odd(int n) { return n != 0 && even(n - 1) }"
CAUGHT = "try { if (x > 0) { return f(x - 1) + x } throw new Exception('end') } catch (Exception e) { return x * 10 }"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("int twice(int x) { return 2 * x } twice(4)", 8),
        ("int fib(int n) { if (n < 2) { return n } int a = fib(n - 1); return a + fib(n - 2); } return fib(10)", 55),
        (f"{EVEN} even(7)", False),
        ("void add(List to, def x) { to.add(x); } List all = []; add(all, 1); add(all, 'b'); return all", [1, "b"]),
        ("double f(double x) { return x / 2 } f(3)", 1.5),
        (f"int f(int x) {{ {CAUGHT} }} f(3)", 6),
    ],
)
def test_a_script_may_have_functions_of_its_own(source: str, expected: object) -> None:
    assert value(source) == expected


def test_the_script_of_elastics_clustering_notebook_finds_the_nearest_centre() -> None:
    source = """
        double euclideanDistance(List array1, List array2) {
          double sum = 0.0;
          for (int i=0; i<array1.length; i++) { sum += Math.pow((array1[i]-array2[i]), 2.0); }
          return Math.sqrt(sum);
        }
        List l2NormalizeArray(List array) {
          double sumSquared = 0.0;
          for (element in array) { sumSquared += Math.pow(element, 2.0) }
          double l2Norm = Math.sqrt(sumSquared);
          List outputArray = new ArrayList();
          for (element in array) { outputArray.add(element/l2Norm) }
          return outputArray
        }
        List distances = new ArrayList();
        double minDistance;
        int closestCluster;
        for (int i=0; i<params.clusterCenters.length; i++) {
          double distance;
          if (params.normalize == true) {
            distance = euclideanDistance(params.clusterCenters[i], l2NormalizeArray(ctx[params.analysisField]));
          } else {
            distance = euclideanDistance(params.clusterCenters[i], ctx[params.analysisField]);
          }
          distances.add(distance);
          if (i == 0 || distance < minDistance) { minDistance = distance; closestCluster = i; }
        }
        ctx["ml_clustering.closestCluster"] = closestCluster;
        ctx["ml_clustering.minDistance"] = Collections.min(distances);
    """
    ctx: dict[str, Any] = {"v": [3.0, 4.0]}
    params = {"clusterCenters": [[1.0, 0.0], [0.6, 0.8]], "analysisField": "v", "normalize": True}
    compiled(source).run(ctx=ctx, params=params)
    assert ctx["ml_clustering.closestCluster"] == 1
    assert ctx["ml_clustering.minDistance"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int f(int x) { return x } f(1, 2)", "Unknown call [f] with [2] arguments."),
        ("int f(int x) { return f(x) } f(1)", "nested too deeply"),
        ("int f() { return 'abc' } f()", "class_cast_exception"),
    ],
)
def test_a_function_that_goes_wrong_is_told(source: str, reason: str) -> None:
    with pytest.raises(BadScript) as told:
        value(source)
    assert reason in str(told.value.wire())


def test_a_script_changes_its_document() -> None:
    ctx: dict[str, Any] = {"views": 1, "tags": ["a"], "old": 0, "deep": {}}
    source = """
        ctx.views += params.by; ctx['tags'].add('b'); ctx.remove('old');
        ctx.deep.list = [['n': 1]]; ctx.deep.list[0].n++; ctx.made = new HashMap(); ctx.made.put('k', ctx.views--)
    """
    compiled(source).run(ctx=ctx, params={"by": 4})
    assert ctx == {"views": 4, "tags": ["a", "b"], "deep": {"list": [{"n": 2}]}, "made": {"k": 5}}


def test_the_script_of_elastics_chunking_example_cuts_sentences() -> None:
    source = r"""
      String[] envSplit = /((?<!M(r|s|rs)\.)(?<=\.) |(?<=\!) |(?<=\?) )/.split(ctx['body_content']);
      ctx['passages'] = new ArrayList();
      int i = 0;
      boolean remaining = true;
      if (envSplit.length == 0) {
        return
      } else if (envSplit.length == 1) {
        Map passage = ['text': envSplit[0]];ctx['passages'].add(passage)
      } else {
        while (remaining) {
          Map passage = ['text': envSplit[i++]];
          while (i < envSplit.length && passage.text.length() + envSplit[i].length() < params.model_limit) {
            passage.text = passage.text + ' ' + envSplit[i++]
          }
          if (i == envSplit.length) {remaining = false}
          ctx['passages'].add(passage)
        }
      }
    """
    ctx: dict[str, Any] = {"body_content": "Hello Mr. X. How are you? Fine! This is a longer sentence, is it not? End."}
    compiled(source).run(ctx=ctx, params={"model_limit": 30})
    assert [passage["text"] for passage in ctx["passages"]] == [
        "Hello Mr. X. How are you?",
        "Fine!",
        "This is a longer sentence, is it not?",
        "End.",
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("ctx.a = ;", "unexpected token [';']"),
        ("ctx.a = (1", "unexpected end of script"),
        ("foo + 1", "cannot resolve symbol [foo]"),
        ("int x = 1; int x = 2", "variable [x] is already defined"),
        ("1 = 2", "cannot assign a value"),
        ("Nobody x = null", "cannot resolve symbol [Nobody]"),
        ("new Thread()", "cannot resolve type [Thread]"),
        ("Math.exec('ls')", "member [Math, exec] is not known here"),
        ("break", "invalid break statement"),
        ("12345678901", "Invalid int constant"),
        ("ctx.a = #", "unexpected character [#]"),
        ("/(/.split('a')", "Error compiling regex"),
        ("(" * 500 + "1" + ")" * 500, "nested"),
        ("x" * 70_000, "exceeded max allowed inline script size in bytes [65535] with size [70000]"),
    ],
)
def test_what_cannot_be_compiled_is_told_with_its_place(source: str, reason: str) -> None:
    with pytest.raises(BadScript) as caught:
        compiled(source)
    told = caught.value.told()
    assert (told["type"], told["reason"], told["lang"]) == ("script_exception", "compile error", "painless")
    assert reason in told["caused_by"]["reason"]
    assert told["script_stack"][1].endswith("^---- HERE")


@pytest.mark.parametrize(
    ("source", "type", "reason"),
    [
        ("ctx.missing.field", "null_pointer_exception", "cannot access method/field [field] from a null def reference"),
        ("ctx.missing.length()", "null_pointer_exception", "[length]"),
        ("ctx.title.foo()", "illegal_argument_exception", "dynamic method [java.lang.String, foo/0] not found"),
        ("ctx.title.__class__", "illegal_argument_exception", "dynamic getter [java.lang.String, __class__] not found"),
        ("ctx.title.substring(1, 2, 3)", "illegal_argument_exception", "substring/3] not found"),
        ("ctx.tags[5]", "index_out_of_bounds_exception", "Index 5 out of bounds for length 2"),
        ("1 / 0", "arithmetic_exception", "/ by zero"),
        ("ctx.title - 1", "class_cast_exception", "Cannot apply [subtraction] operation"),
        ("if (ctx.title) return 1", "class_cast_exception", "to [boolean]"),
        ("int x = ctx.title", "class_cast_exception", "to [int]"),
        ("(String) ctx.pages", "class_cast_exception", "to [String]"),
        ("throw new IllegalArgumentException('no')", "illegal_argument_exception", "no"),
        ("while (true) {}", "painless_error", "The maximum number of statements"),
        ("try { while (true) {} } catch (Exception e) { return 1 }", "painless_error", "The maximum number"),
        ("String s = 'a'; while (true) { s += s }", "illegal_argument_exception", "at most 10000000 characters"),
        ("def l = [1]; while (true) { l.addAll(l) }", "illegal_argument_exception", "at most 1000000 elements"),
        ("for (t in ctx.tags) { ctx.tags.add(t) }", "concurrent_modification_exception", "null"),
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' =~ /(a|aa)+$/", "illegal_argument_exception", "longer than 1 s"),
        ("def a = [1]; def b = [1]; for (int i = 0; i < 99; i++) { a = [a, a]; b = [b, b] } a == b",
         "illegal_argument_exception", "too large to be compared"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_as_java_tells_it(source: str, type: str, reason: str) -> None:
    with pytest.raises(BadScript) as caught:
        value(source)
    told = caught.value.told()
    assert told["reason"] == "runtime error"
    assert told["caused_by"]["type"] == type
    assert reason in told["caused_by"]["reason"]


def test_a_condition_must_give_a_boolean() -> None:
    assert compiled("ctx.a == 1").test(ctx={"a": 1}, params={})
    with pytest.raises(BadScript, match="runtime error"):
        compiled("ctx.a").test(ctx={"a": 1}, params={})


WORDS = """
    ctx params def int String List for if else while return break in instanceof new ArrayList HashMap Math Integer
    ctx.a ctx.b .size() .add( .get( .stream() .map( x -> x + - * / % == != < > && || ! ? : ?: ?. . , ; ( ) [ ] { }
    = += ++ 'a' 1 2.5 null true /a+/ =~ parseInt .length .substring( .sort( .toString() try catch Exception throw e
"""
soup = st.lists(st.sampled_from(WORDS.split()) | st.text(string.printable, max_size=4), max_size=25).map(" ".join)
leaf = st.sampled_from(["ctx.a", "ctx.b", "ctx['c']", "params.p", "1", "2.5", "'x'", "null", "true", "[]", "[:]", "x"])
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", "&&", "||", "&", "|", "<<", ">>>", "=~", "?:"]
TAKING_ONE = ["size", "length", "add", "get", "remove", "contains", "indexOf", "substring", "put", "split"]
TAKING_NONE = ["sort", "stream", "keySet", "toString", "entrySet", "isEmpty", "sum", "join", "hashCode"]
STATIC = ["Math.max", "Math.pow", "String.join", "Objects.equals", "Arrays.asList", "Math.round", "Collections.max",
          "Collections.reverse", "Instant.ofEpochMilli", "Collectors.toMap"]  # fmt: skip


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join),
        st.tuples(st.sampled_from(["!", "-", "(int)", "(String)", "(List)"]), inner).map("".join),
        st.tuples(inner, st.sampled_from(TAKING_ONE), inner).map(lambda p: f"({p[0]}).{p[1]}({p[2]})"),
        st.tuples(inner, st.sampled_from(TAKING_NONE)).map(lambda p: f"({p[0]}).{p[1]}()"),
        st.tuples(st.sampled_from(STATIC), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        inner.map(lambda i: f"[{i}, {i}]"),
        inner.map(lambda i: f"ctx.d.removeIf(y -> {i})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
    )


expressions = st.recursive(leaf, larger, max_leaves=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=1500, deadline=None, database=None)
@given(source=soup | expressions.map(lambda e: f"def x = 3; {e}"), ctx=st.dictionaries(st.sampled_from("abcd"), values))
def test_whatever_a_stranger_writes_ends_in_a_value_or_a_clear_error(source: str, ctx: dict[str, Any]) -> None:
    began = time.monotonic()
    with suppress(BadScript):
        compiled(source).run(ctx=ctx, params={"p": 1})
    assert time.monotonic() - began < 20
