import psycopg
import pytest

from local_stack import warehouse
from local_stack.errors import StackError
from local_stack.postgres import READER, SUPERUSER, Server
from local_stack.settings import Settings


def own(settings: Settings, url: str) -> Settings:
    values = {**settings.values, "AUSTIN_CRIME_WAREHOUSE_URL": url}
    return Settings(settings.root, values, settings.others, settings.source, settings.reports)


def local(settings: Settings, server: Server, reports: int) -> Settings:
    roles = {"POSTGRES": SUPERUSER, "OWNER": "austin_crime_owner", "READER": READER}
    values = {f"AUSTIN_CRIME_{part}_PASSWORD": server.passwords[role] for part, role in roles.items()}
    values |= {"AUSTIN_CRIME_POSTGRES_PORT": str(server.port)}
    return Settings(settings.root, {**settings.values, **values}, {}, "sample", reports)


def test_a_reader_that_is_missing_on_ones_own_server_is_told_as_sql_that_works(
    settings: Settings, server: Server
) -> None:
    url, _ = server.create_warehouse("own")
    with psycopg.connect(server.url(SUPERUSER, "own"), autocommit=True) as superuser:
        superuser.execute(f"drop owned by {READER}")
        superuser.execute(f"drop role {READER}")

        with pytest.raises(StackError) as told:
            warehouse.check_own(own(settings, url))
        superuser.execute(str(told.value).split(":\n")[1].encode())

    warehouse.check_own(own(settings, url))


def test_a_reader_whose_password_is_another_is_told(settings: Settings, server: Server) -> None:
    url, _ = server.create_warehouse("own")
    server.create_roles()

    with pytest.raises(StackError, match=r"cannot log in.*AUSTIN_CRIME_READER_PASSWORD"):
        warehouse.check_own(own(settings, url))


def test_a_warehouse_that_does_not_answer_is_told(settings: Settings) -> None:
    with pytest.raises(StackError, match="AUSTIN_CRIME_WAREHOUSE_URL cannot be used"):
        warehouse.check_own(own(settings, "postgresql://me:pw@127.0.0.1:1/none"))


def test_another_size_of_the_sample_portal_gets_an_empty_warehouse(
    settings: Settings, server: Server
) -> None:
    server.create_roles()
    small = local(settings, server, 1000)
    warehouse.prepare(small)
    with psycopg.connect(small.warehouse_url) as connection:
        connection.execute("insert into mart.council_districts values (1, 'District 1', '{}')")

    warehouse.prepare(small)
    assert ("council_districts", 1) in warehouse.counts(small)

    warehouse.prepare(local(settings, server, 2000))
    assert ("council_districts", 0) in warehouse.counts(small)
