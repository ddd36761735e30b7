"""The dashboards as PDFs, to be mailed: Superset draws them, the warehouse says in words what they are about."""

import requests

from austin_crime import config, own_servers
from austin_crime.errors import ReportNotMade, SettingError
from austin_crime.load import refresh
from austin_crime.messages import TITLE, Message
from austin_crime.warehouse.connection import connect

# Superset gives up after a minute and a half.
TIMEOUT_S = 180


def fetch(slug: str) -> bytes:
    """Return a dashboard as a PDF.

    Raises
    ------
    ReportNotMade
        If there is no Superset, or it answers with anything else; the message has its words.
    """
    try:
        url = config.superset_url()
        if url is None:
            raise ReportNotMade(
                "AUSTIN_CRIME_SUPERSET_URL is not set: expected the Superset that draws the dashboards."
            )
        with own_servers.session() as session:
            refresh.log_in(session, url)
            answer = session.get(
                f"{url}/report/{slug}.pdf",
                timeout=(config.CONNECT_TIMEOUT_S, TIMEOUT_S),
                allow_redirects=False,
            )
    except (requests.RequestException, SettingError) as failure:
        raise ReportNotMade(f"{slug}: Superset could not be asked: {failure}") from failure
    if answer.status_code != requests.codes.ok or not answer.content.startswith(b"%PDF"):
        raise ReportNotMade(f"{slug}: expected a PDF, got {answer.status_code}: {answer.text[:500].strip()}")
    return answer.content


def in_words() -> Message:
    """Return what the mail says: this year and the last twelve months, compared, and of when the data is.

    Raises
    ------
    ReportNotMade
        If nothing has been published yet.
    """
    with connect() as connection:
        notices = connection.execute(
            "select period_name, last_date, notice from mart.comparisons"
            " where crime_group = 'All crimes' and area_name = 'Whole city' order by period_name desc"
        ).fetchall()
        about = connection.execute(
            "select status.notice, completeness.notice as completeness"
            " from mart.data_status as status cross join mart.completeness"
        ).fetchone()
    if not notices or about is None:
        raise ReportNotMade("There is nothing to report yet: no load has published.")
    lines = [(row["period_name"], row["notice"]) for row in notices]
    subject = f"{TITLE}: report up to {notices[0]['last_date']:%B %-d, %Y}"
    return Message(
        None,
        subject,
        (*lines, ("About this data", f"{about['notice'] or ''} {about['completeness']}".strip())),
    )
