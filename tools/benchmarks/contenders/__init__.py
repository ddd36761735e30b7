"""What is measured: each module is a program that loads all reports of the portal into an empty, migrated warehouse.

Each ends with a view ``staging.crimes_next`` that has the columns of mart.crimes which the aggregates read, and tells in
the file of BENCHMARK_STEPS how many seconds its steps took.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """A program that loads the reports.

    Parameters
    ----------
    name
        What people read.
    module
        Its module in this package.
    environment
        The virtual environment that it runs in.
    most_reports
        It is not run beyond so many.
    """

    name: str
    module: str
    environment: str = "airflow"
    most_reports: int | None = None

    def can_take(self, reports: int) -> bool:
        """Whether it is run with so many reports."""
        return self.most_reports is None or reports <= self.most_reports


OURS = Contender("ours", "ours")
FLOOR = Contender("floor", "floor")
CSV_COPY = Contender("csv_copy", "csv_copy")
TO_SQL = Contender("to_sql", "to_sql", "benchmark", 200_000)
DLT = Contender("dlt", "dlt_rest_api", "benchmark", 200_000)
# Ours first: the floor's file is made of its rows.
CONTENDERS = (OURS, FLOOR, CSV_COPY, TO_SQL, DLT)
UNDER_AIRFLOW = "ours under Airflow"
WEEK_LATER = "ours: a week later"
NOTHING_NEW = "ours: nothing new"
