"""Shapes about public life: business, law, news, politics."""

from warmstart.table.sample.facts import Shape, pool
from warmstart.table.sample.words import (  # fmt: skip
    CITIES,
    COMPANIES,
    COUNTRIES,
    COUNTS,
    DATES,
    DAYS,
    PEOPLE,
    PERCENTS,
    SMALL,
    SUMS,
    TERMS,
    YEARS,
)

MOVES = pool(
    {"past": "rose|climbed|went up|increased", "noun": "rise|increase"},
    {"past": "fell|dropped|went down|decreased", "noun": "fall|drop|decrease"},
)
FIGURES = pool("profits|earnings", "sales|revenue", "costs|expenses", "debts|borrowings", "exports|sales abroad")
QUARTERS = pool(
    "first quarter|first three months of the year", "second quarter", "third quarter",
    "final quarter|last three months of the year|fourth quarter",
)  # fmt: skip
ROLES = pool(
    "finance director|chief financial officer", "head of marketing|marketing chief", "head of research|research chief",
    "head of sales|sales chief", "general manager", "legal director|head of the legal department",
    "head of human resources|personnel chief", "treasurer", "head of engineering|chief engineer",
)  # fmt: skip

BUSINESS = (
    Shape(
        name="takeover",
        topic="business",
        slots={"buyer": COMPANIES, "firm": COMPANIES, "sum": SUMS, "year": YEARS},
        swaps=(("buyer", "firm"),),
        frames=(
            "[buyer] {bought|acquired|purchased|took over} [firm] for [sum] in [year]",
            "in [year], [firm] was {bought|acquired|purchased|taken over} by [buyer] for [sum]",
            "in [year], [buyer] paid [sum] {to buy|to acquire|to take over|for} [firm]",
            "[buyer]'s {takeover|acquisition|purchase} of [firm] in [year] {cost|was worth} [sum]",
            "for [sum], [firm] {passed into the hands of|was sold to} [buyer] in [year]",
            "the sale of [firm] to [buyer] in [year] was {worth [sum]|a deal of [sum]}",
        ),
    ),
    Shape(
        name="results",
        topic="business",
        slots={"firm": COMPANIES, "figure": FIGURES, "move": MOVES, "size": PERCENTS, "quarter": QUARTERS},
        frames=(
            "the [figure] of [firm] [move.past] by [size] in the [quarter]",
            "in the [quarter], [figure] at [firm] [move.past] by [size]",
            "[firm] {reported|saw|recorded} a [move.noun] of [size] in [figure] {for|in|during} the [quarter]",
            "the [quarter] {brought|saw} a [size.adj] [move.noun] in [figure] at [firm]",
            "at [firm], there was a [move.noun] of [size] in [figure] during the [quarter]",
        ),
    ),
    Shape(
        name="appointment",
        topic="business",
        slots={"new": PEOPLE, "old": PEOPLE, "role": ROLES, "firm": COMPANIES},
        swaps=(("new", "old"),),
        frames=(
            "[firm] has {named|appointed|chosen} [new] as [role] {to replace|in place of|to succeed} [old]",
            "[new] {is taking over from|succeeds|replaces} [old] as [role] {of|at} [firm]",
            "[old] is {succeeded|replaced|followed} by [new] as [role] {of|at} [firm]",
            "[new] has {become|been named|been appointed} [role] {of|at} [firm], a {post|job} that [old] used to hold",
            "[old] has {handed|passed} the {post|job} of [role] at [firm] to [new]",
        ),
    ),
)

CRIMES = pool(
    "theft|stealing", "fraud", "bribery|paying bribes", "perjury|lying under oath", "tax evasion|evading taxes",
    "burglary|breaking into houses", "drunk driving|driving while drunk", "smuggling", "forgery|forging documents",
    "blackmail", "arson|setting fire to a barn",
)  # fmt: skip
VERDICTS = pool(
    {"part": "convicted|found guilty", "past": "convicted", "noun": "a conviction|a guilty verdict"},
    {
        "part": "acquitted|cleared|found not guilty",
        "past": "acquitted|cleared",
        "noun": "an acquittal|a verdict of not guilty",
    },
)
GRIEVANCES = pool(
    "a stolen design|the theft of a design", "late deliveries|delays in deliveries", "unpaid bills|overdue bills",
    "a broken contract|a breach of contract", "faulty parts|defective parts", "a copied logo|the copying of a logo",
    "misleading advertisements|misleading advertising", "polluted land|the pollution of land",
)  # fmt: skip

