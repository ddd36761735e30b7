import socket

import psycopg
import pytest

from austin_crime.warehouse.migrations import migrate
from local_stack.provisioning.postgres import (
    OWNER,
    READER,
    ROLES,
    SUPERUSER,
    Server,
    free_port,
    temporary_server,
)


def test_everybody_needs_a_password_and_the_right_one(server: Server) -> None:
    for role in (SUPERUSER, *ROLES):
        url = server.url(role, "postgres")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(url.replace(f":{server.passwords[role]}@", "@"), passfile="/dev/null")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(f":{server.passwords[role]}@", ":wrong@"))


def test_the_server_listens_on_loopback_only(server: Server) -> None:
    with psycopg.connect(server.url(SUPERUSER, "postgres")) as connection:
        listens = connection.execute("show listen_addresses").fetchone()
        sockets = connection.execute("show unix_socket_directories").fetchone()

    assert (listens, sockets) == (("127.0.0.1",), ("",))


def test_the_reader_reads_the_warehouse_and_cannot_write_to_it(server: Server) -> None:
    owner, reader = server.create_warehouse("readable")
    migrate(owner)

    with psycopg.connect(reader, autocommit=True) as connection:
        assert connection.execute("select count(*) from mart.crimes").fetchone() == (0,)
        assert connection.execute("show statement_timeout").fetchone() == ("1min",)
        connection.execute("set default_transaction_read_only = off")
        for statement in (
            "insert into mart.council_districts values (1, 'District 1', '{}')",
            "delete from mart.crimes",
            "truncate ops.loads",
            "create table mart.mine (n int)",
            "create table public.mine (n int)",
            "create temporary table mine (n int)",
            "select * from ops.rejected_reports",
            "select * from staging.crimes",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("database", ["postgres", "template1", "airflow", "superset"])
def test_the_reader_may_connect_to_no_other_database(server: Server, database: str) -> None:
    for name in ("airflow", "superset"):
        server.create_database(name, name)

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(server.url(READER, database))


def test_roles_and_databases_can_be_made_twice_and_keep_their_content(server: Server) -> None:
    owner, _ = server.create_warehouse("twice")
    with psycopg.connect(owner) as connection:
        connection.execute("create table kept as select 1 as n")

    server.create_roles()
    server.create_warehouse("twice")

    with psycopg.connect(owner) as connection:
        assert connection.execute("select n from kept").fetchone() == (1,)


def test_a_changed_password_is_set_at_the_next_start(server: Server) -> None:
    server.create_warehouse("changed")
    other = Server(server.port, {**server.passwords, OWNER: "it's@new/:%"})

    other.create_roles()

    psycopg.connect(other.owner_url("changed")).close()
    server.create_roles()


def test_a_note_stays_with_its_database(server: Server) -> None:
    server.create_warehouse("noted")
    assert server.note("noted") is None

    server.leave_note("noted", "it's a note")

    assert server.note("noted") == "it's a note"
    server.drop_database("noted")
    assert server.note("noted") is None


def test_a_temporary_server_is_gone_at_the_end() -> None:
    with temporary_server() as running:
        psycopg.connect(running.url(SUPERUSER, "postgres")).close()

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", running.port)) != 0


def test_ports_that_are_asked_for_one_after_the_other_differ() -> None:
    ports = [free_port() for _ in range(2_000)]

    assert len(set(ports)) == len(ports)
