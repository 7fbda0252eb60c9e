"""The vocabulary that many shapes share: people, places, firms, numbers, dates, times, sums of money.

People's names are common first and last names put together; firms, teams, bands and drugs are made up.
"""

from collections.abc import Iterable

from warmstart.table.sample.facts import Pool, pool

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def in_words(number: int) -> str:
    """A number from 0 to 999,999,999 in words: 45 is "forty-five", 2300 "two thousand three hundred"."""
    for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = f" {in_words(number % size)}" if number % size else ""
            return f"{in_words(number // size)} {name}{rest}"
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def ordinal(number: int) -> str:
    """A number from 1 to 99 as an ordinal in words: 21 is "twenty-first"."""
    head, hyphen, last = in_words(number).rpartition("-")
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last = "twelfth" if last == "twelve" else last + "th"
    return head + hyphen + last


def _suffixed(number: int) -> str:
    """21 is "21st"."""
    return f"{number}{'th' if 10 < number < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _counts(numbers: Iterable[int]) -> Pool:
    return pool(*(f"{number:,}|{in_words(number)}" for number in numbers))


def _sums(numbers: Iterable[int]) -> Pool:
    return pool(
        *(
            f"${number:,}|{in_words(number)} dollars"
            + (f"|${number // 1_000_000} million|{number // 1_000_000} million dollars" if number >= 1_000_000 else "")
            for number in numbers
        )
    )


def _clock() -> Pool:
    """Every half hour of the day from six in the morning to half past ten in the evening, but for noon."""
    entries = []
    for hour in (*range(6, 12), *range(13, 23)):
        part, suffix = ("morning", "a.m.") if hour < 12 else ("afternoon" if hour < 18 else "evening", "p.m.")
        number, name = hour % 12, in_words(hour % 12)
        entries.append(f"{number} {suffix}|{name} in the {part}|{hour:02}:00|{number} o'clock in the {part}")
        entries.append(f"{number}:30 {suffix}|half past {name} in the {part}|{hour:02}:30")
    return pool(*entries)


