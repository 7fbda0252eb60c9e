"""Shapes about daily life: cooking, household, medicine, travel."""

from warmstart.table.sample.facts import Shape, pool
from warmstart.table.sample.words import (  # fmt: skip
    CITIES,
    CLOCK,
    DAYS,
    FIRST_NAMES,
    GRAMS,
    HOURS,
    MINUTES,
    PEOPLE,
    PERCENTS,
    PRICES,
    WEEKS,
)

HEATING = pool(
    {"do": "boil", "ing": "boiling", "done": "boiled|cooked in boiling water"},
    {"do": "fry", "ing": "frying", "done": "fried|cooked in oil"},
    {"do": "roast|bake", "ing": "roasting|baking", "done": "roasted|baked|cooked in the oven"},
    {"do": "steam", "ing": "steaming", "done": "steamed|cooked in steam"},
)
VEGETABLES = pool(
    "onions", "carrots", "potatoes", "mushrooms", "peppers", "green beans", "lentils", "peas", "tomatoes", "leeks",
    "zucchini slices|courgette slices", "eggplant cubes|aubergine cubes", "chickpeas|garbanzo beans", "shrimps|prawns",
    "scallions|spring onions",
)  # fmt: skip
POWDERS = pool(
    "flour", "sugar", "butter", "rice", "oats", "cocoa", "honey", "yogurt", "ground almonds|almond meal",
    "cream cheese", "corn starch|corn flour",
)  # fmt: skip
BAKES = pool("cake", "bread|loaf", "pie", "pudding", "tart", "pizza", "gingerbread", "quiche")
DISHES = pool(
    "fish soup|soup with fish", "lamb stew|stewed lamb", "mushroom risotto|risotto with mushrooms", "roast duck",
    "vegetable curry|curry with vegetables", "apple pie", "grilled trout|trout from the grill", "onion tart",
    "chicken salad|salad with chicken", "beef pie|pie with beef",
)  # fmt: skip
RESTAURANTS = pool(
    "the Blue Door", "the Old Mill", "the Corner Table", "the Lemon Tree", "the Copper Pot", "the Harbour House",
    "the Green Lantern", "the Station Inn", "the Olive Branch", "the Red Kettle",
)  # fmt: skip
COST = pool("cheap|inexpensive|affordable", "expensive|costly|pricey")
TASTE = pool("tasty|delicious|full of flavour", "tasteless|bland|without flavour")

COOKING = (
    Shape(
        name="recipe",
        topic="cooking",
        reportable=False,
        slots={"heat": HEATING, "first": VEGETABLES, "time": MINUTES, "then": VEGETABLES},
        swaps=(("first", "then"),),
        frames=(
            "[heat.do] the [first] for [time] {before you add|before adding|and then add} the [then]",
            "add the [then] after [heat.ing] the [first] for [time]",
            "after the [first] have been [heat.done] for [time], add the [then]",
            "first [heat.do] the [first] for [time], {and then|then} {add|put in|stir in} the [then]",
            "the [then] should be added once the [first] have been [heat.done] for [time]",
            "before you {add|put in} the [then], [heat.do] the [first] for [time]",
        ),
    ),
    Shape(
        name="ingredients",
        topic="cooking",
        slots={"bake": BAKES, "much": GRAMS, "one": POWDERS, "more": GRAMS, "other": POWDERS},
        swaps=(("one", "other"),),
        frames=(
            "for the [bake], you {need|use} [much] of [one] and [more] of [other]",
            "the [bake] {calls for|requires|needs} [more] of [other] and [much] of [one]",
            "[much] of [one] and [more] of [other] are {needed|required} for the [bake]",
            "the [bake] is {made|prepared} with [more] of [other] and [much] of [one]",
            "you {make|prepare} the [bake] with [much] of [one] and [more] of [other]",
        ),
    ),
    Shape(
        name="restaurant",
        topic="cooking",
        slots={"dish": DISHES, "where": RESTAURANTS, "city": CITIES, "cost": COST, "taste": TASTE},
        frames=(
            "the [dish] at [where] in [city] is [cost] and [taste]",
            "[where] in [city] {serves|offers} [dish] that is [taste] and [cost]",
            "at [where] in [city], the [dish] is [taste], and it is [cost]",
            "in [city], [where] {serves|offers} [dish] that is [cost] and [taste]",
            "the [dish] {served|on the menu} at [where] in [city] is [taste] as well as [cost]",
        ),
    ),
)