LAW = (
    Shape(
        name="trial",
        topic="law",
        slots={"who": PEOPLE, "verdict": VERDICTS, "crime": CRIMES, "city": CITIES},
        frames=(
            "a court in [city] [verdict.past] [who] of [crime]",
            "in [city], [who] was [verdict.part] of [crime]",
            "the trial of [who] for [crime] in [city] ended {with|in} [verdict.noun]",
            "[who], who {stood trial|was on trial} for [crime] in [city], was [verdict.part]",
            "[who] was [verdict.part] of [crime] by a court in [city]",
        ),
    ),
    Shape(
        name="lawsuit",
        topic="law",
        slots={"one": COMPANIES, "other": COMPANIES, "sum": SUMS, "why": GRIEVANCES},
        swaps=(("one", "other"),),
        frames=(
            "[one] {is suing|has gone to court against} [other] for [sum] {over|because of} [why]",
            "[other] is being {sued|taken to court} by [one] for [sum] {over|because of} [why]",
            "[one] has {filed|brought} a lawsuit for [sum] against [other] {over|because of} [why]",
            "because of [why], [one] is {demanding|seeking} [sum] from [other] in {court|a lawsuit}",
            "because of [why], [other] {faces a {lawsuit|court case}|is being sued} for [sum] by [one]",
        ),
    ),
    Shape(
        name="sentence",
        topic="law",
        slots={"judge": PEOPLE, "who": PEOPLE, "term": TERMS, "crime": CRIMES},
        swaps=(("judge", "who"),),
        frames=(
            "for [crime], Judge [judge] {sentenced [who] to [term] in|sent [who] for [term] to} {prison|jail}",
            "[who] {was given|received|got} [term] in {prison|jail} for [crime] from Judge [judge]",
            "for [crime], [who] was sentenced by Judge [judge] to [term] in {prison|jail}",
            "[who] must {spend|serve} [term] in {prison|jail} for [crime], Judge [judge] {ruled|decided}",
            "Judge [judge] {gave|handed} [who] a {prison|jail} sentence of [term] for [crime]",
        ),
    ),
)

ACCIDENTS = pool(
    {"clause": "a roof collapsed|a roof fell down", "noun": "a roof collapse|the collapse of a roof"},
    {"clause": "a train derailed|a train came off the rails", "noun": "a train derailment|the derailment of a train"},
    {"clause": "a bridge collapsed|a bridge gave way", "noun": "a bridge collapse|the collapse of a bridge"},
    {"clause": "a warehouse caught fire|a fire broke out in a warehouse", "noun": "a warehouse fire"},
    {"clause": "a boiler exploded|a boiler blew up", "noun": "a boiler explosion|the explosion of a boiler"},
    {"clause": "two buses collided|two buses crashed", "noun": "a collision of two buses|a crash of two buses"},
)
HARMS = pool(
    {"were": "were injured|were hurt|suffered injuries", "left": "injured|hurt"},
    {"were": "were killed|died|lost their lives", "left": "dead"},
)
LOOT = pool(
    "bicycles|bikes", "laptops", "paintings", "cars|automobiles", "cameras", "phones|mobile phones", "watches",
    "statues|sculptures", "rings", "carpets|rugs", "coats",
)  # fmt: skip
PLACES = pool(
    "a shop|a store", "a museum", "a hotel", "a garage", "a warehouse", "a school", "a private home|a private house",
    "a church", "an office",
)  # fmt: skip
RECOVERED = pool(
    {"have": "have recovered|have found", "been": "have been recovered|have been found"},
    {
        "have": "have not recovered|have not found|have failed to find|are still looking for",
        "been": "have not been recovered|have not been found|are still missing",
    },
)
MATTERS = pool(
    "trade|commerce", "climate change|global warming", "energy", "migration", "fishing rights|the right to fish",
    "arms control|the control of arms", "border security|the security of the border", "tourism",
    "food prices|the price of food", "water supplies|the supply of water",
)  # fmt: skip

NEWS = (
    Shape(
        name="accident",
        topic="news",
        slots={"n": SMALL, "harm": HARMS, "event": ACCIDENTS, "city": CITIES},
        frames=(
            "[n] people [harm.were] when [event.clause] in [city]",
            "in [city], [n] people [harm.were] when [event.clause]",
            "[event.noun] in [city] {left|has left} [n] people [harm.left]",
            "[event.clause] in [city] and [n] people [harm.were]",
            "[n] people [harm.were] {in|as a result of} [event.noun] in [city]",
        ),
    ),
    Shape(
        name="theft",
        topic="news",
        slots={"n": SMALL, "loot": LOOT, "place": PLACES, "day": DAYS, "found": RECOVERED},
        frames=(
            "thieves {stole|took} [n] [loot] from [place] on [day], and the police [found.have] them",
            "the police [found.have] the [n] [loot] that {were stolen|thieves took} from [place] on [day]",
            "the [n] [loot] {stolen|taken} from [place] on [day] [found.been]",
            "on [day], [n] [loot] were {stolen|taken} from [place]; the police [found.have] them",
            "[n] [loot] that {were stolen|thieves took} on [day] from [place] [found.been]",
        ),
    ),
    Shape(
        name="summit",
        topic="news",
        slots={"one": COUNTRIES, "other": COUNTRIES, "city": CITIES, "matter": MATTERS},
        frames=(
            "the president of [one] {met|held talks with} the president of [other] in [city] to discuss [matter]",
            "the presidents of [other] and [one] {met|came together} in [city] to {discuss|talk about} [matter]",
            "the [other.adj] president {met|held talks with} the [one.adj] president about [matter] in [city]",
            "in [city], the [one.adj] and [other.adj] presidents met and {discussed|talked about} [matter]",
            "a meeting {about|on} [matter] between the presidents of [other] and [one] {took place|was held} in [city]",
        ),
    ),
)

