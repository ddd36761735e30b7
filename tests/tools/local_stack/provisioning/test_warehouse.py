from pathlib import Path

import psycopg
import pytest

from austin_crime import errors
from austin_crime.warehouse import slot
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError
from local_stack.provisioning import warehouse
from local_stack.provisioning.postgres import OWNER, READER, SUPERUSER, Server


def own(settings: Settings, url: str) -> Settings:
    values = {**settings.values, "AUSTIN_CRIME_WAREHOUSE_URL": url}
    return Settings(settings.root, values, settings.others, settings.source, settings.reports)


def local(settings: Settings, server: Server, reports: int, portal_port: str = "") -> Settings:
    roles = {"POSTGRES": SUPERUSER, "OWNER": "austin_crime_owner", "READER": READER}
    values = {f"AUSTIN_CRIME_{part}_PASSWORD": server.passwords[role] for part, role in roles.items()}
    values |= {"AUSTIN_CRIME_POSTGRES_PORT": str(server.port)}
    values |= {"AUSTIN_CRIME_PORTAL_PORT": portal_port} if portal_port else {}
    return Settings(settings.root, {**settings.values, **values}, {}, "sample", reports)


def add_district(settings: Settings) -> None:
    with psycopg.connect(settings.warehouse_url) as connection:
        connection.execute("insert into mart.council_districts values (1, 'District 1', '{}')")


def end_load(settings: Settings, load_id: str, status: str = "published") -> None:
    with psycopg.connect(settings.warehouse_url) as connection:
        connection.execute(
            "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters,"
            " started_at, last_seen_at) values (%s, 1, %s, 'airflow', %s, 1, '{}', now(), now())",
            (load_id, status, settings.source_url),
        )


def test_a_reader_that_is_missing_on_ones_own_server_is_told_as_sql_that_works(
    settings: Settings, server: Server
) -> None:
    url, _ = server.create_warehouse("own")
    with psycopg.connect(server.url(SUPERUSER, "own"), autocommit=True) as superuser:
        superuser.execute(f"alter role {READER} rename to missing_reader")

        with pytest.raises(StackError) as told:
            warehouse.check_own(own(settings, url))
        superuser.execute(str(told.value).split(":\n")[1].encode())

        assert warehouse.check_own(own(settings, url)) is None
        # Other tests read by the role that was there.
        superuser.execute(f"drop owned by {READER}")
        superuser.execute(f"drop role {READER}")
        superuser.execute(f"alter role missing_reader rename to {READER}")


def test_what_readers_may_do_beside_reading_on_ones_own_server_is_told_as_sql_that_ends_it(
    settings: Settings, server: Server
) -> None:
    roles = {**server.passwords, READER: settings.values["AUSTIN_CRIME_READER_PASSWORD"]}
    Server(server.port, roles).create_roles()
    server.create_database("open", OWNER)
    with psycopg.connect(server.url(SUPERUSER, "open"), autocommit=True) as superuser:
        superuser.execute(f"grant connect on database open to {READER}")
        chosen = own(settings, server.owner_url("open"))

        told = str(warehouse.check_own(chosen))
        superuser.execute(told.split(":\n", 1)[1].encode())

    assert told.startswith("austin_crime_reader may do more in the database open than read.")
    assert warehouse.check_own(chosen) is None


def test_a_reader_whose_password_is_another_is_told(settings: Settings, server: Server) -> None:
    url, _ = server.create_warehouse("own")
    server.create_roles()

    with pytest.raises(StackError, match=r"cannot log in.*AUSTIN_CRIME_READER_PASSWORD"):
        warehouse.check_own(own(settings, url))


def test_a_warehouse_that_does_not_answer_is_told(settings: Settings) -> None:
    with pytest.raises(StackError, match="AUSTIN_CRIME_WAREHOUSE_URL cannot be used"):
        warehouse.check_own(own(settings, "postgresql://me:pw@127.0.0.1:1/none"))


def test_the_sample_warehouse_is_made_anew_when_the_portal_has_another_size_or_port(
    settings: Settings, server: Server
) -> None:
    server.create_roles()
    first = local(settings, server, 1000)
    warehouse.prepare(first)
    add_district(first)

    assert warehouse.prepare(first) is None
    assert ("council_districts", 1) in warehouse.counts(first)

    larger = local(settings, server, 2000)
    assert "made anew and empty for the sample portal of 2000 reports" in str(warehouse.prepare(larger))
    assert ("council_districts", 0) in warehouse.counts(first)

    add_district(larger)
    moved = local(settings, server, 2000, portal_port="9240")
    assert "2000 reports at http://127.0.0.1:9240; it was of" in str(warehouse.prepare(moved))
    assert ("council_districts", 0) in warehouse.counts(first)


def test_a_sample_warehouse_whose_portal_moved_takes_its_loads_and_loses_the_old_landing(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.create_roles()
    first = local(settings, server, 1000, portal_port="9240")
    moved = local(settings, server, 1000, portal_port="9241")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", first.warehouse_url)
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", first.source_url)
    landed = Path(first.landing_url) / "batch.json"
    landed.parent.mkdir(parents=True)
    landed.touch()
    warehouse.prepare(first)
    end_load(first, "scheduled")
    with psycopg.connect(first.warehouse_url) as connection:
        connection.execute("update mart.data_status set source_url = %s", (first.source_url,))
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", moved.source_url)
    with pytest.raises(errors.LoadRefused, match="a warehouse belongs to one portal"):
        slot.claim_slot("refused", "python", {})

    warehouse.prepare(moved)

    assert slot.claim_slot("scheduled", "python", {}).load_id == "scheduled"
    assert not landed.exists()


def test_the_warehouse_of_the_citys_portal_is_never_made_anew(settings: Settings, server: Server) -> None:
    server.create_roles()
    sample = local(settings, server, 1000)
    live = Settings(sample.root, sample.values, {}, "live", 1000)
    warehouse.prepare(live)
    add_district(live)
    server.leave_note(live.warehouse, "another note")

    warehouse.prepare(live)

    assert ("council_districts", 1) in warehouse.counts(live)


def test_only_loads_that_ended_well_are_not_loaded_again(settings: Settings, server: Server) -> None:
    server.create_roles()
    chosen = local(settings, server, 3000)
    warehouse.prepare(chosen)
    for status in ("running", "unchanged", "published", "blocked", "failed", "abandoned"):
        end_load(chosen, status, status)

    assert warehouse.ended_loads(chosen) == {"published", "unchanged"}


def test_a_warehouse_that_is_gone_is_told_before_a_run_is_started(settings: Settings) -> None:
    with pytest.raises(StackError, match="The warehouse does not answer, so nothing is loaded"):
        warehouse.ended_loads(own(settings, "postgresql://me:pw@127.0.0.1:1/none"))
