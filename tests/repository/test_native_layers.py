"""The layers of the Rust kernel: every module has its place, and no circle joins two files."""

import re
import shutil
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "native" / "src"
MOST_LINES = 450

# The highest layer first. A module imports from the layers below its own, never from its own. A
# folder stands for its modules, which may import each other as long as they form no circle.
LAYERS = (
    {"lib"},
    {"fuzzing", "verify"},
    {"survey"},
    {
        "arrow_rows",
        "convert",
        "delivery",
        "hash",
        "records",
        "row_keys",
        "scan",
        "split",
        "sqlite",
        "workbook",
    },
    {"block", "cell_appearance", "columnar", "json_members"},
    {"arrow_columns", "arrow_layout", "grammar", "values"},
    {"conversion_spec"},
    {"chunk", "dialect"},
    {"buffer_pool", "memory_check", "python_bytes", "reject_code", "system", "typed_rows"},
)

Module = tuple[str, ...]
"""The path of a module from the root of the crate: `("grammar", "record")`. The root is `()`."""


def module_of(file: Path, sources: Path) -> Module:
    parts = file.relative_to(sources).with_suffix("").parts
    return parts[:-1] if parts[-1] in {"mod", "lib"} else parts


def code_of(file: Path) -> str:
    """The text of a file without comments, literals and unit tests."""
    literals = r"""//[^\n]*|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\.[^']*|[^\\'])'"""
    text = re.sub(literals, " ", file.read_text("utf-8"), flags=re.DOTALL)
    test = re.search(r"#\[cfg\(test\)\]\s*mod tests \{", text)
    return text[: test.start()] if test else text


def without_inline_modules(text: str) -> tuple[str, list[str]]:
    """The text outside of `mod name { ... }`, and the bodies of these modules."""
    bodies = []
    while found := re.search(r"\bmod \w+ \{", text):
        end, depth = found.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        bodies.append(text[found.end() : end - 1])
        text = text[: found.start()] + text[end:]
    return text, bodies


def leaves(tree: str) -> Iterator[str]:
    """The paths that a `use` tree names: `a::{b, c::d}` names `a::b` and `a::c::d`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        yield re.sub(r"\s+as \w+", "", tree).strip().removesuffix("::self")
        return
    depth, start = 0, 0
    body = rest[: rest.rindex("}")]
    for at, char in enumerate(body + ","):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            if branch := body[start:at].strip():
                yield from leaves(head.strip() + branch)
            start = at + 1


def paths_in(text: str) -> Iterator[str]:
    for tree in re.findall(r"\buse ([^;]+);", text):
        yield from leaves(tree)
    yield from re.findall(r"\b[a-z_]\w*(?:::\w+)+", re.sub(r"\buse [^;]+;", "", text))


def resolve(path: str, at: Module, modules: set[Module]) -> Module | None:
    """The module whose file a path leads to; None if it leads out of the crate."""
    first, *rest = path.split("::")
    if first == "crate":
        base: Module = ()
    elif first in {"self", "super"}:
        base = at if first == "self" else at[:-1]
        while rest and rest[0] == "super":
            base, rest = base[:-1], rest[1:]
    elif (*at, first) in modules:
        base = (*at, first)
    else:
        return None
    while rest and (*base, rest[0]) in modules:
        base, rest = (*base, rest[0]), rest[1:]
    return base


def imports_of(sources: Path) -> dict[Module, set[Module]]:
    files = {module_of(file, sources): file for file in sorted(sources.rglob("*.rs"))}
    assert len(files) > 50
    found: dict[Module, set[Module]] = {module: set() for module in files}
    for module, file in files.items():
        outside, inline = without_inline_modules(code_of(file))
        paths = [(path, module) for path in paths_in(outside)]
        paths += [(path, (*module, "inline")) for body in inline for path in paths_in(body)]
        for path, at in paths:
            target = resolve(path, at, set(files))
            if target is not None and target != module:
                found[module].add(target)
    return found


def complaints(sources: Path) -> list[str]:
    """What is wrong with the imports of the crate, a sentence each."""
    imports = imports_of(sources)
    rank = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    tops = {module[0] if module else "lib" for module in imports}
    said = [f"{name} has no layer" for name in sorted(tops - set(rank))]
    said += [f"{name} is no module" for name in sorted(set(rank) - tops)]
    for module, targets in imports.items():
        for target in targets:
            here, there = (one[0] if one else "lib" for one in (module, target))
            if here != there and rank.get(here, 0) >= rank.get(there, len(LAYERS)):
                said.append(f"{'::'.join(module)} imports {'::'.join(target)}, no lower layer")
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        said.append("circle: " + " > ".join("::".join(module) for module in error.args[1]))
    return said


def test_the_layers_of_the_kernel_hold() -> None:
    assert complaints(SOURCES) == []


def test_the_parser_finds_the_imports() -> None:
    imports = imports_of(SOURCES)
    assert ("grammar", "record") in imports["grammar", "record_reader"]
    assert ("convert", "output") in imports["convert", "encoders", "json"]
    assert ("convert", "rows") in imports["convert",]
    assert ("delivery", "outbox") in imports[()]
    assert ("values",) in imports["convert", "reject_reasons"]
    assert imports["reject_code",] == set()


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("utils.rs", "", "utils has no layer"),
        ("chunk.rs", "use crate::{block::Block, hash};\n", "chunk imports block, no lower layer"),
        ("hash.rs", "fn f() { crate::split::g(); }\n", "hash imports split, no lower layer"),
        ("grammar/record.rs", "use super::record_reader::RecordReader;\n", "circle: "),
        ("values/value.rs", "use super::{Constraints};\n", "circle: "),
    ],
    ids=["new module without a place", "upward", "sideways", "circle", "through the folder"],
)
def test_the_check_can_fail(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    sources = tmp_path / "src"
    shutil.copytree(SOURCES, sources)
    path = sources / file
    path.write_text(text + (path.read_text("utf-8") if path.exists() else ""), "utf-8")
    assert any(one.startswith(complaint) for one in complaints(sources))


def test_files_stay_readable() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in SOURCES.rglob("*.rs")}
    assert {file: count for file, count in lengths.items() if count > MOST_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [file for file in SOURCES.rglob("*.rs") if not file.read_text().startswith("//! ")] == []
