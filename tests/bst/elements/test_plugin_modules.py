"""Which modules count as plugins'."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from buildstream.element import Element

from enforcer.bst.elements.plugin_modules import PluginModules

SPACE = "pluginbase._internalspace._sp0"


class Site:
    """Modules from files below one directory, loaded as Python loads them or as BuildStream loads plugins."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._monkeypatch = monkeypatch
        self.loaded: dict[str, types.ModuleType] = {}

    def add(self, path: str, text: str = "", name: str | None = None) -> Any:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        name = name or file.stem
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        self._monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        self.loaded[name] = module
        return module

    def plugin(self, path: str, text: str) -> Any:
        stem = Path(path).stem
        text = f"from buildstream import Element\n{text}\n"
        return self.add(path, text, f"{SPACE}.{stem}")

    def counting(self, *classes: type) -> set[str]:
        modules = PluginModules(classes).modules
        return {name.removeprefix(f"{SPACE}.") for name, module in self.loaded.items() if module in modules}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


PLUGIN = "class Kind(Element): pass"


def test_a_plugin_and_what_stands_in_its_space_count(site: Site) -> None:
    kind = site.plugin("plugins/kind.py", PLUGIN)
    site.add("plugins/_pkg/__init__.py", "", f"{SPACE}._pkg")
    site.add("plugins/_pkg/part.py", "", f"{SPACE}._pkg.part")
    site.add("plugins/_by_path.py")
    assert site.counting(kind.Kind) == {"kind", "_pkg", "_pkg.part", "_by_path"}


def test_what_a_plugin_derives_from_counts_wherever_it_is(site: Site) -> None:
    site.add("lib/site-packages/bases.py", "from buildstream import Element\nclass Base(Element): pass")
    site.add("lib/site-packages/mixins.py", "class Meta(type): pass\nclass Mixin(metaclass=Meta): pass")
    site.add("lib/site-packages/beside.py")
    kind = site.plugin("plugins/kind.py", "import bases, mixins\nclass Kind(bases.Base): pass")
    mixed = site.plugin("plugins/mixed.py", "import mixins\nclass Mixed(mixins.Mixin): pass")
    assert site.counting(kind.Kind, mixed.Mixed) == {"kind", "mixed", "bases", "mixins"}


def test_the_package_that_holds_a_plugins_base_counts(site: Site) -> None:
    site.add("lib/site-packages/acme/__init__.py", "", "acme")
    site.add("lib/site-packages/acme/state.py", "", "acme.state")
    text = "from buildstream import Element\nclass Base(Element): pass"
    site.add("lib/site-packages/acme/base.py", text, "acme.base")
    kind = site.plugin("plugins/kind.py", "import sys\nclass Kind(sys.modules['acme.base'].Base): pass")
    assert site.counting(kind.Kind) == {"kind", "acme", "acme.base", "acme.state"}


def test_what_a_plugin_imports_from_a_checkout_counts_and_what_that_imports(site: Site) -> None:
    site.add("checkout/deepest.py", "def put(): pass")
    site.add("checkout/deeper.py", "from deepest import put")
    site.add("checkout/helper.py", "import deeper")
    site.add("checkout/late.py")
    site.add("checkout/test_kind.py", "import helper, late")
    kind = site.plugin(
        "plugins/kind.py", "import helper\nclass Kind(Element):\n    def act(self):\n        import late"
    )
    assert site.counting(kind.Kind) == {"kind", "helper", "deeper", "deepest", "late"}


def test_installed_libraries_do_not_count(site: Site) -> None:
    site.add("lib/site-packages/library.py")
    kind = site.plugin("plugins/kind.py", "import library, json\nclass Kind(Element): pass")
    assert site.counting(kind.Kind) == {"kind"}


def test_what_came_with_the_same_distribution_as_a_plugin_counts(site: Site) -> None:
    info = site.root / "lib/site-packages/acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: acme\nVersion: 1.0\n")
    (info / "RECORD").write_text("acme_kinds/kind.py,,\nacme_library.py,,\nacme-1.0.dist-info/RECORD,,\n")
    site.add("lib/site-packages/acme_library.py")
    site.add("lib/site-packages/other_library.py")
    kind = site.plugin("lib/site-packages/acme_kinds/kind.py", "import acme_library, other_library\n" + PLUGIN)
    assert site.counting(kind.Kind) == {"kind", "acme_library"}


def test_a_module_that_is_loaded_later_counts_by_the_same_reasons(site: Site) -> None:
    kind = site.plugin("plugins/kind.py", PLUGIN)
    modules = PluginModules([kind.Kind])
    beside = site.add("plugins/_late.py", "", f"{SPACE}._late")
    helper, stranger = site.add("checkout/helper.py"), site.add("checkout/stranger.py")
    assert modules.take(beside, None)
    assert not modules.take(beside, None)
    assert modules.take(helper, kind.__file__)
    assert not modules.take(stranger, str(site.root / "checkout/test_kind.py"))
    assert {module.__name__ for module in modules.modules} >= {f"{SPACE}._late", "helper"}


def test_buildstream_does_not_count() -> None:
    assert PluginModules([Element]).modules == [sys.modules[Element.__module__]]