CHORES = pool(
    {"past": "washed the windows|cleaned the windows", "ing": "washing the windows|cleaning the windows"},
    {"past": "vacuumed the carpet|hoovered the carpet", "ing": "vacuuming the carpet|hoovering the carpet"},
    {"past": "did the dishes|washed the dishes", "ing": "doing the dishes|washing the dishes"},
    {"past": "watered the plants|gave the plants water", "ing": "watering the plants|giving the plants water"},
    {"past": "made the beds", "ing": "making the beds"},
    {"past": "ironed the shirts|pressed the shirts", "ing": "ironing the shirts|pressing the shirts"},
    {"past": "took out the trash|took out the garbage", "ing": "taking out the trash|taking out the garbage"},
    {"past": "mowed the lawn|cut the grass", "ing": "mowing the lawn|cutting the grass"},
    {"past": "swept the stairs|brushed the stairs", "ing": "sweeping the stairs|brushing the stairs"},
    {"past": "fed the cat|gave the cat food", "ing": "feeding the cat|giving the cat food"},
    {"past": "painted the fence", "ing": "painting the fence"},
    {"past": "tidied the attic|tidied up the attic", "ing": "tidying the attic|tidying up the attic"},
)
MACHINES = pool(
    "refrigerator|fridge", "dishwasher", "washing machine|washer", "heater", "lamp", "television|TV", "clock", "fan",
    "dryer", "radio", "computer", "air conditioner|air conditioning unit",
)  # fmt: skip
ROOMS = pool(
    "kitchen", "cellar|basement", "living room|lounge", "bedroom", "guest room|spare room", "attic|loft", "garage",
    "study|home office", "hall|hallway",
)  # fmt: skip
WORKING = pool(
    {"is": "works|is working|is in order|is not broken", "that": "that works|in working order"},
    {"is": "does not work|is not working|is out of order|is broken", "that": "that does not work|out of order"},
)
TOOLS = pool(
    "a ladder", "a drill", "a hammer", "an iron", "a suitcase", "a vacuum cleaner|a hoover", "a saw", "a lawn mower",
    "a toolbox|a box of tools", "a sewing machine", "a wheelbarrow", "a flashlight|a torch", "a tent",
    "a bucket|a pail",
)  # fmt: skip

HOUSEHOLD = (
    Shape(
        name="chores",
        topic="household",
        slots={"who": FIRST_NAMES, "first": CHORES, "then": CHORES, "day": DAYS},
        swaps=(("first", "then"),),
        frames=(
            "[who] [first.past] before [then.ing] on [day]",
            "[who] [then.past] after [first.ing] on [day]",
            "on [day], after [first.ing], [who] [then.past]",
            "on [day], before [then.ing], [who] [first.past]",
            "on [day], [who] first [first.past] and {then|afterwards} [then.past]",
            "[who] [first.past] on [day] and [then.past] {afterwards|after that}",
        ),
    ),
    Shape(
        name="appliance",
        topic="household",
        slots={"who": FIRST_NAMES, "thing": MACHINES, "room": ROOMS, "works": WORKING},
        frames=(
            "[who] {noticed|saw|found} that the [thing] in the [room] [works.is]",
            "the [thing] in the [room] [works.is], as [who] {noticed|saw|found}",
            "in the [room], [who] {noticed|saw|found} that the [thing] [works.is]",
            "{according to [who],|[who] says that} the [thing] in the [room] [works.is]",
            "there is a [thing] in the [room] [works.that], {according to [who]|[who] says}",
        ),
    ),
    Shape(
        name="loan",
        topic="household",
        slots={"owner": FIRST_NAMES, "tool": TOOLS, "user": FIRST_NAMES, "time": WEEKS},
        swaps=(("owner", "user"),),
        frames=(
            "[owner] lent [user] [tool] for [time]",
            "[user] borrowed [tool] from [owner] for [time]",
            "for [time], [tool] was lent to [user] by [owner]",
            "[owner] let [user] {use|borrow|have} [tool] for [time]",
            "[tool] belonging to [owner] was {lent to|borrowed by} [user] for [time]",
            "for [time], [user] had [tool] on loan from [owner]",
        ),
    ),
)

MEALS = pool(
    "breakfast|the morning meal", "lunch|the midday meal", "dinner|the evening meal", "exercise|physical exercise",
)  # fmt: skip
DOSES = pool(
    *(f"{word} tablets|{n} tablets|{word} pills|{n} pills" for n, word in ((2, "two"), (3, "three"), (4, "four"))),
    "one tablet|one pill|a single tablet", "half a tablet|half a pill",
)  # fmt: skip
SIDES = pool("before|ahead of", "after|following")
DRUGS = pool(
    "Veloxin", "Tamoril", "Cardelin", "Nexaprine", "Solvatin", "Brevanol", "Pirodex", "Lumicaine", "Oradine", "Zentrol",
)  # fmt: skip
ILLS = pool(
    "high blood pressure|hypertension", "migraine", "hay fever|a pollen allergy", "insomnia|sleeplessness", "asthma",
    "back pain|pain in the back", "eczema", "diabetes", "arthritis|inflamed joints", "heartburn|acid reflux",
)  # fmt: skip
EFFECTS = pool(
    {"past": "helped|improved the condition of", "part": "helped", "were": "got better|improved"},
    {"past": "harmed|worsened the condition of", "part": "harmed", "were": "got worse|deteriorated"},
)
BODY = pool(
    "left knee", "right knee", "left hip", "right hip", "left eye", "right eye", "left shoulder", "right shoulder",
)  # fmt: skip

