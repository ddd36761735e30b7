"""Sessions: what they speak, whatever surrounds them; and a pooler in transaction mode between us and the server."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pyarrow as pa
import pytest
from psycopg.rows import tuple_row

from austin_crime import errors, nightly
from austin_crime.warehouse import connection as sessions
from local_stack.provisioning.postgres import SUPERUSER, free_port
from sample_portal.publisher import live as portal_store

ODD_VARIABLES = {
    "PGCLIENTENCODING": "LATIN1",
    "PGDATESTYLE": "German",
    "PGTZ": "Asia/Kathmandu",
    "PGOPTIONS": "-c default_transaction_read_only=on -c search_path=nowhere -c work_mem=64kB",
    "PGHOSTADDR": "192.0.2.1",
}
ODD_ROLE_SETTINGS = {
    "client_encoding": "'LATIN1'",
    "datestyle": "'SQL, DMY'",
    "intervalstyle": "'iso_8601'",
    "timezone": "'Asia/Kathmandu'",
    "search_path": "nowhere, pg_catalog",
    "default_transaction_isolation": "'serializable'",
    "statement_timeout": "'1s'",
    "extra_float_digits": "-15",
}
PGBOUNCER = """
[databases]
* = host=127.0.0.1 port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
"""


def spoken(connection):
    """Return what a session speaks."""
    names = [*sessions.SETTINGS, "transaction_isolation", "transaction_read_only"]
    columns = ", ".join(f"current_setting('{name}')" for name in names)
    return dict(zip(names, connection.execute(f"select {columns}").fetchone(), strict=True))


@pytest.fixture
def odd_role(warehouse, postgres) -> Iterator[None]:
    """Give the owner's login settings of its own."""
    login = psycopg.conninfo.conninfo_to_dict(warehouse.owner_url)["user"]
    superuser = postgres.url(SUPERUSER, "postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        for name, value in ODD_ROLE_SETTINGS.items():
            connection.execute(f"alter role {login} set {name} = {value}")
        yield
        connection.execute(f"alter role {login} reset all")


def test_a_session_speaks_the_same_whatever_the_variables_and_the_role_say(warehouse, odd_role, monkeypatch):
    for name, value in ODD_VARIABLES.items():
        monkeypatch.setenv(name, value)

    with sessions.open_session(tuple_row) as connection:
        first = spoken(connection)
        connection.commit()
        second = spoken(connection)

    expected = sessions.SETTINGS | {"transaction_isolation": "read committed", "transaction_read_only": "off"}
    assert first == second == expected


def test_text_copied_from_arrow_is_what_was_sent_whatever_the_client_encoding(
    warehouse, odd_role, monkeypatch
):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with sessions.connect() as connection:
        connection.execute("create table staging.words (word text)")

    with sessions.connect_arrow() as copying:
        with copying.cursor() as cursor:
            cursor.adbc_ingest("words", pa.table({"word": ["CAFÉ"]}), mode="append", db_schema_name="staging")
        copying.commit()

    with sessions.connect() as connection:
        assert connection.execute("select word from staging.words").fetchall() == [{"word": "CAFÉ"}]


def test_a_load_is_the_same_whatever_the_variables_and_the_role_say(
    sample_portal, warehouse, odd_role, monkeypatch
):
    for name, value in ODD_VARIABLES.items():
        monkeypatch.setenv(name, value)
    sample_portal.store.execute(
        f"update reports set location_type = 'CAFÉ' where {sample_portal.where(sample_portal.some_keys(3))}"
    )

    nightly.run_nightly("odd")

    with sessions.connect() as connection:
        cafes = connection.execute("select count(*) as n from mart.crimes where location_type = 'CAFÉ'")
        assert cafes.fetchall() == [{"n": 3}]


@pytest.mark.parametrize(
    ("version", "encoding", "expected"),
    [
        (140011, "UTF8", "PostgreSQL 14: expected 15 or newer"),
        (180004, "SQL_ASCII", "encoding SQL_ASCII: expected UTF8"),
    ],
)
def test_a_server_that_cannot_hold_the_data_is_refused_in_a_sentence(version, encoding, expected):
    info = SimpleNamespace(
        server_version=version, dbname="w", user="me", parameter_status=lambda name: encoding
    )

    with pytest.raises(sessions.WarehouseUnfit, match=expected):
        sessions._refuse_unfit(info)


def test_a_database_of_another_encoding_is_refused_in_a_sentence(warehouse, postgres):
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists latin")
        connection.execute(
            "create database latin encoding 'LATIN1' locale_provider libc locale 'C' template template0"
        )
        connection.execute("grant connect on database latin to austin_crime_owner")

    with (
        pytest.raises(sessions.WarehouseUnfit, match="encoding LATIN1: expected UTF8"),
        sessions.connect(postgres.owner_url("latin")),
    ):
        pass


@contextmanager
def running_pgbouncer(server, folder: Path) -> Iterator[int]:
    """Run pgbouncer in transaction mode with its default settings; give its port."""
    port = free_port()
    folder.chmod(0o755)
    users = [f'"{role}" "{password}"\n' for role, password in server.passwords.items()]
    (folder / "users.txt").write_text("".join(users))
    (folder / "pgbouncer.ini").write_text(
        PGBOUNCER.format(port=server.port, own_port=port, folder=folder).lstrip()
    )
    other = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    account = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []} if other else {}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:" + os.environ["PATH"]), folder / "pgbouncer.ini"],
            stdout=log,
            stderr=log,
            **account,
        )  # fmt: skip
    try:
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def pooled(postgres, warehouse, monkeypatch) -> Iterator[None]:
    """Have the warehouse behind pgbouncer."""
    if shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:" + os.environ["PATH"]) is None:
        pytest.skip("pgbouncer is not installed")
    with tempfile.TemporaryDirectory() as folder, running_pgbouncer(postgres, Path(folder)) as port:
        url = warehouse.owner_url.replace(f":{postgres.port}/", f":{port}/")
        monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", url)
        yield


