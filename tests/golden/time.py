"""The calendar from independent implementations: pandas (parts, truncation), dateutil
(adding and counting months) and Python's datetime (days, seconds, text formats).

Writes tests/golden/time.csv: random moments of the years 1 to 9999, with the edges of
months, leap years and the epoch; `b` is a second moment, `n` a number.
Run: python tests/golden/time.py > tests/golden/time.csv
"""
import random
import sys
from datetime import datetime, timedelta

import pandas
from dateutil.relativedelta import relativedelta

SECOND = timedelta(seconds=1)
random.seed(20261122)


def moments():
    edges = [(y, m, d) for y in (1, 4, 100, 400, 1582, 1600, 1699, 1700, 1900, 1970, 2000,
                                 2023, 2024, 2026, 2100, 9999)
             for m, d in ((1, 1), (1, 31), (2, 28), (3, 1), (12, 31))]
    for y, m, d in edges + [(y, 2, 29) for y in (4, 400, 1600, 2000, 2024, 9996)]:
        yield datetime(y, m, d, random.choice((0, 12, 23)), 59, 59, random.randrange(10**6))
    for _ in range(150):  # all years
        yield datetime(1, 1, 1) + random.randrange(9998 * 365) * timedelta(days=1) \
            + random.randrange(86400 * 10**6) * timedelta(microseconds=1)
    for _ in range(150):  # those of customers
        yield datetime(1995, 1, 1) + random.randrange(40 * 365) * timedelta(days=1) \
            + random.randrange(86400) * SECOND


def text(t):
    return t.isoformat(" ")


def shifted(t, **delta):
    try:
        return text(t + relativedelta(**delta))
    except (OverflowError, ValueError):
        return ""


def completed_months(a, b):
    r = relativedelta(b, a)
    return r.years * 12 + r.months


def truncated(t, unit):
    p = pandas.Timestamp(t).as_unit("us") if 1 < t.year < 9999 else None
    if p is None:
        return None
    if unit in ("hour", "minute", "second"):
        return p.floor({"hour": "h", "minute": "min", "second": "s"}[unit])
    day = p.normalize()
    if unit == "week":
        return day - pandas.Timedelta(days=day.day_of_week)
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.quarter - 1) * 3 + 1, day=1)
    return day.replace(month=1, day=1)


UNITS = ("second", "minute", "hour", "week", "month", "quarter", "year")
FORMATS = {"f1": "%d/%m/%Y", "f2": "%Y%m%d%H%M%S", "f3": "%d %b %Y %I:%M %p", "f4": "%Y/%j",
           "f5": "%B %d, %Y %H:%M:%S.%f"}


def written(t, form):
    # Python leaves the zeros of early years out on this platform
    return t.strftime(form.replace("%Y", "%04d" % t.year))


def main():
    out = ["a,b,n,year,quarter,month,week,day,weekday,day_of_year,hour,minute,second,days,seconds,"
           "months,add_days,add_months,add_seconds," + ",".join(u + "_of" for u in UNITS) + "," + ",".join(FORMATS)]
    all_of = list(moments())
    for i, a in enumerate(all_of):
        near = a.year > 1 and a.year < 9999 and i % 2
        b = a + timedelta(days=random.randrange(-70, 70), seconds=random.randrange(86400)) if near \
            else random.choice(all_of)
        b = b.replace(year=a.year + random.choice((-1, 0, 1)), month=2, day=28) if near and i % 5 == 1 else b
        n = random.choice((0, 1, -1, 2, 3, 11, 12, 13, -12, 25, 120, random.randrange(-40000, 40000)))
        delta = b - a
        days = "%r" % ((delta.days * 86400 * 10**6 + delta.seconds * 10**6 + delta.microseconds)
                       / 86400e6)
        seconds = "%r" % ((delta.days * 86400 * 10**6 + delta.seconds * 10**6
                           + delta.microseconds) / 1e6)
        row = [text(a), text(b), n, a.year, (a.month + 2) // 3, a.month, a.isocalendar()[1], a.day,
               a.isoweekday(), a.timetuple().tm_yday, a.hour, a.minute, a.second, days, seconds,
               completed_months(a, b), shifted(a, days=n), shifted(a, months=n),
               shifted(a, seconds=n)]
        for unit in UNITS:
            t = truncated(a, unit)
            row.append("" if t is None else text(t.to_pydatetime(warn=False)))
        row += ['"%s"' % written(a, form) for form in FORMATS.values()]
        out.append(",".join(str(cell) for cell in row))
    sys.stdout.write("\n".join(out) + "\n")


main()
