"""Fiscal years of municipalities: 1 April to 31 March (地方自治法208条)."""

from datetime import date

from webapp.calendar.era import era_year


def fiscal_year(day: date) -> int:
    """The Western year in which the fiscal year of `day` began: 2026-03-31 -> 2025."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_range(year: int) -> tuple[date, date]:
    """Half-open: first day of the fiscal year, first day of the next one."""
    return date(year, 4, 1), date(year + 1, 4, 1)


def fiscal_label(year: int) -> str:
    """「令和7年度」 for 2025; the era is the one of the day the year began, except 令和元年度 (2019)."""
    if year == 2019:
        return "令和元年度"
    name, number = era_year(date(year, 4, 1))
    return f"{name}{'元' if number == 1 else number}年度"