CHAMBERS = pool("parliament", "the senate", "the city council", "the school board", "the finance committee")
PASSED = pool(
    {"past": "passed|approved|voted for|adopted", "part": "passed|approved|adopted", "noun": "approval|adoption"},
    {"past": "rejected|voted down|threw out", "part": "rejected|voted down|thrown out", "noun": "rejection|defeat"},
)
PLANS = pool(
    "the plan to raise fuel taxes|the plan to increase taxes on fuel",
    "the plan to cut fuel taxes|the plan to lower taxes on fuel",
    "the plan to build a new airport|the plan for a new airport",
    "the plan to close two hospitals|the plan for the closure of two hospitals",
    "the ban on plastic bags|the plan to ban plastic bags",
    "the plan to lower the voting age|the plan for a lower voting age",
    "the plan to reduce school budgets|the plan to cut the budgets of schools",
    "the plan to extend the subway|the plan to make the subway longer",
    "the plan to sell the stadium|the plan for the sale of the stadium",
    "the plan to widen the highway|the plan for a wider highway",
)  # fmt: skip
MOST = pool(
    "most|the majority of|more than half of the", "few|only a few|only a small minority of", "nearly all|almost all",
)  # fmt: skip
VOTERS = pool(
    "voters", "farmers", "pensioners|retired people", "women", "teachers", "small businesses|small firms",
    "people under thirty|people younger than thirty", "parents|mothers and fathers", "students",
)  # fmt: skip
ATTITUDES = pool(
    {"verb": "support|back|are in favour of|are for", "part": "supported|backed|favoured"},
    {"verb": "oppose|are against|are opposed to", "part": "opposed"},
)

POLITICS = (
    Shape(
        name="vote",
        topic="politics",
        slots={"chamber": CHAMBERS, "passed": PASSED, "plan": PLANS, "date": DATES},
        frames=(
            "[chamber] [passed.past] [plan] on [date]",
            "[plan] was [passed.part] by [chamber] on [date]",
            "on [date], [chamber] [passed.past] [plan]",
            "on [date], [plan] {was|got} [passed.part] by [chamber]",
            "the [passed.noun] of [plan] by [chamber] came on [date]",
        ),
    ),
    Shape(
        name="election",
        topic="politics",
        slots={"winner": PEOPLE, "loser": PEOPLE, "n": COUNTS, "city": CITIES},
        swaps=(("winner", "loser"),),
        frames=(
            "[winner] {beat|defeated} [loser] by [n] votes in the {race|election} for mayor of [city]",
            "[loser] lost the {race|election} for mayor of [city] to [winner] by [n] votes",
            "in the {race|election} for mayor of [city], [loser] {finished|came in} [n] votes behind [winner]",
            "with [n] votes more than [loser], [winner] {won the race for|was elected} mayor of [city]",
            "[winner] {won the election for|was elected} mayor of [city], [n] votes ahead of [loser]",
            "in the {race|election} for mayor of [city], [loser] was {beaten|defeated} by [winner] by [n] votes",
        ),
    ),
    Shape(
        name="poll",
        topic="politics",
        reportable=False,
        slots={"most": MOST, "group": VOTERS, "city": CITIES, "attitude": ATTITUDES, "plan": PLANS},
        frames=(
            "[most] [group] in [city] [attitude.verb] [plan], a {poll|survey} {shows|suggests}",
            "a {poll|survey} {shows|suggests} that [most] [group] in [city] [attitude.verb] [plan]",
            "[plan] is [attitude.part] by [most] [group] in [city], {according to a poll|a survey suggests}",
            "{according to|in} a {poll|survey}, [most] [group] in [city] [attitude.verb] [plan]",
            "in [city], [plan] is [attitude.part] by [most] [group], a {poll|survey} {shows|suggests}",
        ),
    ),
)
