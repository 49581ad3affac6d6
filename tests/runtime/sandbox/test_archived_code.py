"""Code that is held against the operators before torch loads it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.runtime.sandbox import archive, source
from connote.runtime.sandbox.errors import BadArchive
from uploads import forged

# What is refused, by what the error names.
REFUSED = {
    'return torch.from_file("/etc/passwd", False, 16)': "aten::from_file",
    'return (ids).from_file("/etc/passwd")': "aten::from_file",
    'torch.save(ids, "/tmp/harm")': "aten::save",
    "print(ids)": "prim::Print",
    "_0 = fork(self.forward, ids, mask)": "prim::fork",
    "return ops.evil.run(ids)": "evil::run",
    "return ops.prim.PythonOp(ids)": "prim::PythonOp",
    'ops.aten.from_file("/etc/passwd")': "aten::from_file",
    "_0 = torch.from_file\nreturn _0(ids)": "aten::from_file",
    "_0 = torch.add\nreturn _0(ids)": "aten::add",
    "_0 = (ids).from_file\nreturn _0(ids)": "_0",
    "_0 = __torch__.own\n_0 = (ids).from_file\nreturn _0(ids)": "_0",
    "x = torch\nreturn ids": "torch",
    "x = ops\nreturn ids": "ops",
    'return getattr(ids, "from_file")("/etc/passwd")': "a call of Call",
    "return [torch.add][0](ids, mask)": "aten::add",
    "return (lambda x: torch.set_(x, ids))(ids)": "aten::set_",
    "return torch.ops.aten.from_file(ids)": "aten::ops.aten.from_file",
    "return __torch__.torch.classes.dist_rpc.WorkerInfo(ids)": "torch.classes.dist_rpc.WorkerInfo",
    'return open("/etc/passwd")': "open",
    "import os\nreturn ids": "os",
    "return torch.as_strided(ids, [9], [9], 9)": "aten::as_strided",
}
ALLOWED = [
    "return torch.add(ids, torch.mul(mask, 2))",
    "_0 = __torch__.torch.nn.functional.gelu\nreturn _0(ids, )",
    'return (getattr(self, "0")).forward(ids, )',
    "_0 = annotate(List[Tensor], [])\n_1 = torch.append(_0, ids)\nreturn torch.cat(_0)",
    'ops.prim.RaiseException("no cats")\nreturn ids',
    "return ops.quantized.linear_dynamic(ids, self.packed, True)",
    "return (ids).expand_as(mask)",
    'd = {"a": ids}\ntorch.Delete(d, "a")\nreturn ids',
    "return torch.to(ids, 6)",
]


def check(body: str) -> None:
    source.check(archive.code(forged(body)))


@pytest.mark.parametrize("body", REFUSED)
def test_an_operator_that_is_not_allowed_is_named(body: str) -> None:
    with pytest.raises(BadArchive, match="not allowed") as caught:
        check(body)
    assert REFUSED[body] in str(caught.value).partition("[")[2].removesuffix("]").split(", ")


@pytest.mark.parametrize("body", ALLOWED)
def test_what_models_need_is_allowed(body: str) -> None:
    check(body)


@pytest.mark.parametrize("text", ["return return", "x = " + "(" * 10_000, "x = " + "-" * 100_000 + "1", "\0"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(BadArchive, match="code"):
        source.check({"code/x.py": text})


@given(st.text())
def test_any_text_is_code_or_refused(text: str) -> None:
    with contextlib.suppress(BadArchive):
        source.check({"code/x.py": text})