SMALL = _counts(range(3, 21))
COUNTS = _counts((*range(30, 100, 10), *range(200, 1_000, 100), *range(2_000, 21_000, 1_000), 40_000, 60_000, 90_000))
SUMS = _sums((*range(2_000_000, 20_000_000, 1_000_000), *range(30_000, 100_000, 10_000), 200_000, 300_000, 600_000))
PRICES = _sums(range(20, 260, 10))
PERCENTS = pool(
    *(
        {
            "": f"{n} percent|{n}%|{in_words(n)} percent" + {20: "|a fifth", 25: "|a quarter"}.get(n, ""),
            "adj": f"{n} percent|{n}%|{in_words(n)} percent",
        }
        for n in (3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 40)
    )
)
YEARS = pool(*(str(year) for year in range(1985, 2025)))
DATES = pool(
    *(
        f"{month} {day}|{day} {month}|{month} {_suffixed(day)}|the {ordinal(day)} of {month}"
        for month in _MONTHS
        for day in range(1, 29)
    )
)
MONTHS = pool(*_MONTHS)
DAYS = pool("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOCK = _clock()
MINUTES = pool(
    "5 minutes|five minutes", "10 minutes|ten minutes", "15 minutes|a quarter of an hour|fifteen minutes",
    "20 minutes|twenty minutes", "30 minutes|half an hour|thirty minutes", "40 minutes|forty minutes",
    "45 minutes|three quarters of an hour|forty-five minutes", "60 minutes|an hour|one hour",
    "90 minutes|an hour and a half|one and a half hours", "2 hours|two hours|120 minutes",
)  # fmt: skip
HOURS = pool(
    *(f"{n} hours|{in_words(n)} hours" for n in (2, 3, 4, 5, 6, 7, 8, 10)),
    "30 minutes|half an hour|thirty minutes", "60 minutes|an hour|one hour", "90 minutes|an hour and a half",
    "24 hours|a whole day|twenty-four hours", "12 hours|twelve hours",
)  # fmt: skip
WEEKS = pool(
    "3 days|three days", "5 days|five days", "7 days|a week|one week|seven days", "10 days|ten days",
    "14 days|two weeks|a fortnight|fourteen days", "21 days|three weeks", "28 days|four weeks", "6 weeks|six weeks",
    "8 weeks|eight weeks|56 days",
)  # fmt: skip
TERMS = pool(
    "6 months|half a year|six months", "12 months|a year|one year", "18 months|a year and a half|eighteen months",
    "24 months|two years|2 years", "10 years|a decade|ten years", "20 years|two decades|twenty years",
    *(f"{n} years|{in_words(n)} years" for n in (3, 4, 5, 6, 7, 8, 9, 12, 15)),
)  # fmt: skip
DEGREES = pool(*(f"{n} degrees|{n} °C|{in_words(n)} degrees" for n in range(3, 36)))
GRAMS = pool(
    *(f"{n} grams|{n} g|{in_words(n)} grams" for n in (50, 75, 100, 150, 200, 300, 400, 600)),
    "250 grams|a quarter of a kilo", "500 grams|half a kilo|500 g", "1,000 grams|one kilo|a kilogram",
)  # fmt: skip
MILLIMETRES = pool(
    *(f"{n} millimetres|{n} mm|{in_words(n)} millimetres" for n in (5, 8, 12, 15, 25, 35)),
    *(f"{10 * n} millimetres|{n} centimetres|{n} cm|{in_words(n)} centimetres" for n in range(2, 10)),
)  # fmt: skip

_FIRST = (
    "Maria Ahmed Ingrid Kenji Olivia Samuel Priya Daniel Fatima Hannah Victor Elena Omar Grace Pedro Nadia Mei Robert "
    "Amina David Clara Ivan Rosa Peter Julia Hugo"
).split()
_LAST = (
    "Lopez Khan Berg Tanaka Walker Okafor Sharma Fischer Moreau Silva Novak Costa Petrov Haddad Murphy Romano Kowalski "
    "Larsen Chen Miller Diallo Cohen Weber Tran Baker Kim Olsen Garcia Hill Duarte"
).split()
FIRST_NAMES = pool(*_FIRST)
PEOPLE = pool(*(f"{first} {last}" for first in _FIRST for last in _LAST))
COMPANIES = pool(
    "Norvia", "Brightwater", "Kestrel Energy", "Lumina", "Tarn Motor", "Alderwood", "Pinecrest Media", "Vantage Steel",
    "Redfern", "Solano", "Copperfield", "Meridian Air", "Quillon", "Everhart", "Stonebridge", "Delmar Shipping",
    "Fairway Bank", "Zenith Textile", "Novabank", "Greyhound Cargo", "Oakfield", "Helix Software", "Marlow Paper",
)  # fmt: skip
TEAMS = pool(
    "the Falcons", "the Sharks", "the Wolves", "the Rangers", "the Giants", "the Pirates", "the Eagles", "the Comets",
    "the Bulls", "the Rockets", "the Hornets", "the Panthers", "the Tigers", "the Bears", "the Knights", "the Dragons",
)  # fmt: skip
BANDS = pool(
    "Silver Harbor", "Night Parade", "Paper Lantern", "Cold River", "Velvet Engine", "Hollow Pine",
    "Glass Animal Choir", "Midnight Post", "Electric Meadow", "Broken Compass", "Golden Static", "Winter Radio",
    "Crimson Tide Club", "Little Volcano", "Blue Orchard",
)  # fmt: skip
CITIES = pool(
    "Paris|the French capital", "London|the British capital", "Tokyo|the Japanese capital",
    "Madrid|the Spanish capital", "Rome|the Italian capital", "Berlin|the German capital",
    "Vienna|the Austrian capital", "Lisbon|the Portuguese capital", "Cairo|the Egyptian capital",
    "Athens|the Greek capital", "Chicago", "Toronto", "Munich", "Barcelona", "Milan", "Sydney", "Mumbai", "Boston",
    "Seattle", "Glasgow", "Lyon", "Osaka", "Geneva", "Denver", "Istanbul", "Hamburg", "Dallas", "Montreal",
)  # fmt: skip
COUNTRIES = pool(
    *(
        {"": country, "adj": adjective}
        for country, adjective in (
            ("France", "French"), ("Germany", "German"), ("Italy", "Italian"), ("Spain", "Spanish"),
            ("Japan", "Japanese"), ("Brazil", "Brazilian"), ("Canada", "Canadian"), ("Mexico", "Mexican"),
            ("Egypt", "Egyptian"), ("Kenya", "Kenyan"), ("India", "Indian"), ("Poland", "Polish"),
            ("Turkey", "Turkish"), ("Norway", "Norwegian"), ("Chile", "Chilean"), ("Portugal", "Portuguese"),
        )
    )
)  # fmt: skip
PORTS = pool(
    "Lisbon", "Genoa", "Venice", "Bristol", "Cadiz", "Marseille", "Alexandria", "Havana", "Boston", "Bergen", "Hamburg",
    "Antwerp", "Naples", "Dublin", "Valencia", "Cape Town",
)  # fmt: skip
