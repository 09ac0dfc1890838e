"""What is plugin code, what of it BuildStream calls, and which of it a job runs."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from enforcer.bst.observing.lines_run import RunningCode
from enforcer.bst.observing.plugin_code import PluginCodes
from enforcer.results.plugin_coverage import PluginCode, Ran

# Each line in a function says what is to be known of it: `ran`, `never`, or that BuildStream calls it `outside`.
PLUGIN = """
    import functools
    import threading
    from buildstream import BuildElement, Element, Source


    def logged(function):
        @functools.wraps(function)  # never
        def call(self, *args):  # never
            return function(self, *args)  # ran
        return call  # never


    class Base(Element):
        def configure(self, node):
            pass  # outside

        def get_unique_key(self):
            return {}  # outside

        def stage(self, sandbox):
            self.helper(
                "over",  # ran
                "several lines",  # ran
            )

        def helper(self, *words: str) -> list[str]:
            # a comment
            return [
                word  # ran
                for word in words  # ran
            ]


    class Mine(Base):
        class Inner:
            def work(self):
                return 1  # ran

        HANDLERS = {"a": lambda self: self.Inner().work(),  # ran
                    "b": lambda self: None}  # never

        @logged
        def assemble(self, sandbox):
            def inner():
                yield "one"  # ran
                yield "two"  # never
            next(inner())  # ran
            self.HANDLERS["a"](self)  # ran
            thread = threading.Thread(target=self.in_thread)  # ran
            thread.start()  # ran
            thread.join()  # ran
            if not thread:  # ran
                return "never"  # never

        def in_thread(self): return 1  # ran

        def configure_sandbox(self, sandbox):
            raise NotImplementedError  # never


    class Other(Base):
        pass


    class Plain(BuildElement):
        pass


    class Feeds(Source):
        def fetch(self):
            return "never"  # never

        def set_ref(self, ref, node):
            self.ref = ref  # ran


    def setup():
        return Mine  # outside
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[types.ModuleType]:
    path = tmp_path / "plugins" / "mine.py"
    path.parent.mkdir()
    path.write_text(textwrap.dedent(PLUGIN), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("enforcer_test_covered", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules[spec.name]


def plugin(cls: Any) -> Any:
    """An object as far as it is needed here."""
    made = cls.__new__(cls)
    made._Plugin__context = types.SimpleNamespace(log_debug=False)  # for Plugin.__del__
    made._Plugin__kind = cls.__name__.lower()
    return made


def below(directory: Path) -> Callable[[str], str]:
    """Names files relative to the directory."""
    return lambda file: str(Path(file).relative_to(directory))


@pytest.fixture
def codes(module: types.ModuleType, tmp_path: Path) -> PluginCodes:
    plugins = [plugin(getattr(module, name)) for name in ("Mine", "Other", "Plain", "Feeds")]
    return PluginCodes([module], plugins, below(tmp_path))


def named(codes: PluginCodes) -> dict[str, PluginCode]:
    return {code.name.partition(".")[2]: code for code in codes.code.values()}


def marked(*marks: str) -> set[int]:
    lines = enumerate(textwrap.dedent(PLUGIN).splitlines(), 1)
    return {number for number, line in lines if line.endswith(tuple(f"# {mark}" for mark in marks))}


def ran(codes: PluginCodes, *actions: Callable[[], Any]) -> dict[str, Ran]:
    running = RunningCode(codes)
    with running.watching():
        for action in actions:
            action()
    assert running.trouble is None
    return {codes.code[key].name.partition(".")[2]: found for key, found in running.ran().items()}


def run_everything_marked(module: types.ModuleType, codes: PluginCodes) -> dict[str, Ran]:
    mine, feeds = plugin(module.Mine), plugin(module.Feeds)
    return ran(codes, lambda: mine.stage(None), lambda: mine.assemble(None), lambda: feeds.set_ref(1, None))


def test_each_class_is_told_and_the_functions_outside_of_all(codes: PluginCodes) -> None:
    found = named(codes)
    assert {name: (code.type, code.kind) for name, code in found.items()} == {
        "": ("", ""),
        "Base": ("", ""),
        "Mine": ("element", "mine"),
        "Other": ("element", "other"),
        "Plain": ("element", "plain"),
        "Feeds": ("source", "feeds"),
    }
    assert {(code.file, code.bundled) for code in found.values()} == {("plugins/mine.py", False)}


def test_what_buildstream_calls_outside_of_jobs_is_told_apart(codes: PluginCodes) -> None:
    outside = {line for code in codes.code.values() for line in code.outside}
    # What sets a ref runs on the main thread; a job may do it nevertheless, as here.
    set_ref = set(named(codes)["Feeds"].outside)
    assert outside - set_ref == marked("outside")
    assert len(set_ref) == 1


def test_lines_of_functions_count_and_no_others(module: types.ModuleType, codes: PluginCodes) -> None:
    known = {line for code in codes.code.values() for line in code.lines}
    assert known.issuperset(marked("ran", "never", "outside"))
    source = textwrap.dedent(PLUGIN).splitlines()
    heads = [line for line in known if source[line - 1].lstrip().startswith(("class ", "import ", "from ", "@logged"))]
    assert heads == []


def test_the_lines_that_run_are_noted_and_no_others(module: types.ModuleType, codes: PluginCodes) -> None:
    lines = {line for found in run_everything_marked(module, codes).values() for line in found.lines}
    assert marked("ran") - lines == set()
    assert lines & marked("never", "outside") == set()


def test_methods_that_run_are_noted_for_the_class_of_the_object(module: types.ModuleType, codes: PluginCodes) -> None:
    found = run_everything_marked(module, codes)
    assert {name: sorted(ran.methods) for name, ran in found.items() if ran.methods} == {
        "Mine": ["assemble", "stage"],
        "Feeds": ["set_ref"],
    }
    other = plugin(module.Other)
    assert {name: ran.methods for name, ran in ran(codes, lambda: other.stage(None)).items() if ran.methods} == {
        "Other": {"stage"}
    }


def test_methods_are_those_that_buildstream_calls_and_that_are_more_than_its_defaults(codes: PluginCodes) -> None:
    methods = {name: {method.name: method for method in code.methods} for name, code in named(codes).items()}
    assert sorted(methods["Mine"]) == ["assemble", "configure", "configure_sandbox", "get_unique_key", "stage"]
    assert methods["Mine"]["stage"].defined_in.endswith(".Base")
    assert methods["Mine"]["stage"].in_jobs
    assert not methods["Mine"]["configure"].in_jobs
    assert sorted(methods["Feeds"]) == ["fetch", "set_ref"]
    assert methods["Plain"]["assemble"].defined_in == "buildstream.buildelement.BuildElement"
    assert methods["Base"] == {}


def test_a_method_that_core_implements_is_noted_too(module: types.ModuleType, codes: PluginCodes) -> None:
    plain = plugin(module.Plain)
    plain._BuildElement__commands = {}

    def assemble() -> None:
        with pytest.raises(AttributeError):
            plain.assemble(None)

    assert ran(codes, assemble)["Plain"].methods == {"assemble"}


def test_two_texts_of_one_file_are_two(module: types.ModuleType, codes: PluginCodes, tmp_path: Path) -> None:
    path = Path(str(module.__file__))
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    later = PluginCodes([module], [plugin(module.Mine)], below(tmp_path))
    assert set(codes.code).isdisjoint(later.code)


def load(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"enforcer_test_twin_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_file_that_two_projects_load_is_one_whichever_of_its_classes_runs(
    module: types.ModuleType, tmp_path: Path
) -> None:
    twin = load(Path(str(module.__file__)))
    codes = PluginCodes([module, twin], [plugin(module.Feeds), plugin(twin.Mine)], below(tmp_path))
    assert {name: code.kind for name, code in named(codes).items() if code.kind} == {"Mine": "mine", "Feeds": "feeds"}
    mine, feeds = plugin(twin.Mine), plugin(module.Feeds)
    found = ran(codes, lambda: mine.stage(None), lambda: feeds.set_ref(1, None))
    assert {name: ran.methods for name, ran in found.items() if ran.methods} == {
        "Mine": {"stage"},
        "Feeds": {"set_ref"},
    }


def test_a_file_that_cannot_be_read_is_named(module: types.ModuleType, tmp_path: Path) -> None:
    Path(str(module.__file__)).unlink()
    codes = PluginCodes([module], [plugin(module.Mine)], below(tmp_path))
    assert (codes.unread, codes.code) == (["plugins/mine.py"], {})
