"""Shapes about learning and leisure: education, music, sport, technology."""

from warmstart.table.sample.facts import Shape, pool
from warmstart.table.sample.words import (  # fmt: skip
    BANDS,
    CITIES,
    CLOCK,
    COMPANIES,
    DAYS,
    HOURS,
    MONTHS,
    PEOPLE,
    SMALL,
    SUMS,
    TEAMS,
    WEEKS,
    YEARS,
)

SUBJECTS = pool(
    "mathematics|maths", "physics", "history", "geography", "chemistry", "Latin", "economics", "Spanish", "biology",
    "law", "drawing|sketching", "Russian",
)  # fmt: skip
SHARES = pool(
    "most of the|the majority of the|more than half of the", "few of the|only a few of the|a small minority of the",
    "nearly all of the|almost all of the|all but a few of the", "a third of the|one in three of the",
    "a quarter of the|one in four of the",
)  # fmt: skip
LEARNERS = pool("students|pupils", "candidates|applicants", "trainees|apprentices", "graduates")
EXAM = pool(
    {"past": "passed|succeeded in|were successful in", "part": "passed"},
    {"past": "failed|did not pass|were unsuccessful in", "part": "failed"},
)
OPEN = pool(
    {"will": "will open|will be open", "stay": "open"},
    {"will": "will close|will be closed|will not open|will not be open", "stay": "closed|shut"},
)
CAUSES = pool(
    "the heat|the high temperatures", "the snow|the snowfall", "the elections|the vote", "the flu|influenza",
    "the strike|the walkout", "repairs|repair work", "the storm", "the festival|the festivities", "water damage",
)  # fmt: skip

EDUCATION = (
    Shape(
        name="exam",
        topic="education",
        slots={"share": SHARES, "who": LEARNERS, "result": EXAM, "subject": SUBJECTS, "month": MONTHS},
        frames=(
            "[share] [who] [result.past] the [subject] {exam|examination|test} in [month]",
            "in [month], [share] [who] [result.past] the [subject] {exam|examination|test}",
            "the {exam|examination|test} in [subject] was [result.part] by [share] [who] in [month]",
            "[share] [who] [result.past] their {exam|examination|test} in [subject] in [month]",
            "in [month], the [subject] {exam|examination|test} was [result.part] by [share] [who]",
        ),
    ),
    Shape(
        name="lessons",
        topic="education",
        slots={"teacher": PEOPLE, "pupil": PEOPLE, "subject": SUBJECTS, "time": WEEKS},
        swaps=(("teacher", "pupil"),),
        frames=(
            "[teacher] taught [pupil] [subject] for [time]",
            "[pupil] was taught [subject] by [teacher] for [time]",
            "for [time], [pupil] {learned [subject] from|studied [subject] with|took [subject] lessons from} [teacher]",
            "[teacher] gave lessons in [subject] to [pupil] for [time]",
            "for [time], [teacher] {was the [subject] teacher of|gave [subject] lessons to} [pupil]",
        ),
    ),
    Shape(
        name="school days",
        topic="education",
        slots={"n": SMALL, "city": CITIES, "open": OPEN, "cause": CAUSES},
        frames=(
            "[n] schools in [city] [open.will] because of [cause]",
            "because of [cause], [n] schools in [city] [open.will]",
            "in [city], [n] schools [open.will] {owing to|due to} [cause]",
            "{owing to|due to} [cause], the doors of [n] schools in [city] will be [open.stay]",
            "[cause] will {keep|leave} [n] schools in [city] [open.stay]",
        ),
    ),
)

ALBUMS = pool(
    "first album|debut album", "second album", "third album", "latest album|newest album|most recent album",
    "live album|concert album", "final album|farewell album", "Christmas album|album for Christmas",
)  # fmt: skip
CRITICS = pool(
    "most critics|the majority of critics", "few critics|only a few critics", "nearly all critics|almost all critics",
    "most listeners|the majority of listeners", "few listeners|only a few listeners",
)  # fmt: skip
LIKED = pool(
    {"past": "liked|enjoyed|were pleased with", "part": "liked|enjoyed", "find": "good|enjoyable"},
    {"past": "disliked|did not like|did not enjoy", "part": "disliked", "find": "bad|poor|not good"},
)

