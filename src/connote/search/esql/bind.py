"""From the syntax of an expression to what is run: names and types are checked."""

from collections.abc import Sequence
from dataclasses import replace

from connote.contract.errors import BadQuery, ConnoteError
from connote.search.esql import searching, types
from connote.search.esql.aggregates import AGGREGATES
from connote.search.esql.functions import FUNCTIONS, Function
from connote.search.esql.functions.casts import CASTS
from connote.search.esql.functions.strict import read
from connote.search.esql.nodes import Applied, Constant, Node, Reference, is_constant
from connote.search.esql.scope import Problem, Scope
from connote.search.esql.tree import OPERATORS, Call, Expression, Literal, Name, Subquery

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
# Functions of the time of a row, which is not named as their first argument.
_TIMED = ("tbucket", "trange")
_COMPARED = ("==", "!=", "<", "<=", ">", ">=", "in")
# What is read from a text that stands where another type is wanted.
_READ = {
    "boolean": "boolean",
    "date": "date",
    "geo_point": "geo_point",
    "geo_shape": "geo_shape",
    "ip": "ip",
    "place": "geo_shape",
    "point": "geo_point",
    "span": "span",
    "version": "version",
}


def bind(expression: Expression, scope: Scope) -> Node:
    """The node of an expression. Raises Problem, BadQuery."""
    if isinstance(expression, Literal):
        return Constant(expression.type, expression.text, expression.at, expression.value)
    if isinstance(expression, Name):
        kind = scope.find(expression.name, expression.at)
        return Reference(kind, expression.text, expression.at, expression.name)
    assert isinstance(expression, Call)  # noqa: S101 (there are no others)
    if any(isinstance(each, Subquery) for each in expression.arguments):
        given = [
            inner for each in expression.arguments for inner in (each.found if isinstance(each, Subquery) else [each])
        ]
        expression = replace(expression, arguments=given)
    return _call(expression, scope)


def condition(expression: Expression, scope: Scope) -> Node:
    """The same of what must be true or false."""
    node = bind(expression, scope)
    if node.type not in ("boolean", "null"):
        raise Problem(node.at, f"Condition expression needs to be boolean, found [{types.shown(node.type).upper()}]")
    return node


def usable(node: Node, scope: Scope) -> None:
    """Raise Problem for a column of a type that nothing can be done with."""
    if isinstance(node, Reference) and node.type == "unsupported":
        why = scope.why.get(node.name, "")
        told = f"due to ambiguities being {why}" if why.startswith("mapped") else f"with unsupported type [{why}]"
        raise Problem(node.at, f"Cannot use field [{node.name}] {told}")


def refuse(node: Node, kinds: Sequence[str], why: str) -> None:
    """Raise Problem for a node of one of these types."""
    if node.type in kinds:
        raise Problem(node.at, why)


def known(call: Call, scope: Scope) -> None:
    """Raise Problem for a call of what there is not, and name what is written alike."""
    names = {*FUNCTIONS, *AGGREGATES, *searching.NAMES}
    if call.name == "::" or call.name in names:
        return
    near = scope.near(call.name, sorted(each for each in names - OPERATORS if each.isidentifier()), 3)
    told = f", did you mean {f'any of {near}' if len(near) > 1 else f'[{near[0]}]'}?" if near else ""
    raise Problem(call.at, f"Unknown function [{call.name}]{told.replace(chr(39), '')}")


def _call(call: Call, scope: Scope) -> Node:
    if call.name in AGGREGATES and call.name not in FUNCTIONS:
        raise Problem(call.at, f"aggregate function [{call.text}] not allowed outside STATS command")
    if call.name == "::":
        return _cast(call, scope)
    if call.name in searching.NAMES:
        return searching.bound(call, scope)
    known(call, scope)
    function = FUNCTIONS[call.name]
    if call.name in _TIMED:
        call = replace(call, arguments=[Name("@timestamp", call.at, "@timestamp"), *call.arguments])
    if call.name == "categorize" and not scope.grouping:
        raise Problem(call.at, f"grouping function [{call.text}] must be the first expression behind BY of STATS")
    scope.grouping = False
    inner = [bind(each, scope) for each in call.arguments]
    for each in inner:
        usable(each, scope)
    return applied(function, call, inner)


def applied(function: Function, call: Call, inner: Sequence[Node]) -> Node:
    """A function of these arguments, which are checked. Raises Problem, BadQuery."""
    _count(function, call)
    arguments = _read(function, call, list(inner))
    for number, each in enumerate(arguments):
        _check(function, call, number, each, len(arguments))
    if call.name in _COMPARED:
        _comparable(call, arguments)
    if call.name in ("+", "-"):
        _movable(call, arguments)
    kind = function.type([each.type for each in arguments])
    if kind == "unsupported":
        raise Problem(call.at, _mixed(call, arguments))
    if call.options and not function.options:
        raise BadQuery(f"line {call.at}: [{call.name}] takes no options")
    if unknown := call.options.keys() - set(function.options):
        known = ", ".join(function.options)
        raise Problem(call.at, f"Invalid option [{min(unknown)}] in [{call.text}], expected one of [{known}]")
    return Applied(kind, call.text, call.at, function, tuple(arguments), call.options)


