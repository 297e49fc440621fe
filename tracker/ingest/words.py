"""Dates, hours, numbers and lists of numbers in words of many languages, as canonical text.

Nothing is guessed: what can be read in two ways is Unreadable, and the message says how to make it plain.
Names of months and weekdays are CLDR's (``fixtures/build/words.py``). Every function remembers what it has read.
"""

import re
import unicodedata
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from tracker.core.timezones import parse_offset
from tracker.ingest.folding import fold
from tracker.ingest.problems import Unreadable

CALENDAR_WORDS = Path(__file__).parent / "data" / "calendar_words.csv"
REMEMBERED = 5_000
LONGEST_TEXT = 300  # letters; what is longer is none of these, and would be searched for long
LONGEST_RANGE = 500  # numbers that "12-15" may stand for

# Words beside a date that say nothing, folded: "of", the word for year and day, endings of ordinal numbers.
DATE_WORDS = frozenset(
    word
    for language in (
        "of the on at st nd rd th year day",
        "г год года году р рік року роки года ж жыл жылы число",
        "il ili ilin ci cu si su sinin tarixi tarihi yil yili gunu un in inci uncu",
        "ev an en evi napjan r rok roku dnia dzien an anul din ziua la data de del dia a an le am den der jahr",
        "godine dne 年 月 日 년 월 일",
    )
    for word in language.split()
)
# Words beside opening hours, folded.
HOUR_WORDS = frozenset(
    word
    for language in (
        "from to till until between and the h hr hrs hour hours o clock local time open opens opening close",
        "closes voting",
        "с до от по и час часа часов ч в время работы местное местного з год година",
        "saat saatlari saatleri dan den tan ten dek dak qeder gadar kadar ve ile arasi arasinda",
        "radde yerli vaxt vaxti ila",
        "ora orele intre si pana la de a dela ore oras",
        "ora ig tol tól ig ig kozott es oratol oraig",
        "od do w godz godzina godziny godzinach i",
        "von bis uhr um und à a las desde hasta entre e y das dalle alle dalle ore de h heures",
    )
    for word in fold(language).split()
)
NUMBER_WORDS = frozenset(
    fold(
        "nr nrs no nos № n° num number numbers numero numéro nru номер номера nömrə nömrəli sayli saylı szám sz számú n"
    ).split()
)
AND_WORDS = frozenset(fold("and und et y e i oraz și és və ve и та й a").split()) | {
    ""
}  # "&" is folded to nothing

_TIME = (
    r"(?<!\d)(\d{1,2})(?!\d)\s*(?:[:.hч]\s*([0-5]\d)(?!\d)(?::00)?)?\s*(?:h\b|uhr\b)?\s*([ap]\.?\s?m\b\.?)?"
)
# Two times with minutes or am/pm: surely hours, whatever stands beside them.
_PLAIN = (
    r"(?<![\d.:/])\d{1,2}(?:\s?[:.]\s?[0-5]\d(?::00)?(?:\s*[ap]\.?\s?m\b\.?)?|\s*[ap]\.?\s?m\b\.?)(?!\.?\d)"
)
_SURE_HOURS = re.compile(
    rf"(?:\b[^\W\d]+\s+)?{_PLAIN}[^\d]{{1,25}}{_PLAIN}(?:\s?-?\s?[^\W\d]{{1,6}}\b)?", re.IGNORECASE
)
_SURE_TIME = re.compile(_PLAIN, re.IGNORECASE)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
WRITE_DATE = "Write year, month and day as in 2024-02-07."
WRITE_HOURS = "Write opening and closing as in 08:00-19:00."


# --- dates ---


# A sign before a number: -2024-02-07 is no slip of the pen for 2024-02-07.
_SIGNED = re.compile(r"(?:^|[./-]\s*)[+-]\d")


