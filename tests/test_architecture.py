"""The rules of the house: which package and room may import which, and no module in a circle."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge", "train", "convert", "benchmarks", "edge_emo")
# A package imports only what stands here; `edge_emo` opens whatever it is asked for.
ALLOWED = {
    "edge": set(),
    "train": {"edge"},
    "convert": {"edge", "train"},
    "benchmarks": {"edge", "train", "convert"},
    "edge_emo": {"edge", "train", "convert", "benchmarks"},
}
# The rooms of the runtime, lowest first: a room imports only lower ones.
ROOMS = (
    "support",
    "inference",
    "faces",
    "emotions",
    "sources",
    "outputs",
    "evaluation",
    "live",
    "batch",
    "service",
    "doctor",
    "cli",
)
HEAVY = {"tensorflow", "keras", "jax", "matplotlib"}  # never in the runtime
MOST_NAMES = 12  # at one level


def is_study(module):
    return ".studies." in module


@cache
def modules():
    """Return module name -> file."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module, when_loaded=False):
    """Return the absolute names that a module imports; function bodies count unless `when_loaded`."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    nodes = list(ast.walk(tree)) if not when_loaded else list(_top_level(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*base, node.module or ""]).strip(".") if node.level else node.module
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                names.add(inner if inner in modules() else origin)
    return frozenset(names)


def _top_level(tree):
    """Yield the nodes that run when the module is imported."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or typing_only:
            continue
        yield node
        waiting += list(ast.iter_child_nodes(node))


def package_of(name):
    return name.partition(".")[0]


def room_of(module):
    """Return the room of a module of the runtime; None for those at its door."""
    parts = module.split(".")
    return parts[1] if parts[0] == "edge" and len(parts) > 1 and parts[1] != "__main__" else None


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_below_it(package):
    for module in modules():
        if package_of(module) == package:
            others = {package_of(n) for n in imports(module)} & set(PACKAGES)
            assert others <= ALLOWED[package] | {package}, module


def test_the_runtime_imports_nothing_heavy():
    for module in modules():
        if package_of(module) == "edge":
            assert not {package_of(n) for n in imports(module)} & HEAVY, module


def test_the_runtime_names_no_module_of_another_package_in_a_string():
    """An import hidden in a string would be a circle that no tool sees; entry points are not."""
    for module, path in modules().items():
        if package_of(module) != "edge":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                hidden = node.value.startswith(("train.", "convert.", "benchmarks."))
                assert not hidden, (module, node.value)


def test_a_room_of_the_runtime_imports_only_lower_rooms():
    for module in modules():
        if (room := room_of(module)) is None:
            continue
        assert room in ROOMS, f"{module}: give the room '{room}' its place in ROOMS"
        for name in imports(module):
            other = room_of(name)
            assert other is None or ROOMS.index(other) <= ROOMS.index(room), (module, name)


def test_no_module_is_part_of_a_circle():
    graph = {m: [n for n in imports(m) if n in modules() and n != m] for m in modules()}
    done, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module in done:
            return
        path.append(module)
        for name in graph[module]:
            visit(name)
        path.pop()
        done.add(module)

    for module in graph:
        visit(module)


def test_what_users_run_does_not_import_the_studies():
    for module in modules():
        if not is_study(module):
            assert not [n for n in imports(module) if is_study(n + ".")], module


@pytest.mark.parametrize("package", PACKAGES)
def test_at_most_a_dozen_names_stand_at_one_level(package):
    for folder in (ROOT / package, *(p for p in (ROOT / package).rglob("*") if p.is_dir())):
        names = {
            p.name for p in folder.iterdir() if (p / "__init__.py").is_file() or p.suffix == ".py"
        } - {"__init__.py", "__main__.py"}
        assert len(names) <= MOST_NAMES, (folder, sorted(names))
