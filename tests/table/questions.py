"""The columns of public tables in which it is the user who knows what is learnt, and columns that must be offered."""

from tests.table.cells import BINARY, Column, coded, counts, days, names, prose, seldom, words

QUESTIONS: dict[str, tuple[dict[str, Column], tuple[str, ...]]] = {
    "toxic comments": (
        {
            "id": coded,
            "comment_text": prose(300),
            **dict.fromkeys(("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"), BINARY),
        },
        ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"),
    ),
    "toxic comments, three kinds": (
        {"comment_text": prose(300), **dict.fromkeys(("toxic", "obscene", "insult"), BINARY)},
        ("toxic", "obscene", "insult"),
    ),
    "reviews of Rotten Tomatoes": (
        {
            "rotten_tomatoes_link": coded,
            "critic_name": names,
            "top_critic": words("True", "False"),
            "publisher_name": words("Time Out", "Variety", "New York Times"),
            "review_type": words("Fresh", "Rotten"),
            "review_score": seldom(
                words(*(f"{n / 2}/5" for n in range(11)), *"ABCD", *(f"{n}/10" for n in range(10))), 0.7
            ),
            "review_date": days,
            "review_content": prose(120),
        },
        ("review_type", "review_score", "top_critic"),
    ),
    "stance": (
        {
            "Tweet": prose(100),
            "Target": words("Atheism", "Climate Change"),
            "Stance": words("FAVOR", "AGAINST", "NONE"),
        },
        ("Target", "Stance"),
    ),
    "TREC": (
        {"text": prose(50), "coarse_label": words("0", "1", "2"), "fine_label": words("3", "4", "7", "9")},
        ("coarse_label", "fine_label"),
    ),
    "support tickets": (
        {
            "subject": prose(40),
            "body": prose(400),
            "answer": prose(350),
            "type": words("Incident", "Request", "Problem", "Change"),
            "queue": words("Technical Support", "Billing", "Returns"),
            "priority": words("low", "medium", "high"),
            "language": words("en", "de"),
        },
        ("type", "queue", "priority"),
    ),
    "news category": (
        {
            "link": prose(90),
            "headline": prose(60),
            "category": words("POLITICS", "WELLNESS", "TRAVEL"),
            "short_description": prose(110),
            "authors": names,
            "date": days,
        },
        ("headline", "short_description"),
    ),
    "movie plots": (
        {
            "Release Year": counts(90),
            "Title": prose(16),
            "Director": names,
            "Genre": words("drama", "comedy", "western"),
            "Wiki Page": coded,
            "Plot": prose(900),
        },
        ("Title", "Plot"),
    ),
}
