"""Airflow operators as thin shells around the pipeline's steps, which bring retries, token, settings and messages."""

from typing import Any, Literal

import requests
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowSensorTimeout

from austin_crime import config, steps
from austin_crime.errors import LoadRefused, PortalBusy
from austin_crime.models import Answer
from austin_crime_airflow import lineage, telling


def _portal_session(http_conn_id: str) -> requests.Session:
    """Return the session of an HTTP connection; LoadRefused if it leads to another portal than the pipeline's setting."""
    hook = HttpHook(http_conn_id=http_conn_id)
    session = hook.get_conn()
    if hook.base_url.rstrip("/") != config.source_url():
        raise LoadRefused(
            f"The connection {http_conn_id} leads to {hook.base_url} and AUSTIN_CRIME_SOURCE_URL to {config.source_url()}:"
            " expected the same portal. Correct one of them, and trigger a new run."
        )
    return session


class PortalSensor(HttpSensor):
    """Wait until the portal has the dataset; fail at once if it answers that it has not."""

    failure: PortalBusy | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(doc_md=steps.source_is_up.__doc__, **kwargs)

    def poke(self, context: Any) -> bool:
        """Whether the portal has the dataset."""
        try:
            steps.source_is_up(_portal_session(self.http_conn_id))
        except PortalBusy as failure:
            self.failure = failure
            self.log.warning("%s Asking again in %.0f s.", failure, self.poke_interval)
            return False
        return True

    def execute(self, context: Any) -> Any:
        """Wait; at the timeout, fail with the portal's last answer."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            raise AirflowSensorTimeout(
                f"{self.failure} Gave up after {self.timeout / 60:.0f} minutes. Nothing was loaded, and the published data stay as"
                " they are: trigger a new run when the portal is up."
            ) from None


class ExtractOperator(HttpOperator):
    """Fetch a batch from the portal and land it as received, unless it has landed already.

    Parameters
    ----------
    batch
        As ``steps.list_batches`` returns it. (templated)
    load
        As ``steps.plan_load`` returns it. (templated)
    """

    template_fields = (*HttpOperator.template_fields, "batch", "load")

    def __init__(self, *, batch: Any, load: Any, **kwargs: Any) -> None:
        super().__init__(
            method="GET",
            endpoint=f"resource/{config.DATASET_ID}.json",
            doc_md=steps.extract.__doc__,
            **kwargs,
        )
        self.batch = batch
        self.load = load

    def execute(self, context: Any) -> Any:
        """Return the manifest of the landed file."""
        return steps.extract(self.batch, self.load, _portal_session(self.http_conn_id))


class BuildOperator(SQLExecuteQueryOperator):
    """Run the SQL file that fills an aggregate's table in staging, in a session of the pipeline."""

    def __init__(self, *, table: str, **kwargs: Any) -> None:
        super().__init__(
            task_id=f"build_{table}",
            sql=f"aggregates/{table}.sql",
            doc_md=steps.build_aggregate.__doc__,
            **kwargs,
        )
        self.table = table

    def execute(self, context: Any) -> None:
        """Run the file."""
        steps.build_aggregate(self.table)

    def get_openlineage_facets_on_start(self) -> Any:
        """Return the tables that the file reads and fills."""
        return lineage.of_statement(self)


class GateOperator(HITLOperator):
    """Let the load pass if no check blocks it; else wait for a person's decision, in Airflow's required actions.

    There is no default: without an answer before the next night nothing is published.

    Parameters
    ----------
    load
        As ``steps.plan_load`` returns it. (templated)
    """

    template_fields = ("load",)
    PUBLISH, REJECT = "Publish", "Reject"

    def __init__(self, *, load: Any, **kwargs: Any) -> None:
        super().__init__(
            subject="Publish although a check failed?",
            options=[self.PUBLISH, self.REJECT],
            doc_md=steps.ask_at_gate.__doc__,
            **kwargs,
        )
        self.load = load

    def execute(self, context: Any) -> None:
        """Pass the gate, fail, or park the task until somebody answers."""
        question = steps.ask_at_gate(self.load)
        if question is None:
            return
        self.subject, self.body = question.subject, question.body
        self.response_timeout = question.waits_until - question.asked_at
        self.log.info(telling.tell_of_question())
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Go on with the answer, or without one once the time is over."""
        answer = None
        if event.get("error_type") != "timeout":
            given = super().execute_complete(context, event)
            decision: Literal["publish", "reject"] = (
                "publish" if given["chosen_options"] == [self.PUBLISH] else "reject"
            )
            answer = Answer(decision, given["responded_by_user"]["name"], given["responded_at"])
        steps.decide(self.load, answer)
