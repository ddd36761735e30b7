"""Tell people of a load: by e-mail and by a webhook, each if Airflow has its connection."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import AirflowException, AirflowNotFoundException, conf
from airflow.sdk import Connection
from airflow.sdk.log import mask_secret

from austin_crime import messages, news
from austin_crime.errors import WarehouseUnreachable
from austin_crime.messages import Message

log = logging.getLogger(__name__)

SMTP_CONN_ID = "austin_crime_smtp"
WEBHOOK_CONN_ID = "austin_crime_webhook"


def tell(load_id: str) -> str:
    """Tell people if the load failed, was blocked, ends well again, or brought late data; each state once."""
    return _tell(lambda: news.of_run(str(load_id), _airflow_url()))


def tell_of_question() -> str:
    """Tell people that a load waits for their decision; what reaches nobody is told in the morning."""
    try:
        return _tell(lambda: news.untold(_airflow_url()))
    except AirflowException as failure:
        log.error("%s", failure)
        return "The load waits, although nobody could be told."


def tell_in_the_morning() -> str:
    """Tell people if no load has ended today, the data are late, or what nobody could be told at night."""
    return _tell(lambda: news.of_morning(_airflow_url()))


def _tell(find_news: Callable[[], list[Message]]) -> str:
    """Send what people have not been told yet, and return what was done in a sentence.

    Raises
    ------
    AirflowException
        If a message reached nobody; a later run tells it.
    """
    try:
        found = find_news()
    except WarehouseUnreachable as failure:
        found = [messages.unreachable(str(failure), _airflow_url())]
    channels = {conn_id: send for conn_id, send in CHANNELS.items() if has_connection(conn_id)}
    if not channels:
        return (
            f"Nobody is told ({len(found)} messages): there is no connection {' or '.join(CHANNELS)}."
            ' See docs/runbook.md, "Who is told".'
        )
    lost = [message.subject for message in found if not _send(message, channels)]
    if lost:
        raise AirflowException(f"Nobody could be told: {'; '.join(lost)}. The errors above say why.")
    return f"Told: {'; '.join(message.subject for message in found) or 'nothing new'}."


def _send(message: Message, channels: dict[str, Callable[[Message], None]]) -> bool:
    """Send a message by every channel; return whether it left by one of them, and record that."""
    is_told = False
    for conn_id, send in channels.items():
        try:
            send(message)
        except (OSError, ValueError, AirflowException) as failure:
            # By smtplib, requests and Airflow's hooks. The load's outcome stays what it is.
            log.error("%r was not sent by the connection %s: %s", message.subject, conn_id, failure)
        else:
            is_told = True
    if is_told and message.alert_id is not None:
        news.note_told(message.alert_id)
    return is_told


def mail(message: Message, to: str, files: Sequence[Path] = ()) -> None:
    """Mail a message, with files attached, by the mail connection."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    SmtpNotifier(
        smtp_conn_id=SMTP_CONN_ID,
        to=to,
        subject=message.subject,
        html_content=messages.as_html(message),
        files=[str(file) for file in files],
    ).notify({})


def _mail(message: Message) -> None:
    to = Connection.get(SMTP_CONN_ID).extra_dejson.get("to")
    if not to:
        raise ValueError(
            'its extra has no "to": expected the recipients, such as "me@example.org, you@example.org"'
        )
    mail(message, to)


def _post(message: Message) -> None:
    from airflow.providers.http.notifications.http import HttpNotifier

    # The address of such a webhook is its password.
    mask_secret(urlsplit(str(Connection.get(WEBHOOK_CONN_ID).host)).path)
    HttpNotifier(http_conn_id=WEBHOOK_CONN_ID, json={"text": messages.as_text(message)}).notify({})


CHANNELS: dict[str, Callable[[Message], None]] = {SMTP_CONN_ID: _mail, WEBHOOK_CONN_ID: _post}


def has_connection(conn_id: str) -> bool:
    """Return whether Airflow has a connection."""
    try:
        Connection.get(conn_id)
    except AirflowNotFoundException:
        return False
    return True


def _airflow_url() -> str:
    """Return where Airflow's pages are; empty if nobody has set it."""
    url: Any = conf.get("api", "base_url", fallback="")
    return str(url or "").rstrip("/")
