"""OpenLineage, switched on by its transport alone: which tables each task says that it reads and fills."""

import json
import re
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.conftest import RUN_DAG

from austin_crime import config


@pytest.fixture
def said(in_airflow, warehouse, sample_portal, tmp_path):
    """Return the inputs and outputs of each task that ended well in a first load."""
    events = tmp_path / "events.json"
    result = in_airflow(
        RUN_DAG,
        RUN_CONF="{}",
        AUSTIN_CRIME_WAREHOUSE_URL=warehouse.owner_url,
        AUSTIN_CRIME_SOURCE_URL=sample_portal.url,
        AUSTIN_CRIME_LANDING_URL=str(warehouse.landing),
        AIRFLOW_CONN_WAREHOUSE=warehouse.owner_url,
        AIRFLOW_CONN_AUSTIN_PORTAL=sample_portal.url,
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(
            {"type": "file", "log_file_path": str(events), "append": True}
        ),
    )
    assert result["state"] == "success"
    ended = [event for event in map(json.loads, events.open()) if event["eventType"] == "COMPLETE"]
    return {
        event["job"]["name"].removeprefix("austin_crime_nightly."): (
            {(table["namespace"], table["name"]) for table in event["inputs"]},
            {(table["namespace"], table["name"]) for table in event["outputs"]},
        )
        for event in ended
    }


def test_each_sql_step_names_the_tables_that_it_reads_and_fills_as_in_the_warehouse(said, warehouse):
    address = urlsplit(warehouse.owner_url)
    namespace, database = f"postgres://{address.hostname}:{address.port}", address.path.strip("/")

    def tables(*names):
        return {(namespace, f"{database}.{name}") for name in names}

    with psycopg.connect(warehouse.owner_url) as connection:
        for table in config.AGGREGATES:
            statement = (config.SQL_DIR / "aggregates" / f"{table}.sql").read_text()
            statement = re.sub(r"--.*", "", statement)
            named = set(re.findall(r"\b(?:mart|staging|ops)\.\w+", statement))
            filled = set(re.findall(r"insert into ([\w.]+)", statement))
            read = set(re.findall(r"(?:from|join)\s+((?:mart|staging|ops)\.\w+)", statement))
            assert named == filled | read
            for name in named:
                assert connection.execute("select to_regclass(%s)", [name]).fetchone() != (None,)
            inputs, outputs = said[f"build_{table}"]
            assert inputs == tables(*read), table
            assert outputs >= tables(*filled), table
    inputs, outputs = said["publish"]
    assert inputs == tables("staging.crimes_next", *(f"staging.{name}" for name in config.AGGREGATES))
    assert outputs == tables("mart.crimes", *(f"mart.{name}" for name in config.AGGREGATES))
