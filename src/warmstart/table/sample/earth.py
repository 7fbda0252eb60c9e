"""Shapes about the world and its past: history, nature, science, weather."""

from warmstart.table.sample.facts import Shape, pool
from warmstart.table.sample.words import (  # fmt: skip
    CITIES,
    COUNTRIES,
    DATES,
    DEGREES,
    MILLIMETRES,
    MONTHS,
    PEOPLE,
    PERCENTS,
    PORTS,
    SMALL,
    WEEKS,
    YEARS,
)

BUILDINGS = pool(
    "castle|fortress", "cathedral", "town hall|city hall", "stone bridge|bridge of stone", "lighthouse", "university",
    "theatre|playhouse", "prison|jail", "market hall|covered market", "palace", "hospital", "library",
)  # fmt: skip
BIRTHS = pool(*(str(year) for year in range(1780, 1830)))
CALLINGS = pool(
    "painter", "poet", "inventor", "composer", "botanist|plant scientist", "astronomer", "sculptor", "architect",
    "explorer", "physician|doctor", "attorney|lawyer", "novelist|writer of novels",
)  # fmt: skip
CARGO = pool(
    "silk", "spices", "wine", "timber|wood", "wool", "salt", "grain|cereals", "tobacco", "olive oil", "tea", "coal",
)  # fmt: skip

HISTORY = (
    Shape(
        name="buildings",
        topic="history",
        slots={"old": BUILDINGS, "young": BUILDINGS, "city": CITIES, "time": SMALL},
        swaps=(("old", "young"),),
        frames=(
            "in [city], the [old] was {built|erected|constructed} [time] years before the [young]",
            "the [young] of [city] was {built|erected|constructed} [time] years after the [old]",
            "the [old] of [city] is [time] years older than the [young]",
            "in [city], the [young] is [time] years younger than the [old]",
            "[time] years after the [old], the [young] was {built|erected|constructed} in [city]",
            "the [old] had stood in [city] for [time] years when the [young] was {built|erected|constructed}",
        ),
    ),
    Shape(
        name="life",
        topic="history",
        slots={"who": PEOPLE, "calling": CALLINGS, "from": CITIES, "birth": BIRTHS, "to": CITIES},
        swaps=(("from", "to"),),
        frames=(
            "the [calling] [who] was born in [from] in [birth] and died in [to]",
            "born in [birth] in [from], the [calling] [who] died in [to]",
            "[who], a [calling] born in [from] in [birth], died in [to]",
            "the [calling] [who], who died in [to], {came into the world|was born} in [from] in [birth]",
            "the life of the [calling] [who] {began|started} in [from] in [birth] and ended in [to]",
        ),
    ),
    Shape(
        name="voyage",
        topic="history",
        slots={"who": PEOPLE, "n": SMALL, "cargo": CARGO, "from": PORTS, "to": PORTS},
        swaps=(("from", "to"),),
        frames=(
            "[who] sailed from [from] to [to] with [n] ships {full of|carrying|loaded with} [cargo]",
            "with [n] ships {full of|carrying|loaded with} [cargo], [who] {left|sailed from} [from] for [to]",
            "[who] took [n] {ships|shiploads} of [cargo] from [from] to [to]",
            "[n] ships {full of|carrying|loaded with} [cargo] reached [to] from [from] under [who]",
            "[to] {received|got} [n] {ships|shiploads} of [cargo] that [who] {brought|had brought} from [from]",
        ),
    ),
)

ANIMALS = pool(
    "wolves", "otters", "beavers", "eagles", "foxes", "brown bears", "wild boars|wild pigs", "storks", "lynxes",
    "seals", "bats", "hares", "owls", "wildcats",
)  # fmt: skip
HUNTERS = pool(
    "owls", "foxes", "snakes", "wildcats", "crows", "rats", "lizards", "hawks", "weasels", "pike", "crabs",
    "monkeys", "ravens", "gulls|seagulls",
)  # fmt: skip
SEASONS = pool("spring|springtime", "summer|summertime", "autumn|the fall", "winter|wintertime")
BIRDS = pool("swallows", "storks", "cranes", "geese", "cuckoos", "plovers", "terns", "swifts", "starlings", "ducks")
TRENDS = pool(
    {"past": "doubled|become twice as high|grown twofold", "noun": "twice as many"},
    {"past": "halved|fallen by half|become half as high", "noun": "half as many"},
    {"past": "tripled|become three times as high|grown threefold", "noun": "three times as many"},
)