@lru_cache(maxsize=REMEMBERED)
def read_date(text: str, language: str = "", day_first: bool | None = None) -> str:
    """A date in numbers or words as 2024-02-07; hours beside it ("…, 06:00 - 19:00") do not count.

    `language` is that of the names of months (a code of CLDR); without one all are looked through.
    `day_first` decides 03/04/2024; None: only where dots or the language do. Raises Unreadable.
    """
    bare = _SURE_HOURS.sub(" ", _tidy(text))
    if _SIGNED.search(bare):
        raise Unreadable("is not a date.", WRITE_DATE)
    bare = re.sub(r"[T\s]00:00(?::00(?:\.0+)?)?$", "", bare)  # a date cell of a spreadsheet
    numbers, months = _numbers_and_months(bare, language)
    if len(months) == 1 and len(numbers) == 2:
        year = next((number for number in numbers if len(number) == 4), "")
        rest = [number for number in numbers if number is not year]
        if not year:
            raise Unreadable("has no year in four digits.", WRITE_DATE)
        return _iso(year, months[0], rest[0])
    if not months and len(numbers) == 3:
        return _of_numbers(numbers, bare, language, day_first)
    if (months and len(numbers) == 1) or len(numbers) == 2:
        raise Unreadable("has no year, or no day.", WRITE_DATE)
    raise Unreadable("is not a date.", WRITE_DATE)


def _of_numbers(numbers: list[str], text: str, language: str, day_first: bool | None) -> str:
    first, second, third = numbers
    if len(first) == 4:
        return _iso(first, int(second), third)
    if len(third) != 4:
        raise Unreadable("has no year in four digits.", WRITE_DATE)
    if day_first is None:
        settled = re.search(r"\d\s*\.\s*\d", text) or language.partition("_")[0] not in ("", "en")
        if settled or int(first) > 12 or first == second:
            day_first = True
        elif int(second) > 12:
            day_first = False
        else:
            raise Unreadable(
                "can be read with the day or the month first.", "Say which comes first in this file."
            )
    day, month = (first, second) if day_first else (second, first)
    return _iso(third, int(month), day)


def _iso(year: str, month: int, day: str) -> str:
    try:
        return date(int(year), month, int(day)).isoformat()
    except (ValueError, OverflowError):
        raise Unreadable("is no day of the calendar.", WRITE_DATE) from None


def _numbers_and_months(text: str, language: str) -> tuple[list[str], list[int]]:
    """The numbers and the named months of a date; a word that is neither, nor beside the point, is Unreadable."""
    numbers: list[str] = []
    months: list[int] = []
    for token in re.findall(r"\d+|[^\W\d_]+", fold(text)):
        if token.isdigit():
            numbers.append(token)
        elif token in DATE_WORDS and token not in _months().get(language, {}):
            continue
        elif found := _month(token, language):
            if len(found) > 1:
                raise Unreadable(
                    f"names the month {token}, which is another one in another language.",
                    "Choose the language of this file.",
                )
            months += found
        elif token not in _weekdays():
            raise Unreadable(f"holds “{token}”, which is no known word of a date.", WRITE_DATE)
    return numbers, months


@lru_cache(maxsize=2000)
def _month(word: str, language: str) -> tuple[int, ...]:
    own, every = _months().get(language.partition("_")[0], {}), _months()[""]
    for names in (own, every):
        if word in names:
            return names[word]
        # With an ending: fevralın, áprilisban.
        stems = [
            name for name in names if len(name) >= 3 and word.startswith(name) and len(word) - len(name) <= 4
        ]
        if stems and (names is own or len(max(stems, key=len)) >= 4):
            return names[max(stems, key=len)]
    return ()


@cache
def _months() -> dict[str, dict[str, tuple[int, ...]]]:
    """Months by folded name, by language; under "" those of all languages, several where they differ."""
    languages: dict[str, dict[str, tuple[int, ...]]] = {}
    every: dict[str, tuple[int, ...]] = {}
    for code, months, _days in _calendar():
        own = languages.setdefault(code, {})
        for number, names in enumerate(months.split(";"), start=1):
            for name in names.split("|"):
                own.setdefault(name, (number,))
                every[name] = tuple(sorted({*every.get(name, ()), number}))
    return {**languages, "": every}


