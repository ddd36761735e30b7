import psycopg
import pytest

from austin_crime import config
from austin_crime.errors import ParameterError, SettingError, WarehouseUnreachable
from austin_crime.pages import loads, session
from austin_crime.warehouse import migrations


def test_pages_read_as_the_reader_and_cannot_write(reader):
    with reader() as connection:
        assert connection.execute("select current_user as name").fetchall() == [
            {"name": "austin_crime_reader"}
        ]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create temporary table mine (a integer)")


def test_all_that_a_page_reads_is_of_one_moment(reader, ask):
    with reader() as connection:
        before = loads.status(connection)
        ask("update mart.data_status set report_count = 5 returning 1")

        assert loads.status(connection) == before


def test_a_slow_query_is_ended_with_a_sentence(reader, monkeypatch):
    monkeypatch.setattr(session, "STATEMENT_TIMEOUT", "10ms")

    with pytest.raises(session.TooSlow, match="took longer than 10ms"), reader() as connection:
        connection.execute("select count(*) from generate_series(1, 1000000000)")


def test_a_warehouse_that_goes_away_in_between_is_told(reader, ask):
    def read_when_the_connection_is_gone():
        with reader() as connection:
            ask(f"select pg_terminate_backend({connection.info.backend_pid})")
            connection.execute("select 1")

    with pytest.raises(WarehouseUnreachable, match="Try again in a moment"):
        read_when_the_connection_is_gone()


def test_a_warehouse_that_nobody_migrated_or_one_of_an_older_version_says_what_to_press(
    postgres, reader, ask, monkeypatch
):
    with pytest.raises(session.NotReady, match="Press Start"), reader() as connection:
        connection.execute("select * from ops.of_a_later_version")
    _, empty = postgres.create_warehouse("warehouse_not_migrated")
    monkeypatch.setenv("AUSTIN_CRIME_READER_URL", empty)

    with pytest.raises(session.NotReady, match="Press Start"), reader() as connection:
        loads.status(connection)


def test_an_address_without_a_server_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_READER_URL", "postgresql+psycopg2://me:secret@127.0.0.1:1/none")

    with pytest.raises(WarehouseUnreachable, match="refused") as told, session.reading():
        pass

    assert "secret" not in str(told.value)


@pytest.mark.parametrize("value", ["", "nonsense", "mysql://me:secret@host/x", "postgresql+psycopg2://"])
def test_an_address_that_is_none_is_refused_without_its_password(value):
    with pytest.raises(SettingError, match="AUSTIN_CRIME_READER_URL") as told:
        config.reader_url({"AUSTIN_CRIME_READER_URL": value})

    assert "secret" not in str(told.value)


def test_an_error_of_the_person_passes_through(reader):
    with pytest.raises(ParameterError), reader():
        raise ParameterError("wrong")


def test_migrating_again_keeps_what_the_reader_may_read(reader, warehouse):
    migrations.migrate(warehouse.owner_url)

    with reader() as connection:
        assert loads.resets(connection) == []