NATURE = (
    Shape(
        name="wildlife",
        topic="nature",
        slots={"animal": ANIMALS, "country": COUNTRIES, "trend": TRENDS, "year": YEARS},
        frames=(
            "the number of [animal] in [country] has [trend.past] since [year]",
            "since [year], the number of [animal] in [country] has [trend.past]",
            "there are [trend.noun] [animal] in [country] {now|today} as {there were in|in} [year]",
            "in [country], [trend.noun] [animal] {are living|live} today as in [year]",
            "[country] {now has|has} [trend.noun] [animal] as {it had in|in} [year]",
        ),
    ),
    Shape(
        name="prey",
        topic="nature",
        slots={"hunter": HUNTERS, "prey": HUNTERS, "season": SEASONS, "country": COUNTRIES},
        swaps=(("hunter", "prey"),),
        frames=(
            "in [country], [hunter] {eat|feed on|hunt} [prey] in [season]",
            "in [season], [prey] are {eaten|hunted} by [hunter] in [country]",
            "[prey] are the {food|prey} of [hunter] in [country] in [season]",
            "in [season], [hunter] in [country] {live on|feed on|prey on} [prey]",
            "in [country], [prey] {are eaten by|fall prey to} [hunter] in [season]",
        ),
    ),
    Shape(
        name="migration",
        topic="nature",
        slots={"bird": BIRDS, "from": COUNTRIES, "to": COUNTRIES, "month": MONTHS},
        swaps=(("from", "to"),),
        frames=(
            "in [month], the [bird] {leave [from] for|fly from [from] to|travel from [from] to} [to]",
            "the [bird] {fly|travel} to [to] from [from] in [month]",
            "[month] is when the [bird] {fly|travel} from [from] to [to]",
            "the {journey|flight} of the [bird] to [to] from [from] {takes place|is} in [month]",
            "after {leaving|a flight from} [from], the [bird] {get to|arrive in|reach} [to] in [month]",
        ),
    ),
)

SUBSTANCES = pool(
    "coffee", "green tea", "red meat", "olive oil", "salt", "dark chocolate", "garlic", "almond oil", "alcohol",
    "vitamin D", "fish oil", "sugar", "cheese", "noise", "night work|working at night", "jogging|running",
)  # fmt: skip
RISK = pool(
    {"s": "raises|increases", "part": "raised|increased", "adj": "higher|greater", "likely": "more likely"},
    {"s": "lowers|reduces|decreases", "part": "lowered|reduced", "adj": "lower|smaller", "likely": "less likely"},
)
DISEASES = pool(
    "stroke|brain stroke", "heart disease|cardiac disease", "cancer|tumours", "diabetes", "dementia", "depression",
    "obesity|severe overweight", "asthma", "kidney stones", "osteoporosis|brittle bones", "gout", "tooth decay|caries",
)  # fmt: skip
STARS = pool(
    "Vega", "Rigel", "Sirius", "Altair", "Antares", "Capella", "Deneb", "Spica", "Regulus", "Procyon", "Pollux", "Mira",
    "Canopus", "Arcturus",
)  # fmt: skip
QUALITIES = pool(
    {"more": "hotter|warmer", "less": "cooler|colder"},
    {"more": "heavier|more massive", "less": "lighter|less massive"},
    {"more": "older", "less": "younger"},
    {"more": "brighter|more luminous", "less": "fainter|dimmer|less bright"},
    {"more": "larger|bigger", "less": "smaller"},
    {"more": "farther away|more distant", "less": "nearer|closer|less distant"},
    {"more": "faster", "less": "slower"},
)
SPECIES = pool("mice", "rats", "monkeys", "rabbits", "dogs", "pigs", "humans|people", "chickens", "sheep", "hamsters")
TROUBLES = pool(
    "poor sleep|bad sleep|lack of sleep", "stress", "weight gain|gaining weight", "inflammation", "low mood",
    "hair loss|the loss of hair", "memory loss|the loss of memory", "loneliness", "fever|a high temperature",
    "muscle weakness|weak muscles", "poor appetite|loss of appetite", "infection", "pain", "high blood sugar",
)  # fmt: skip

