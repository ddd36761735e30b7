"""Mail dashboards as PDFs to the people whom the mail connection names."""

import tempfile
from pathlib import Path

from airflow.sdk import Connection

from austin_crime import report
from austin_crime_airflow import telling


def mail_report(dashboards: list[str]) -> str:
    """Mail the dashboards in one message to ``report_to`` of the mail connection's extra; return what was done in a sentence.

    Raises
    ------
    ReportNotMade
        If one of them cannot be had; nothing is mailed then.
    """
    to = _recipients()
    if not to:
        return (
            f'No report: the connection {telling.SMTP_CONN_ID} has no "report_to" in its extra, or there is none.'
            ' See docs/runbook.md, "Reports by email".'
        )
    message = report.in_words()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{slug}.pdf" for slug in dashboards]
        for file in files:
            file.write_bytes(report.fetch(file.stem))
        telling.mail(message, to, files)
    return f"Mailed {', '.join(file.name for file in files)} to {to}."


def _recipients() -> str | None:
    if not telling.has_connection(telling.SMTP_CONN_ID):
        return None
    to: str | None = Connection.get(telling.SMTP_CONN_ID).extra_dejson.get("report_to")
    return to