@cache
def _weekdays() -> frozenset[str]:
    return frozenset(
        word
        for _code, _months, days in _calendar()
        for day in days.split("|")
        for word in day.split()
        if len(word) > 1
    )


@cache
def _calendar() -> list[tuple[str, str, str]]:
    lines = CALENDAR_WORDS.read_text(encoding="utf-8").splitlines()
    parted = (line.split(",") for line in lines if not line.startswith("#"))
    return [(code, months, days) for code, months, days in parted]


# --- hours and moments ---


@lru_cache(maxsize=REMEMBERED)
def read_hours(text: str) -> tuple[str, str]:
    """Opening and closing as 08:00 and 19:00, also beside a date; midnight at the end is 00:00.

    Words such as "from", "saat" or "часов" are skipped in all languages that are known; others are Unreadable.
    """
    tidy = _tidy(text)
    found = _SURE_HOURS.search(tidy)
    hours = found[0] if found else tidy
    found_times = list(re.finditer(_TIME, hours if len(_SURE_TIME.findall(tidy)) <= 2 else ""))
    times = [time.groups("") for time in found_times]
    words = re.findall(r"[^\W\d_]+", fold(re.sub(_TIME, " ", hours)))
    # "12.5" and "12/04" are no hours: between the two stands a dash or a word.
    if len(times) != 2 or not re.search(r"-|[^\W\d]", hours[found_times[0].end() : found_times[1].start()]):
        raise Unreadable("is not opening and closing time.", WRITE_HOURS)
    if unknown := next((word for word in words if word not in HOUR_WORDS), ""):
        raise Unreadable(f"holds “{unknown}”, which is no known word of opening hours.", WRITE_HOURS)
    (opens_hour, _, opens_half), (closes_hour, _, closes_half) = times
    if closes_half and not opens_half and int(opens_hour) <= int(closes_hour):
        raise Unreadable("does not say whether it opens before or after noon.", WRITE_HOURS)
    opens, closes = _clock(*times[0]), _clock(*times[1])
    if opens == closes or opens == "24:00":
        raise Unreadable("does not open before it closes.", WRITE_HOURS)
    return opens, "00:00" if closes == "24:00" else closes


@lru_cache(maxsize=REMEMBERED)
def read_clock(text: str) -> str:
    """One time of day as 08:00. Raises Unreadable."""
    tidy = _tidy(text)
    times = re.findall(_TIME, tidy)
    words = re.findall(r"[^\W\d_]+", fold(re.sub(_TIME, " ", tidy)))
    if len(times) != 1 or any(word not in HOUR_WORDS for word in words):
        raise Unreadable("is not a time of day.", "Write hours and minutes as in 08:00 or 19:30.")
    return _clock(*times[0]).replace("24:00", "00:00")


@lru_cache(maxsize=REMEMBERED)
def read_moment(text: str, language: str = "", day_first: bool | None = None) -> str:
    """A date, with a time of day if there is one and an offset if it is written: 2024-02-07T15:00+04:00."""
    tidy = re.sub(r"(?<=\d)T(?=\d)", " ", _tidy(text))
    clock = next(iter(_SURE_TIME.finditer(re.sub(r"[T\s]00:00(?::00)?$", "", tidy))), None)
    if clock is None:
        return read_date(tidy, language, day_first)
    rest = tidy[clock.end() :].strip().lstrip(":0")
    offset = ""
    if found := re.fullmatch(r"(?:UTC|GMT)?\s*([+\-]\d{1,2})(?::?([0-5]\d))?|Z", rest, re.IGNORECASE):
        offset = "+00:00" if rest.upper() == "Z" else f"{int(found[1]):+03d}:{found[2] or '00'}"
        try:
            parse_offset(offset)
        except ValueError:
            raise Unreadable("holds no offset from UTC that is in use.", "Write it as in +04:00.") from None
        rest = ""
    beside = re.sub(
        r"\b(?:at|saat|в|um|la|o|ora|godz)\b\.?\s*$", "", tidy[: clock.start()].strip(), flags=re.IGNORECASE
    )
    return f"{read_date(f'{beside} {rest}', language, day_first)}T{read_clock(clock[0])}{offset}"