SCIENCE = (
    Shape(
        name="risk",
        topic="science",
        slots={"cause": SUBSTANCES, "risk": RISK, "ill": DISEASES, "size": PERCENTS},
        frames=(
            "[cause] [risk.s] the {risk|danger} of [ill] by [size]",
            "{scientists|researchers} {found|discovered} that [cause] [risk.s] the {risk|danger} of [ill] by [size]",
            "with [cause], the {risk|danger} of [ill] is [size] [risk.adj]",
            "[ill] is [size] [risk.likely] with [cause], {scientists|researchers} {found|discovered}",
            "because of [cause], the {risk|danger} of [ill] is [risk.part] by [size]",
        ),
        reportable=False,
    ),
    Shape(
        name="stars",
        topic="science",
        slots={"one": STARS, "other": STARS, "quality": QUALITIES, "year": YEARS},
        swaps=(("one", "other"),),
        frames=(
            "in [year], {astronomers|scientists} {showed|found} that [one] is [quality.more] than [other]",
            "[other] is [quality.less] than [one], as {astronomers|scientists} {showed|found} in [year]",
            "in [year], [other] was {shown|found} to be [quality.less] than [one]",
            "compared with [one], [other] is [quality.less], {astronomers|scientists} {showed|found} in [year]",
            "[one] was {shown|found} to be [quality.more] than [other] by {astronomers|scientists} in [year]",
        ),
    ),
    Shape(
        name="cause",
        topic="science",
        slots={"cause": TROUBLES, "effect": TROUBLES, "who": SPECIES, "year": YEARS},
        swaps=(("cause", "effect"),),
        frames=(
            "a study {showed|found} in [year] that [cause] {causes|leads to|brings about} [effect] in [who]",
            "in [year], a study {showed|found} that in [who] [effect] is {caused by|a result of} [cause]",
            "[cause] was {shown|found} to {cause|lead to|bring about} [effect] in [who] in [year]",
            "in [who], [effect] {results from|is caused by} [cause], a study {showed|found} in [year]",
            "[effect] in [who] {results from|is a result of} [cause], {according to|says} a study of [year]",
        ),
    ),
)

WET = pool("rain|rainfall", "snow|snowfall", "hail")
DIRECTIONS = pool(
    {"do": "rise|climb|go up", "get": "warmer|hotter", "noun": "rise|increase"},
    {"do": "fall|drop|go down", "get": "colder|cooler", "noun": "fall|drop"},
)
STORMS = pool(
    "ash cloud|cloud of ash", "hurricane", "blizzard|snowstorm", "heat wave|hot spell", "cold front", "thunderstorm",
    "sandstorm", "tornado|whirlwind",
)  # fmt: skip

WEATHER = (
    Shape(
        name="rainfall",
        topic="weather",
        slots={"wet": WET, "depth": MILLIMETRES, "city": CITIES, "date": DATES},
        frames=(
            "[depth] of [wet] fell {on|in} [city] on [date]",
            "on [date], [city] {had|received|got} [depth] of [wet]",
            "on [date], there was [depth] of [wet] in [city]",
            "in [city], the [wet] {amounted|came} to [depth] on [date]",
            "the [wet] in [city] on [date] {amounted|came} to [depth]",
        ),
    ),
    Shape(
        name="temperature",
        topic="weather",
        slots={"city": CITIES, "move": DIRECTIONS, "warm": DEGREES, "date": DATES},
        frames=(
            "the temperature in [city] will [move.do] to [warm] on [date]",
            "on [date], {it will get [move.get] in [city]|[city] will get [move.get]}, {at|reaching} [warm]",
            "it will {get|be} [move.get] in [city] on [date], at [warm]",
            "on [date], there will be a [move.noun] in temperature to [warm] in [city]",
            "a [move.noun] in temperature to [warm] is {expected|forecast} {in|for} [city] on [date]",
            "for [date], {forecasters|weather experts} {expect|predict} a [move.noun] to [warm] in [city]",
        ),
    ),
    Shape(
        name="storm",
        topic="weather",
        slots={"storm": STORMS, "first": CITIES, "then": CITIES, "time": WEEKS},
        swaps=(("first", "then"),),
        frames=(
            "the [storm] {hit|reached} [first] [time] before it {hit|reached} [then]",
            "the [storm] {hit|reached} [then] [time] after [first]",
            "[time] after {hitting|reaching} [first], the [storm] {hit|reached|came to} [then]",
            "[then] was {hit|struck|reached} by the [storm] [time] later than [first]",
            "the [storm] {came to|reached} [first] first, and [time] {later|afterwards} it {came to|reached} [then]",
            "[time] before {hitting|reaching} [then], the [storm] {hit|reached} [first]",
        ),
    ),
)
