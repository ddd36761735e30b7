import os
import socket

import pytest

from local_stack.errors import StackError
from local_stack.processes import ports
from local_stack.provisioning.postgres import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_told_with_its_variable_and_the_process_that_has_it(host: str) -> None:
    with socket.create_server((host, 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(StackError) as told:
            ports.check("AUSTIN_CRIME_AIRFLOW_PORT", port)

    assert f"Port {port} (AUSTIN_CRIME_AIRFLOW_PORT) is taken by process {os.getpid()}" in str(told.value)


def test_a_free_port_passes() -> None:
    ports.check("AUSTIN_CRIME_AIRFLOW_PORT", free_port())
