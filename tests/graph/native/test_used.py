"""Objects of which only is known that they were used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from enforcer.graph.native.used import use_of


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    """One in memory, with a table."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE books (name)")
    yield connection
    connection.close()


def read(connection: sqlite3.Connection) -> Any:
    """What differs once the connection has been used."""
    reader = use_of(type(connection))
    assert reader is not None
    return reader(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (name)",
        "ALTER TABLE books ADD COLUMN price",
        "DROP TABLE books",
        "INSERT INTO books VALUES ('a')",
        "CREATE TEMPORARY TABLE passing (name)",
    ],
)
def test_a_database_in_memory_that_a_statement_changes_has_been_used(
    database: sqlite3.Connection, statement: str
) -> None:
    database.execute("SELECT * FROM temp.sqlite_master")
    before = read(database)
    assert read(database) == before
    database.execute(statement)
    assert read(database) != before


@pytest.mark.parametrize(
    "prepare",
    [
        lambda connection, calls: setattr(connection, "row_factory", lambda *row: calls.append(row)),
        lambda connection, calls: setattr(connection, "text_factory", calls.append),
        lambda connection, calls: connection.set_trace_callback(calls.append),
        lambda connection, calls: connection.set_authorizer(lambda *given: calls.append(given) or sqlite3.SQLITE_OK),
        lambda connection, calls: connection.set_progress_handler(lambda: calls.append(1), 1),
    ],
)
def test_to_look_runs_nothing_of_a_plugin(
    database: sqlite3.Connection, prepare: Callable[[sqlite3.Connection, list[Any]], None]
) -> None:
    calls: list[Any] = []
    prepare(database, calls)
    read(database)
    assert calls == []


def test_to_look_changes_nothing(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO books VALUES ('a')")
    database.execute("INSERT INTO books VALUES ('b')")
    rows = database.execute("SELECT name FROM books")
    assert rows.fetchone() == ("a",)
    before = database.total_changes, database.in_transaction
    read(database)
    assert (database.total_changes, database.in_transaction) == before
    assert rows.fetchone() == ("b",)


def test_a_future_that_has_a_result_has_been_used() -> None:
    future: Future[int] = Future()
    reader = use_of(Future)
    assert reader is not None
    before = reader(future)
    assert reader(future) == before
    future.set_result(1)
    assert reader(future) != before


def test_a_database_that_was_closed_has_been_used(database: sqlite3.Connection) -> None:
    before = read(database)
    database.close()
    assert read(database) != before