def _count(function: Function, call: Call) -> None:
    hidden = call.name in _TIMED
    least, most = function.least - hidden, None if function.most is None else function.most - hidden
    count = len(call.arguments) - hidden
    if count < least or (most is not None and count > most):
        if most == least:
            told = "exactly " + ("one argument" if most == 1 else "two arguments" if most == 2 else f"{most} arguments")
        elif most is None:
            told = f"at least {least} argument{'s' * (least > 1)}"
        else:
            told = f"between {least} and {most} arguments"
        raise BadQuery(f"line {call.at}: error building [{call.name}]: expects {told}")


def _read(function: Function, call: Call, arguments: list[Node]) -> list[Node]:
    """With texts read as what is wanted in their place."""
    if call.name in _COMPARED or call.name in ("coalesce", "case", "greatest", "least", "+", "-"):
        kinds = [each.type for each in arguments if each.type in _READ and each.type != "boolean"]
        wanted = next(iter(kinds), None)
        if call.name in ("+", "-") and wanted == "date":
            wanted = None
        return [_as(each, wanted) if wanted and _is_text(each) else each for each in arguments]
    for number, each in enumerate(arguments):
        wanted_kinds = function.parameter(number).rstrip("?*!").split("|")
        found = next((_READ[kind] for kind in wanted_kinds if kind in _READ), None)
        if _is_text(each) and found and not any(types.fits("keyword", kind) for kind in wanted_kinds):
            arguments[number] = _as(each, found)
    return arguments


def _is_text(node: Node) -> bool:
    return isinstance(node, Constant) and node.type == "keyword"


def _as(node: Node, kind: str) -> Node:
    """A constant text, read as another type. Raises Problem."""
    assert isinstance(node, Constant)  # noqa: S101 (see above)
    several = isinstance(node.value, list)
    try:
        values = [read(kind, each) for each in (node.value if several else [node.value])]
    except (ConnoteError, ValueError) as error:
        told = "DATETIME" if kind == "date" else kind.upper()
        why = error.reason if isinstance(error, ConnoteError) else error
        raise Problem(node.at, f"Cannot convert string [{node.value}] to [{told}], error [{why}]") from None
    made = values[0].type if kind == "span" else kind
    return Constant(made, node.text, node.at, values if several else values[0])


def _check(function: Function, call: Call, number: int, argument: Node, count: int) -> None:
    parameter = function.parameter(number)
    wanted = parameter.rstrip("?*!")
    if call.name in _TIMED:
        number, count = number - 1, count - 1
    place = f"{_ORDINALS[number]} " if count > 1 and number < len(_ORDINALS) else ""
    if not any(types.fits(argument.type, kind) for kind in wanted.split("|")):
        raise Problem(
            call.at,
            f"{place}argument of [{call.text}] must be [{types.called(wanted)}], found value [{argument.text}] type "
            f"[{types.shown(argument.type)}]",
        )
    if "!" in parameter and not is_constant(argument):
        raise Problem(call.at, f"{place}argument of [{call.text}] must be a constant, received [{argument.text}]")


def _comparable(call: Call, arguments: Sequence[Node]) -> None:
    first = arguments[0]
    for each in arguments[1:]:
        if "null" not in (first.type, each.type) and types.wider([first.type, each.type]) is None:
            wanted = "numeric" if first.type in types.NUMBERS else types.shown(first.type)
            raise Problem(
                call.at,
                f"first argument of [{call.text}] is [{wanted}] so second argument must also be [{wanted}] but was "
                f"[{types.shown(each.type)}]",
            )


def _movable(call: Call, arguments: Sequence[Node]) -> None:
    """Raise Problem for spans with something that they do not move, and for dates with something that moves none."""
    left, right = (each.type for each in arguments)
    if "null" in (left, right) or not {left, right} & {"date", *types.SPANS}:
        return
    if left in types.SPANS and right in (left, "date") and (right != "date" or call.name == "+"):
        return
    if left == "date" and right in types.SPANS:
        return
    told = f"[{call.name}] has arguments with incompatible types [{types.shown(left)}] and [{types.shown(right)}]"
    raise Problem(call.at, told)


def _mixed(call: Call, arguments: Sequence[Node]) -> str:
    told = ", ".join(f"[{types.shown(each.type)}]" for each in arguments)
    return f"arguments of [{call.text}] have types that do not go together: {told}"


def _cast(call: Call, scope: Scope) -> Node:
    value, kind = call.arguments
    name = kind.value if isinstance(kind, Literal) else ""
    if name not in CASTS:
        raise Problem(call.at, f"Unknown data type named [{name}]")
    inner = bind(value, scope)
    usable(inner, scope)
    own = Call(call.text, call.at, CASTS[name], [value])
    return applied(FUNCTIONS[CASTS[name]], own, [inner])