MUSIC = (
    Shape(
        name="tour",
        topic="music",
        slots={"band": BANDS, "n": SMALL, "city": CITIES, "fee": SUMS},
        frames=(
            "[band] will {give|play} [n] {concerts|shows} in [city] for [fee]",
            "[n] {concerts|shows} in [city] will {bring|earn} [band] [fee]",
            "[fee] is the fee of [band] for [n] {concerts|shows} in [city]",
            "for a fee of [fee], [band] will {perform|play} [n] times in [city]",
            "in [city], [band] will {perform|play} [n] times and {earn|receive|be paid} [fee]",
        ),
    ),
    Shape(
        name="songwriting",
        topic="music",
        slots={"writer": PEOPLE, "singer": PEOPLE, "n": SMALL, "year": YEARS},
        swaps=(("writer", "singer"),),
        frames=(
            "in [year], [writer] {wrote|composed} [n] songs for [singer]",
            "[n] songs were {written|composed} for [singer] by [writer] in [year]",
            "[singer] had [n] songs {written|composed} by [writer] in [year]",
            "[writer] {was the author of|wrote} [n] songs for [singer] in [year]",
            "in [year], [singer] {got|received} [n] songs from the pen of [writer]",
        ),
    ),
    Shape(
        name="review",
        topic="music",
        slots={"who": CRITICS, "liked": LIKED, "album": ALBUMS, "band": BANDS, "year": YEARS},
        frames=(
            "[who] [liked.past] the [album] by [band] in [year]",
            "in [year], the [album] by [band] was [liked.part] by [who]",
            "[who] {found|considered} the [album] that [band] {made|recorded|released} in [year] [liked.find]",
            "[band]'s [album] of [year] was [liked.part] by [who]",
            "when [band] {made|recorded|released} the [album] in [year], [who] [liked.past] it",
        ),
    ),
)

SCORES = pool(
    *(
        f"{won}–{lost}|{won} to {lost}|{won_name} goals to {lost_name}"
        for won, lost, won_name, lost_name in (
            (2, 1, "two", "one"), (3, 1, "three", "one"), (3, 2, "three", "two"), (4, 1, "four", "one"),
            (4, 2, "four", "two"), (4, 3, "four", "three"), (5, 2, "five", "two"), (5, 3, "five", "three"),
        )
    )
)  # fmt: skip
RACES = pool(
    "marathon", "100 metres|hundred metres", "800 metres|eight hundred metres", "downhill|downhill race", "high jump",
    "long jump", "bicycle race|cycling race", "slalom|slalom race", "javelin|javelin throw", "triathlon",
)  # fmt: skip

SPORT = (
    Shape(
        name="match",
        topic="sport",
        slots={"winner": TEAMS, "loser": TEAMS, "score": SCORES, "day": DAYS},
        swaps=(("winner", "loser"),),
        frames=(
            "[winner] {beat|defeated} [loser] [score] on [day]",
            "on [day], [loser] were {beaten|defeated} [score] by [winner]",
            "[loser] lost [score] {to|against} [winner] on [day]",
            "on [day], [winner] won [score] {against|over} [loser]",
            "the {game|match} on [day] ended [score], with [winner] {beating|defeating} [loser]",
        ),
    ),
    Shape(
        name="race",
        topic="sport",
        slots={"first": PEOPLE, "second": PEOPLE, "race": RACES, "city": CITIES},
        swaps=(("first", "second"),),
        frames=(
            "[first] finished {ahead of|in front of|before} [second] in the [race] in [city]",
            "in the [race] in [city], [second] finished {behind|after} [first]",
            "in [city], [first] {beat|did better than} [second] in the [race]",
            "[second] was {beaten|defeated} by [first] in the [race] in [city]",
            "in [city], [second] {came in|placed} {behind|after} [first] in the [race]",
        ),
    ),
    Shape(
        name="transfer",
        topic="sport",
        slots={"player": PEOPLE, "old": TEAMS, "new": TEAMS, "sum": SUMS},
        swaps=(("old", "new"),),
        frames=(
            "[player] has {left [old] to join|moved from [old] to|gone from [old] to} [new] for [sum]",
            "[new] have {signed|bought|hired} [player] from [old] for [sum]",
            "[old] have sold [player] to [new] for [sum]",
            "for [sum], [player] has {joined [new] from|come to [new] from|been sold to [new] by} [old]",
            "[new] have paid [old] [sum] for [player]",
            "the {move|transfer} of [player] from [old] to [new] cost [sum]",
        ),
    ),
)

DEVICES = pool(
    "phone|smartphone|mobile phone", "laptop|notebook computer", "tablet|tablet computer", "watch|smartwatch", "camera",
    "headset|pair of headphones", "speaker|loudspeaker", "drone", "electric bike|e-bike",
)  # fmt: skip
LONGER = pool({"than": "longer|more", "vs": "less"}, {"than": "less", "vs": "longer|more"})
SERVICES = pool(
    "payment service", "map service|online map", "email service|mail service", "photo app|photo application",
    "online shop|web shop", "booking system|reservation system", "chat app|messaging app", "video platform",
    "banking website|banking site",
)  # fmt: skip
FAULTS = pool(
    "a power cut|a power failure", "a software bug|a software error", "a cyberattack|an attack by hackers",
    "a damaged cable|a broken cable", "a faulty update|a bad update", "a fire|a blaze", "a flood|flooding",
)  # fmt: skip
FILES = pool(
    "the contract|the agreement", "the photos|the pictures", "the invoice|the bill", "the report",
    "the timetable|the schedule", "the password", "the guest list|the list of guests", "the manual|the handbook",
    "the address", "the minutes", "the map", "the certificate",
)  # fmt: skip

TECHNOLOGY = (
    Shape(
        name="battery",
        topic="technology",
        slots={"one": COMPANIES, "device": DEVICES, "time": HOURS, "more": LONGER, "other": COMPANIES},
        swaps=(("one", "other"),),
        frames=(
            "the [device] of [one] runs [time] [more.than] than the [device] of [other]",
            "[other]'s [device] {lasts|runs} [time] [more.vs] than [one]'s",
            "compared with [other]'s [device], [one]'s {lasts|runs} [time] [more.than]",
            "the battery of [one]'s [device] {lasts|runs} [time] [more.than] than that of [other]'s",
            "the [device] of [other] runs [time] [more.vs] than [one]'s [device]",
        ),
    ),
    Shape(
        name="message",
        topic="technology",
        slots={"sender": PEOPLE, "receiver": PEOPLE, "file": FILES, "time": CLOCK},
        swaps=(("sender", "receiver"),),
        frames=(
            "[sender] {emailed|sent} [receiver] [file] at [time]",
            "at [time], [receiver] {got|received} [file] from [sender]",
            "[sender] {emailed|sent} [file] to [receiver] at [time]",
            "at [time], [receiver] was {sent|emailed} [file] by [sender]",
            "[file] {reached [receiver] from|came to [receiver] from|went to [receiver] from} [sender] at [time]",
        ),
    ),
    Shape(
        name="outage",
        topic="technology",
        slots={"service": SERVICES, "firm": COMPANIES, "time": HOURS, "fault": FAULTS},
        frames=(
            "the [service] of [firm] was {down|unavailable|offline} for [time] because of [fault]",
            "[fault] {knocked out|brought down|shut down} the [service] of [firm] for [time]",
            "because of [fault], customers could not use [firm]'s [service] for [time]",
            "for [time], the [service] of [firm] did not work {because of|owing to} [fault]",
            "[fault] {caused|led to} an outage of [time] in [firm]'s [service]",
        ),
    ),
)