def test_loads_work_through_a_pooler_in_transaction_mode(sample_portal, warehouse, pooled, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=64kB")
    nightly.run_nightly("first")
    gone = sample_portal.where(sample_portal.some_keys(3))
    portal_store.remove_reports(sample_portal.store, gone)

    nightly.run_nightly("second")

    with sessions.connect() as connection:
        rows = connection.execute("select status from ops.loads order by started_at").fetchall()
        live = connection.execute("select count(*) as n from mart.crimes").fetchall()
    assert [row["status"] for row in rows] == ["published", "published"]
    assert live == [{"n": sample_portal.report_count()}]


def test_behind_a_pooler_every_transaction_has_the_settings_and_leaves_none_behind(
    warehouse, postgres, pooled
):
    def ask(number):
        with sessions.open_session(tuple_row) as connection:
            answers = []
            for _ in range(5):
                answers.append(spoken(connection)["work_mem"])
                for _ in range(7):  # more often than psycopg executes before it prepares
                    connection.execute("select %s::int", (number,))
                connection.commit()
            return answers

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for several in pool.map(ask, range(16)) for answer in several]
    pooled_url = os.environ["AUSTIN_CRIME_WAREHOUSE_URL"]
    with psycopg.connect(pooled_url, autocommit=True) as other:
        left = {other.execute("show work_mem").fetchone()[0] for _ in range(8)}

    assert set(answers) == {sessions.SETTINGS["work_mem"]}
    assert left.isdisjoint(answers)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"AUSTIN_CRIME_WAREHOUSE_URL": "postgresql://me:se-cret@127.0.0.1:9/warehouse"},
            "Connection refused",
        ),
        ({"PGSERVICE": "nobodys"}, 'definition of service "nobodys" not found'),
        ({"PGSSLMODE": "require"}, "server does not support SSL"),
    ],
)
def test_a_warehouse_that_cannot_be_reached_is_told_in_one_line_and_tried_again(
    warehouse, monkeypatch, caplog, variables, said
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(errors.WarehouseUnreachable, match=said) as failure:
        nightly.run_nightly("away")

    assert "\n" not in str(failure.value)
    assert "se-cret" not in str(failure.value) + caplog.text
    assert errors.can_retry(failure.value)
