"""The limits that the system sets to processes, raised as far as one may, before supervisor and all below it start."""

import resource

from local_stack.errors import StackError

# Of open files Airflow's processes and PostgreSQL need some hundred each; of processes there are about sixty.
_NEEDED = {
    "open files": (resource.RLIMIT_NOFILE, 1024, "ulimit -n"),
    "processes": (resource.RLIMIT_NPROC, 200, "ulimit -u"),
}


def raise_limits() -> None:
    """Raise the limits to what the stack needs; StackError, with the limit and its number, if that may not be."""
    for what, (limit, needed, command) in _NEEDED.items():
        soft, hard = resource.getrlimit(limit)
        if _is_enough(soft, needed):
            continue
        if not _is_enough(hard, needed):
            raise StackError(
                f"The limit of {what} is {hard} here ({command}): at least {needed} are needed. Raise it with"
                f" `{command} {needed}`, in the system's settings if that is refused, and start again."
            )
        resource.setrlimit(limit, (needed, hard))


def _is_enough(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed
