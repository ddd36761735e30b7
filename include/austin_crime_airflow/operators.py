"""Fetch a batch of reports with Airflow's HTTP operator."""

from typing import Any

from airflow.providers.http.operators.http import HttpOperator

from austin_crime import config, steps


class LandBatchOperator(HttpOperator):
    """Ask the portal for a batch and stream the answer to the landing, unless it has landed already.

    Parameters
    ----------
    batch
        As ``steps.list_batches`` gives it. (templated)
    load
        As ``steps.plan_load`` gives it. (templated)
    """

    template_fields = (*HttpOperator.template_fields, "batch", "load")

    def __init__(self, *, batch: Any, load: Any, **kwargs: Any) -> None:
        super().__init__(
            method="GET",
            endpoint=f"resource/{config.DATASET_ID}.json",
            # Every status must reach land_response: by default 202 passes for success and 429 loses its Retry-After.
            extra_options={
                "stream": True,
                "check_response": False,
                "timeout": (config.CONNECT_TIMEOUT_S, config.QUERY_TIMEOUT_S),
            },
            **kwargs,
        )
        self.batch = batch
        self.load = load

    def execute(self, context: Any) -> Any:
        """Return the manifest of the landed file."""
        manifest = steps.landed(self.batch, self.load)
        if manifest:
            self.log.info("%s has landed already", self.batch["batch_id"])
            return manifest
        self.data = steps.batch_query(self.batch)
        # Bound here and not in __init__: what executes is a copy, with the templates filled in.
        self.response_filter = self.land
        return self.execute_with_token(context)

    def execute_with_token(self, context: Any) -> Any:
        """Ask with the app token if there is one; without it when the portal rejects it."""
        from austin_crime import portal

        with steps.on_behalf_of(self.load):
            self.headers = portal.headers()
            try:
                return super().execute(context)
            except portal.TokenRejected:
                portal.do_without_token()
                self.headers = portal.headers()
                return super().execute(context)

    def land(self, response: Any) -> Any:
        """Judge the answer and land its body."""
        return steps.land_response(response, self.batch, self.load)