MEDICINE = (
    Shape(
        name="dosage",
        topic="medicine",
        reportable=False,
        slots={"dose": DOSES, "drug": DRUGS, "side": SIDES, "meal": MEALS, "time": WEEKS},
        frames=(
            "take [dose] of [drug] [side] [meal] for [time]",
            "for [time], you {should|must} take [dose] of [drug] [side] [meal]",
            "[dose] of [drug] {should|must} be {taken|swallowed} [side] [meal] for [time]",
            "[side] [meal], {swallow|take} [dose] of [drug] for [time]",
            "the {dose|dosage} is [dose] of [drug] [side] [meal] for [time]",
        ),
    ),
    Shape(
        name="drug trial",
        topic="medicine",
        slots={"drug": DRUGS, "effect": EFFECTS, "size": PERCENTS, "ill": ILLS},
        frames=(
            "[drug] [effect.past] [size] of the {patients|people} with [ill]",
            "[size] of the {patients|people} with [ill] were [effect.part] by [drug]",
            "of the {patients|people} with [ill], [size] [effect.were] with [drug]",
            "[size] of the {patients|people} with [ill] [effect.were] after taking [drug]",
            "with [drug], [size] of the {patients|people} with [ill] [effect.were]",
        ),
    ),
    Shape(
        name="surgery",
        topic="medicine",
        slots={"doctor": PEOPLE, "patient": PEOPLE, "part": BODY, "time": HOURS},
        swaps=(("doctor", "patient"),),
        frames=(
            "Dr [doctor] {operated on|performed surgery on} the [part] of [patient] for [time]",
            "[patient] had {surgery|an operation} on the [part] that took Dr [doctor] [time]",
            "the {surgery|operation} on the [part] of [patient] by Dr [doctor] {lasted|took} [time]",
            "for [time], the [part] of [patient] was operated on by Dr [doctor]",
            "it took Dr [doctor] [time] to operate on [patient]'s [part]",
        ),
    ),
)

DELAYS = pool(
    "fog|thick fog", "a strike|industrial action", "heavy snow|a lot of snow", "a technical fault|a technical problem",
    "strong winds|high winds", "a missing crew member", "a security alert|a security alarm", "ice on the runway",
)  # fmt: skip
NEAR = pool("near|close to|not far from", "far from|a long way from|nowhere near")
SIGHTS = pool(
    "the beach|the seashore", "the airport", "the railway station|the train station", "the zoo",
    "the old town|the historic centre", "the stadium", "the university", "the cathedral", "the harbour|the port",
    "the bus terminal",
)  # fmt: skip
VEHICLES = pool("train", "bus|coach", "ferry|ferryboat", "plane|aircraft")

TRAVEL = (
    Shape(
        name="timetable",
        topic="travel",
        slots={"vehicle": VEHICLES, "from": CITIES, "to": CITIES, "time": CLOCK},
        swaps=(("from", "to"),),
        frames=(
            "the [vehicle] from [from] to [to] {leaves|departs|sets off} at [time]",
            "the [vehicle] to [to] {leaves|departs from} [from] at [time]",
            "at [time], the [vehicle] {leaves|departs from} [from] for [to]",
            "the {departure time|time of departure} of the [vehicle] from [from] to [to] is [time]",
            "there is a [vehicle] from [from] to [to] at [time]",
        ),
    ),
    Shape(
        name="delay",
        topic="travel",
        slots={"from": CITIES, "to": CITIES, "time": HOURS, "why": DELAYS},
        swaps=(("from", "to"),),
        frames=(
            "the {flight|plane} from [from] to [to] was {delayed|late} by [time] because of [why]",
            "because of [why], the {flight|plane} to [to] left [from] [time] {late|behind schedule}",
            "[why] {delayed|held up} the {flight|plane} from [from] to [to] by [time]",
            "[why] {caused|led to} a delay of [time] for the {flight|plane} to [to] from [from]",
            "passengers flying from [from] to [to] {had to wait|waited} [time] because of [why]",
        ),
    ),
    Shape(
        name="hotel",
        topic="travel",
        slots={"city": CITIES, "near": NEAR, "sight": SIGHTS, "price": PRICES},
        frames=(
            "the hotel in [city] is [near] [sight] and {charges|costs} [price] {a|per} night",
            "for [price] {a|per} night, you can stay in [city] at a hotel [near] [sight]",
            "the hotel [near] [sight] in [city] {charges|costs} [price] {a|per} night",
            "a {night|night's stay} at the hotel in [city], which is [near] [sight], costs [price]",
            "in [city], the hotel {that is|which lies} [near] [sight] {costs|charges} [price] {a|per} night",
        ),
    ),
)
