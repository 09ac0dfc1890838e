"""Random object graphs under random programs: cells say what a naive deep copy says, and take it back."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from enforcer.graph import compare, kinds, unit, values, walk
from enforcer.graph.graph import Graph
from enforcer.graph.quick import QuickPass
from enforcer.graph.unit import CellGroup
from tests.graph import checks, programs

pytestmark = pytest.mark.usefixtures("reading")
graph_settings = settings.get_profile("graph")
PROGRAMS = st.lists(st.binary(min_size=2, max_size=60), min_size=1, max_size=4)


@settings(graph_settings)
@given(build=st.binary(min_size=5, max_size=250), rounds=PROGRAMS)
def test_detection_paths_and_undo_agree_with_a_naive_deep_copy(build: bytes, rounds: list[bytes]) -> None:
    world = programs.World(build)
    try:
        checks.run(world, rounds)
    except BaseException:
        note("\n".join(world.log))
        raise


def campaign(examples: int) -> Counter[str]:
    """What `checks.run` exercised over so many examples, the same in every run."""
    tally: Counter[str] = Counter()
    for number in range(examples):
        source = random.Random(number)
        build = source.randbytes(source.randrange(5, 250))
        rounds = [source.randbytes(source.randrange(2, 60)) for _ in range(source.randrange(1, 5))]
        tally += checks.run(programs.World(build), rounds)
    return tally


def test_the_examples_change_cells_of_every_kind_and_follow_their_paths() -> None:
    tally = campaign(400)
    cell_kinds = {type(kind).__name__ for kind in vars(kinds).values() if isinstance(kind, kinds.Kind)}
    exercised = {name for name in cell_kinds if tally[f"changes of {name}"] > 0}
    # For extension types that a policy names: see the tests of BuildStream's.
    assert cell_kinds - exercised == {"WrappedDictKind", "WrappedListKind"}
    followed = tally["paths followed"] + tally["paths to a container"]
    assert followed > 10 * (tally["paths without an expression"] + tally["paths through what was replaced"]) > 0


Fault = Callable[[pytest.MonkeyPatch], None]


def blind_to_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.ListKind, "sizes", lambda self, objects: [0] * len(objects))


def blind_to_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.DictKind, "values", lambda mapping: [None] * dict.__len__(mapping))


def blind_to_one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.SlotsKind, "unchanged", lambda *_: True)


def skips_closures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_KNOWN_PLANS", {**walk._KNOWN_PLANS, id(walk.types.CellType): walk.EMPTY_PLAN})


def skips_bound_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_KNOWN_PLANS", {**walk._KNOWN_PLANS, id(walk.types.MethodType): walk.EMPTY_PLAN})


def compares_by_equality(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "same", lambda one, other: type(one) is type(other) and one == other)


def takes_true_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    original = values.same
    monkeypatch.setattr(compare, "same", lambda one, other: original(one, other) or (one == 1 and other == 1))


def reports_equal_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "same", lambda one, other: one is other)


def ignores_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.DictKind, "ordered", False)


def undoes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.DequeKind, "restore", lambda self, obj, before: None)


def undoes_by_replacing(monkeypatch: pytest.MonkeyPatch) -> None:
    original = kinds.InstanceKind.restore

    def restore(self: Any, obj: Any, before: Any) -> None:
        original(self, obj, [(name, [*value] if type(value) is list else value) for name, value in before])

    monkeypatch.setattr(kinds.InstanceKind, "restore", restore)


def keeps_old_shadows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Graph, "accept", lambda self, changed: None)


def forgets_what_others_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk.Registry, "holders_of_orphans", lambda self, objects: set())


def mixes_up_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit.Cell, "path", lambda self: ".a")


def reports_the_first_only(monkeypatch: pytest.MonkeyPatch) -> None:
    original = CellGroup.shadows
    monkeypatch.setattr(CellGroup, "shadows", lambda self: list(original(self))[:1])


def passes_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickPass, "unchanged", lambda self: True)


FAULTS: tuple[Fault, ...] = (
    passes_over_everything,
    blind_to_sizes,
    blind_to_values,
    blind_to_one_kind,
    skips_closures,
    skips_bound_methods,
    compares_by_equality,
    takes_true_for_one,
    reports_equal_strings,
    ignores_order,
    undoes_nothing,
    undoes_by_replacing,
    keeps_old_shadows,
    forgets_what_others_hold,
    mixes_up_places,
    reports_the_first_only,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_detector_with_a_fault_is_noticed(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, RuntimeError, LookupError, ValueError)):
        campaign(400)
