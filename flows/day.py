"""What day it is for a run: that of its slot, never that of the moment it happens to start."""

from datetime import UTC, datetime

from prefect import runtime


def day_of_run() -> str:
    """Give the day that a run was scheduled for, YYYY-MM-DD, UTC; today for one that was started by hand.

    A run may start seconds before its slot, and hours after it where the machine was off.
    """
    slot = runtime.flow_run.scheduled_start_time
    return str((slot or datetime.now(UTC)).astimezone(UTC).date())
