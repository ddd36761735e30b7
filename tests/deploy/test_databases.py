"""The SQL of docs/kubernetes.md and the migration job, on a server whose administrator is no superuser, as managed ones are."""

import os
import re
import subprocess
import sys

import psycopg
import pytest
import yaml

from local_stack.configuration.settings import ROOT
from local_stack.provisioning.postgres import READER, ROLES, SUPERUSER, temporary_server

PASSWORD = "documented"


def test_the_documented_databases_take_the_migration_job_and_readers_only_read() -> None:
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    statements = re.findall(
        r"^    ((?:create (?:role|database)|alter role|grant|revoke) .*;)", page, re.MULTILINE
    )
    values = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "airflow-values.yaml").read_text())
    job = re.search(r"python -c '(.+)'$", values["migrateDatabaseJob"]["args"][-1].strip())
    assert job
    with temporary_server() as server:
        with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            for role in ROLES:
                connection.execute(f"drop owned by {role}".encode())
                connection.execute(f"drop role {role}".encode())
            connection.execute("create role administrator login createdb createrole password 'documented'")
            connection.execute("grant connect on database postgres to administrator")
        address = f"{PASSWORD}@{server.host}:{server.port}"
        with psycopg.connect(
            f"postgresql://administrator:{address}/postgres", autocommit=True
        ) as administrator:
            for statement in statements:
                administrator.execute(statement.replace("…", PASSWORD).encode())

        subprocess.run(
            [sys.executable, "-c", job[1]],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "include"),
                "AUSTIN_CRIME_WAREHOUSE_URL": f"postgresql://austin_crime_owner:{address}/warehouse_live",
            },
            check=True,
        )

        with psycopg.connect(f"postgresql://{READER}:{address}/warehouse_live") as reader:
            assert reader.execute("select count(*) from mart.crimes").fetchone() == (0,)
            may_be_ended = reader.execute(
                "select pg_has_role('austin_crime_owner', 'austin_crime_reader', 'usage')"
            ).fetchone()
            assert may_be_ended == (True,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute("delete from mart.crimes")
