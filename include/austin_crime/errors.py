"""Everything that can go wrong in a load, as one tree, and whether another try can help.

::

    AustinCrimeError                 another try: no
    ├── PortalError
    │   ├── PortalBusy               yes: the portal asks for patience, or its answer broke off
    │   │   ├── PortalStale          yes: a replica that is out of date
    │   │   │   └── Contradiction    yes: answers that cannot be of one state of the portal
    │   │   └── PortalShort          yes: fewer reports than announced
    │   ├── TokenRejected            no: the same request works without the app token
    │   └── PortalAnswer             no: asking again does not change the answer
    ├── PortalMoved                  no: the portal changed while it was read, again and again
    ├── ContractBroken               no: the portal's columns are not those of the contract
    ├── SettingError (ValueError)    no: a setting cannot be used
    ├── ParameterError (ValueError)  no: a person asked for something that makes no sense
    ├── LoadRefused                  no: the load may not start or go on
    │   └── LoadEnded                no: the load, or this attempt of it, is no longer the running one
    ├── WarehouseUnreachable         yes: the warehouse does not answer, or lets nobody in
    ├── WarehouseUnfit               no: the warehouse cannot hold the data, or not be written to
    ├── LandingDamaged               no: a landed file is missing or not what was landed
    ├── StagingIncomplete            no: what would be published is not all there
    ├── CheckBlocked                 no: a check keeps the load from publishing
    ├── ReplayRefused                no: a replay cannot begin
    └── ReplayDiffers                no: a replayed load does not come out as it did

Orchestrators ask ``can_retry``: every failure that is not of this tree, such as a connection lost in the middle, is worth another
try, unless it is an error in the code or the settings (``ValueError``, ``TypeError``, ...).
"""

from typing import ClassVar


class AustinCrimeError(Exception):
    """A failure that the pipeline knows; its message says what happened and what to do."""

    can_retry: ClassVar[bool] = False


class PortalError(AustinCrimeError):
    """The portal did not give what it was asked for."""


class PortalBusy(PortalError):
    """The portal asks for patience; the same request may succeed later."""

    can_retry = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PortalStale(PortalBusy):
    """An answer comes from a replica that is out of date: it must not be read as "no news"."""


class Contradiction(PortalStale):
    """Answers contradict each other: they are not of one state of the portal."""


class PortalShort(PortalBusy):
    """An answer has fewer reports than the portal announced."""


class TokenRejected(PortalError):
    """The portal refuses the app token; the same request works without one."""


class PortalAnswer(PortalError):
    """The portal answered something that asking again does not change."""


class PortalMoved(AustinCrimeError):
    """The portal changed while it was read, again and again; nothing is published."""


class ContractBroken(AustinCrimeError):
    """The source is not what the contract says; nothing is fetched or published."""


class ParameterError(AustinCrimeError, ValueError):
    """A person asked for something that makes no sense; nothing was started."""


class SettingError(AustinCrimeError, ValueError):
    """A setting cannot be used: one sentence with its name, what is expected and what came, without secrets."""


class LoadRefused(AustinCrimeError):
    """The load may not start or go on; trying the same step again cannot help."""


class LoadEnded(LoadRefused):
    """The load, or this attempt of it, is no longer the running one; what it wrote since does not count."""


class WarehouseUnreachable(AustinCrimeError):
    """The warehouse does not answer or lets nobody in; it may later."""

    can_retry = True


class WarehouseUnfit(AustinCrimeError):
    """The warehouse cannot hold the data, or not be written to; nothing was done."""


class LandingDamaged(AustinCrimeError):
    """A landed file is missing or is not what was landed."""


class StagingIncomplete(AustinCrimeError):
    """What settle and build left is no longer whole; a new run repairs it."""


class CheckBlocked(AustinCrimeError):
    """A check keeps the load from publishing; readers keep the last good version."""


class ReplayRefused(AustinCrimeError):
    """The landing or the warehouse is not such that a replay can begin; nothing was written."""


class ReplayDiffers(AustinCrimeError):
    """A load does not come out as it had settled; it is not published."""


# What an error in the code or in a setting raises: it comes again at every try.
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
    """Whether trying the same step again can help."""
    if isinstance(failure, AustinCrimeError):
        return failure.can_retry
    return not isinstance(failure, FAULTS_OF_CODE)


def retry_after_s(failure: BaseException) -> float | None:
    """Return how long the portal asks to wait, in seconds; None if it said nothing."""
    return failure.retry_after_s if isinstance(failure, PortalBusy) else None