def _clock(hour: str, minute: str, half: str) -> str:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            raise Unreadable("is not a time of day.", WRITE_HOURS)
        number = number % 12 + (12 if half.lower().startswith("p") else 0)
    if number > 24 or (number == 24 and int(minute or 0)):
        raise Unreadable("is not a time of day.", WRITE_HOURS)
    return f"{number:02}:{minute or '00'}"


def _tidy(text: str) -> str:
    """One kind of blank and dash; 8⁰⁰ and "8-00 до 20-00" with a colon. Unreadable if it is a page."""
    if len(text) > LONGEST_TEXT:
        raise Unreadable(
            "is too long for a date, hours or a number.", "Check that the column is the right one."
        )
    text = re.sub(
        r"(\d{1,2})([⁰¹²³⁴⁵⁶⁷⁸⁹]{2})", lambda found: f"{found[1]}:{found[2].translate(_RAISED)}", text
    )
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[‐-―−]", "-", " ".join(text.split()))
    return re.sub(
        r"(?<![\d.-])(\d{1,2})-([0-5]\d)(\D{1,12}?)(\d{1,2})-([0-5]\d)(?![\d.-])", r"\1:\2\3\4:\5", text
    )


# --- numbers ---


@lru_cache(maxsize=REMEMBERED)
def read_count(text: str, language: str = "") -> str:
    """A whole number as digits. Blanks and apostrophes part thousands; a lone dot or comma if the language does.

    Raises Unreadable for 1.234 in no language: it may be a fraction.
    """
    mend = "Write digits only, as in 23000."
    tidy = _tidy(text)
    if re.fullmatch(r"\d+", tidy, re.ASCII):
        return tidy.lstrip("0") or "0"
    if not (found := re.fullmatch(r"\d{1,3}(?:([ .,'’])\d{3})(?:\1\d{3})*", tidy, re.ASCII)):
        raise Unreadable("is not a whole number.", mend)
    parts_thousands = "," if language.partition("_")[0] == "en" else "." if language else ""
    if found[1] in ".," and tidy.count(found[1]) == 1 and found[1] != parts_thousands:
        raise Unreadable("may be thousands or a fraction.", mend)
    return re.sub(r"\D", "", tidy)


@lru_cache(maxsize=REMEMBERED)
def split_numbers(text: str, ranges: bool = False) -> tuple[str, ...]:
    """The numbers of several stations in one cell: "Nr. 203, 204 și 205". With `ranges` "12-15" stands for four.

    A text that holds other words is a name of one station, and is returned as it is.
    """
    if len(text) > LONGEST_TEXT:
        return (text.strip(),)
    tidy = re.sub(r"(?<=\d)\s*[‐-―−-]\s*(?=\d)", "-", " ".join(text.split()))
    tidy = re.sub(r"(?i)(?:№|\b[^\W\d_]{1,8}[.°º]*)\s*(?=\d)", _without_number_word, tidy)
    parts = [part.rstrip(".") for part in re.split(r"[\s,;&]+", tidy)]
    numbers: list[str] = []
    for part in parts:
        if any(letter.isdigit() for letter in part):
            numbers += _range(part) if ranges else [part]
        elif (word := fold(part)) not in NUMBER_WORDS and word not in AND_WORDS:
            return (text.strip(),)
    return tuple(dict.fromkeys(numbers)) or (text.strip(),)


def _without_number_word(found: re.Match[str]) -> str:
    word = fold(found[0])
    return " " if not word or word in NUMBER_WORDS else found[0]


def _range(part: str) -> list[str]:
    if not (found := re.fullmatch(r"(\d+)-(\d+)", part)):
        return [part]
    first, last = int(found[1]), int(found[2])
    if not first < last < first + LONGEST_RANGE:
        raise Unreadable("is not a range of numbers.", "Write the smaller number first.")
    return [str(number) for number in range(first, last + 1)]
