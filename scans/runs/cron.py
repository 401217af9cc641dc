"""When a schedule's cron line is due: five fields (minute, hour, day, month, weekday), in UTC, at most once an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from celery.schedules import ParseException, crontab_parser

from cloudaccounts.errors import InputError

LONGEST = 100  # characters
HORIZON = timedelta(days=4 * 366)  # 29 February comes within it
EXAMPLE = "30 4 * * mon-fri"


@dataclass(frozen=True, slots=True)
class CronLine:
    minute: int
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either_day: bool  # days and weekdays are both given: then one of them is enough, as in crontab(5)

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment after ``now``; None where there is none, as on 30 February."""
        now = now.astimezone(UTC)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= now + HORIZON:
            if self._is_on(day):
                for hour in sorted(self.hours):
                    moment = day.replace(hour=hour, minute=self.minute)
                    if moment > now:
                        return moment
            day += timedelta(days=1)
        return None

    def _is_on(self, day: datetime) -> bool:
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_day or by_weekday if self.either_day else by_day and by_weekday)


def read_cron(text: str) -> CronLine:
    """Raises `InputError` for ``cron``, also for a line that is due more than once an hour or never."""
    fields = text.split()
    if len(text) > LONGEST or len(fields) != 5:
        raise InputError({"cron": f"Give five fields: minute, hour, day, month, weekday, as in “{EXAMPLE}”. UTC."})
    try:
        minutes = crontab_parser(60).parse(fields[0])
        # A Sunday may be written 7.
        weekdays = fields[4].replace("7", "0") if fields[4] == "7" else fields[4]
        line = CronLine(
            minute=min(minutes),
            hours=frozenset(crontab_parser(24).parse(fields[1])),
            days=frozenset(crontab_parser(31, 1).parse(fields[2])),
            months=frozenset(crontab_parser(12, 1).parse(fields[3])),
            weekdays=frozenset(crontab_parser(7).parse(weekdays)),
            either_day=not (fields[2].startswith("*") or fields[4].startswith("*")),
        )
    except (ParseException, ValueError, IndexError, ZeroDivisionError):
        raise InputError({"cron": f"This is no cron line. One is “{EXAMPLE}”: 04:30 UTC on weekdays."}) from None
    if len(minutes) > 1:
        raise InputError({"cron": "Scans start once an hour at most: give one minute."})
    if line.next_after(datetime.now(UTC)) is None:
        raise InputError({"cron": "There is no such day."})
    return line
