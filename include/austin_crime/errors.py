"""The errors of the pipeline, as one tree, and whether a retry can help.

::

    AustinCrimeError                 retry: no
    ├── PortalError
    │   ├── PortalBusy               yes: the portal is busy or down, or its answer broke off
    │   │   ├── PortalStale          yes: a replica that is out of date
    │   │   │   └── Contradiction    yes: answers that cannot be of one state of the portal
    │   │   └── PortalShort          yes: fewer reports than announced
    │   ├── TokenRejected            no: the same request works without the app token
    │   └── PortalAnswer             no: asking again does not change the answer
    ├── PortalMoved                  no: the portal changed while it was read, again and again
    ├── ContractBroken               no: the portal's columns are not those of the contract
    ├── SettingError (ValueError)    no: a setting cannot be used
    ├── ParameterError (ValueError)  no: a parameter of the load is wrong
    ├── LoadRefused                  no: the load may not start or go on
    │   └── LoadEnded                no: the load, or this attempt of it, is no longer the running one
    ├── WarehouseUnreachable         yes: the warehouse does not answer, or lets nobody in
    ├── WarehouseUnfit               no: the warehouse cannot hold the data, or not be written to
    ├── LandingDamaged               no: a landed file is missing or not what was landed
    ├── StagingIncomplete            no: what would be published is not all there
    ├── CheckBlocked                 no: a check keeps the load from publishing
    ├── ProgramMissing               no: a program of PostgreSQL is not installed in the server's version
    ├── BackupFailed                 yes: a backup was not written, or cannot be read
    ├── RestoreRefused               no: a backup cannot be restored; the warehouse is as it was
    ├── CleanupFailed                yes: Airflow did not clean its database
    ├── ReplayRefused                no: a replay cannot begin
    └── ReplayDiffers                no: a replayed load differs from what it had settled

Orchestrators ask ``can_retry``: every failure that is not of this tree, such as a connection lost in the middle, is worth another
try, unless it is an error in the code or the settings (``ValueError``, ``TypeError``, ...).
"""

from typing import ClassVar


class AustinCrimeError(Exception):
    """A failure that the pipeline expects; its message says what happened and what to do."""

    can_retry: ClassVar[bool] = False


class PortalError(AustinCrimeError):
    """The portal did not answer a request as expected."""


class PortalBusy(PortalError):
    """The portal is busy or down, or its answer broke off; the same request may succeed later."""

    can_retry = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PortalStale(PortalBusy):
    """An answer comes from a replica that is out of date; it must not be read as "nothing changed"."""


class Contradiction(PortalStale):
    """Answers contradict each other: they are not of one state of the portal."""


class PortalShort(PortalBusy):
    """An answer has fewer reports than the portal announced."""


class TokenRejected(PortalError):
    """The portal refuses the app token; the same request works without one."""


class PortalAnswer(PortalError):
    """The portal gave an answer that asking again does not change."""


class PortalMoved(AustinCrimeError):
    """The portal changed while it was read, again and again; nothing is published."""


class ContractBroken(AustinCrimeError):
    """The source is not what the contract says; nothing is fetched or published."""


class ParameterError(AustinCrimeError, ValueError):
    """A parameter of the load is wrong; nothing was started."""


class SettingError(AustinCrimeError, ValueError):
    """A setting cannot be used; the message names it, says what is expected and what came, and holds no secrets."""


class LoadRefused(AustinCrimeError):
    """The load may not start or go on; a retry of the same step cannot help."""


class LoadEnded(LoadRefused):
    """The load, or this attempt of it, is no longer the running one; what it wrote since is ignored."""


class WarehouseUnreachable(AustinCrimeError):
    """The warehouse does not answer or lets nobody in; it may later."""

    can_retry = True


class WarehouseUnfit(AustinCrimeError):
    """The warehouse cannot hold the data, or cannot be written to; nothing was done."""


class LandingDamaged(AustinCrimeError):
    """A landed file is missing or was changed."""


class StagingIncomplete(AustinCrimeError):
    """Staged rows or aggregates are missing; a new run repairs it."""


class CheckBlocked(AustinCrimeError):
    """A check blocks the load; readers keep the last published version."""


class ProgramMissing(AustinCrimeError):
    """A program of PostgreSQL is not installed in the server's version; nothing was done."""


class BackupFailed(AustinCrimeError):
    """A backup was not written, or cannot be read; the next attempt may succeed."""

    can_retry = True


class RestoreRefused(AustinCrimeError):
    """A backup cannot be restored into this warehouse, which is as it was."""


class CleanupFailed(AustinCrimeError):
    """Airflow did not clean its database; what it had not reached yet is still there."""

    can_retry = True


class ReportNotMade(AustinCrimeError):
    """A dashboard could not be had as a PDF; the next attempt may succeed."""

    can_retry = True


class ReplayRefused(AustinCrimeError):
    """A replay cannot begin from this landing or into this warehouse; nothing was written."""


class ReplayDiffers(AustinCrimeError):
    """A replayed load differs from what it had settled; it is not published."""


# Raised by errors in the code: every retry would raise them again.
FAULTS_OF_CODE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    NotImplementedError,
    AssertionError,
)


def can_retry(failure: BaseException) -> bool:
    """Whether a retry of the same step can help."""
    if isinstance(failure, AustinCrimeError):
        return failure.can_retry
    return not isinstance(failure, FAULTS_OF_CODE)


def retry_after_s(failure: BaseException) -> float | None:
    """Return how long the portal asks to wait (Retry-After), in seconds; None if it does not say."""
    return failure.retry_after_s if isinstance(failure, PortalBusy) else None
