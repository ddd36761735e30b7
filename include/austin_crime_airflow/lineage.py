"""Which tables a task reads and fills, for OpenLineage where it is configured (``AIRFLOW__OPENLINEAGE__TRANSPORT``)."""

from typing import Any

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook

from austin_crime import config
from austin_crime_airflow.settings import DEFAULT_ARGS


def of_statement(operator: SQLExecuteQueryOperator) -> Any:
    """Return the tables that an operator's SQL names, as OpenLineage's ``OperatorLineage``.

    Operators of SQL also ask the database for the tables' columns, and leave out the tables that this does not find.
    """
    from airflow.providers.openlineage.sqlparser import SQLParser

    hook: Any = operator.get_db_hook()
    return SQLParser(dialect="postgres").generate_openlineage_metadata_from_sql(
        sql=operator.sql,
        hook=hook,
        database_info=hook.get_openlineage_database_info(hook.get_connection(operator.conn_id)),
        use_connection=False,
    )


def note_publish() -> None:
    """Say that the running task fills the tables of ``mart`` from those of ``staging``."""
    hook = PostgresHook(DEFAULT_ARGS["conn_id"])
    connection = hook.get_connection(DEFAULT_ARGS["conn_id"])
    place = {"host": connection.host, "port": connection.port or 5432, "database": connection.schema}
    collector: Any = get_hook_lineage_collector()  # type: ignore[no-untyped-call]
    for read, filled in [("crimes_next", "crimes"), *((name, name) for name in config.AGGREGATES)]:
        table = {"schema": "staging", "table": read}
        collector.add_input_asset(hook, scheme="postgres", asset_kwargs=place | table)
        table = {"schema": "mart", "table": filled}
        collector.add_output_asset(hook, scheme="postgres", asset_kwargs=place | table)
