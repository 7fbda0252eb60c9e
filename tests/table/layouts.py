"""The columns of public tables, with cells like theirs: names, kinds of values, lengths, and how many are empty."""

import random
from collections.abc import Callable

ROWS = 80
VOCABULARY = "the flight was late and nobody told us why so we slept on the floor but food came for all at last".split()
Cells = list[str]
Column = Callable[[random.Random], Cells]


def prose(length: int, repeated: bool = False) -> Column:
    """Texts of about so many characters, each another."""

    def make(draw: random.Random) -> Cells:
        texts = [" ".join(draw.choices(VOCABULARY, k=max(length // 5, 1))) + f" {row}" for row in range(ROWS)]
        return [texts[row % 4] for row in range(ROWS)] if repeated else texts

    return make


def words(*values: str) -> Column:
    """One of a few values, each about as often."""
    return lambda draw: [values[row] if row < len(values) else draw.choice(values) for row in range(ROWS)]


def counts(most: int) -> Column:
    """Whole numbers from 0."""
    return lambda draw: [str(min(int(draw.expovariate(3 / most)), most)) for _ in range(ROWS)]


def fractions(draw: random.Random) -> Cells:
    """Numbers between 0 and 1, each another."""
    return [f"{draw.random():.4f}" for _ in range(ROWS)]


def numbered(draw: random.Random) -> Cells:
    """A number for each row."""
    return [str(570_306_133_677 + row * 13) for row in range(ROWS)]


def coded(draw: random.Random) -> Cells:
    """22 characters for each row, as ids of the web are."""
    return ["".join(draw.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789-_", k=22)) for _ in range(ROWS)]


def names(draw: random.Random) -> Cells:
    """Names of people, a few of them twice."""
    return [
        f"{draw.choice('ABCDEFGHJKLM')}. {draw.choice(VOCABULARY).title()}son{draw.randrange(99)}" for _ in range(ROWS)
    ]


def days(draw: random.Random) -> Cells:
    return [f"201{draw.randrange(9)}-0{draw.randrange(1, 9)}-1{draw.randrange(9)}" for _ in range(ROWS)]


def seldom(column: Column, share: float = 0.05) -> Column:
    """The column with most cells empty."""
    return lambda draw: [cell if row < share * ROWS else "" for row, cell in enumerate(column(draw))]


BINARY = words("0", "1")
STARS = words("1", "2", "3", "4", "5")
FEELING = words("negative", "neutral", "positive")
ASKS = None

# By name: the columns, and the text, the second text and the label that are right; or that the user is asked, and which
# columns are among those that are offered.
Layout = tuple[dict[str, Column], tuple[str, str | None, str] | tuple[None, tuple[str, ...]]]
LAYOUTS: dict[str, Layout] = {
    "US airline tweets": (
        {
            "tweet_id": numbered,
            "airline_sentiment": FEELING,
            "airline_sentiment_confidence": fractions,
            "negativereason": seldom(words("Late Flight", "Lost Luggage", "Bad Flight", "Can't Tell"), 0.6),
            "negativereason_confidence": seldom(fractions, 0.7),
            "airline": words("United", "Delta", "Southwest", "Virgin America"),
            "airline_sentiment_gold": seldom(FEELING),
            "name": names,
            "negativereason_gold": seldom(words("Late Flight", "Lost Luggage")),
            "retweet_count": counts(6),
            "text": prose(110),
            "tweet_coord": seldom(fractions),
            "tweet_created": days,
            "tweet_location": seldom(names, 0.7),
            "user_timezone": seldom(words("Eastern Time", "Pacific Time", "London"), 0.7),
        },
        ("text", None, "airline_sentiment"),
    ),
    "airline tweets, three columns": (
        {"airline_sentiment": FEELING, "retweet_count": counts(3), "text": prose(110)},
        ("text", None, "airline_sentiment"),
    ),
    "IMDB": ({"review": prose(1200), "sentiment": words("negative", "positive")}, ("review", None, "sentiment")),
    "Amazon fine food": (
        {
            "Id": numbered,
            "ProductId": coded,
            "UserId": coded,
            "ProfileName": names,
            "HelpfulnessNumerator": counts(9),
            "HelpfulnessDenominator": counts(9),
            "Score": STARS,
            "Time": numbered,
            "Summary": prose(25),
            "Text": prose(400),
        },
        ("Text", None, "Score"),
    ),
    "Amazon reviews 2023": (
        {
            "rating": words("1.0", "2.0", "3.0", "4.0", "5.0"),
            "title": prose(25),
            "text": prose(300),
            "asin": coded,
            "parent_asin": coded,
            "user_id": coded,
            "timestamp": numbered,
            "helpful_vote": counts(5),
            "verified_purchase": words("True", "False"),
        },
        ("text", None, "rating"),
    ),
    "Amazon customer reviews": (
        {
            "marketplace": words("US"),
            "customer_id": numbered,
            "review_id": coded,
            "product_title": prose(60),
            "product_category": words("Video Games"),
            "star_rating": STARS,
            "helpful_votes": counts(7),
            "total_votes": counts(9),
            "vine": words("Y", "N"),
            "verified_purchase": words("Y", "N"),
            "review_headline": prose(30),
            "review_body": prose(300),
            "review_date": days,
        },
        ("review_body", None, "star_rating"),
    ),
    "Yelp": (
        {
            "business_id": coded,
            "date": days,
            "review_id": coded,
            "stars": STARS,
            "text": prose(500),
            "type": words("review"),
            "user_id": coded,
            "cool": counts(5),
            "useful": counts(5),
            "funny": counts(5),
        },
        ("text", None, "stars"),
    ),
    "AG News": (
        {"Class Index": words("1", "2", "3", "4"), "Title": prose(45), "Description": prose(190)},
        ("Description", None, "Class Index"),
    ),
    "SMS spam": (
        {
            "v1": words("ham", "spam"),
            "v2": prose(80),
            "Unnamed: 2": seldom(prose(30)),
            "Unnamed: 3": seldom(prose(30), 0.02),
        },
        ("v2", None, "v1"),
    ),
    "spam mails": (
        {"": numbered, "label": words("ham", "spam"), "text": prose(600), "label_num": BINARY},
        ("text", None, "label"),
    ),
    "toxic comments": (
        {
            "id": coded,
            "comment_text": prose(300),
            **dict.fromkeys(("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"), BINARY),
        },
        (ASKS, ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")),
    ),
    "toxic comments, three kinds": (
        {"comment_text": prose(300), **dict.fromkeys(("toxic", "obscene", "insult"), BINARY)},
        (ASKS, ("toxic", "obscene", "insult")),
    ),
    "Banking77": (
        {"text": prose(60), "category": words("card_arrival", "exchange_rate", "top_up_failed", "pin_blocked")},
        ("text", None, "category"),
    ),
    "CLINC": ({"text": prose(40), "intent": words("translate", "transfer", "timer", "oos")}, ("text", None, "intent")),
    "SNLI": (
        {"premise": prose(70), "hypothesis": prose(40), "label": words("0", "1", "2")},
        ("premise", "hypothesis", "label"),
    ),
    "SNLI as published": (
        {
            "gold_label": words("neutral", "contradiction", "entailment"),
            "sentence1_binary_parse": prose(110),
            "sentence2_binary_parse": prose(80),
            "sentence1_parse": prose(150),
            "sentence2_parse": prose(110),
            "sentence1": prose(70),
            "sentence2": prose(40),
            "captionID": coded,
            "pairID": coded,
            "label1": words("neutral", "contradiction", "entailment"),
            "label2": seldom(words("neutral", "contradiction", "entailment"), 0.1),
        },
        ("sentence1", "sentence2", "gold_label"),
    ),
    "Quora question pairs": (
        {
            "id": numbered,
            "qid1": numbered,
            "qid2": numbered,
            "question1": prose(60),
            "question2": prose(60),
            "is_duplicate": BINARY,
        },
        ("question1", "question2", "is_duplicate"),
    ),
    "MRPC as published": (
        {"Quality": BINARY, "#1 ID": numbered, "#2 ID": numbered, "#1 String": prose(110), "#2 String": prose(110)},
        ("#1 String", "#2 String", "Quality"),
    ),
    "STS benchmark": (
        {
            "genre": words("main-captions", "main-news"),
            "filename": words("MSRvid", "headlines", "images"),
            "year": words("2012test", "2013", "2014"),
            "score": words("0.000", "2.500", "3.800", "4.200", "5.000"),
            "sentence1": prose(60),
            "sentence2": prose(60),
        },
        ("sentence1", "sentence2", "score"),
    ),
    "QNLI": (
        {
            "index": numbered,
            "question": prose(60),
            "sentence": prose(150),
            "label": words("entailment", "not_entailment"),
        },
        ("question", "sentence", "label"),
    ),
    "Sentiment140": (
        {
            "target": words("0", "4"),
            "ids": numbered,
            "date": prose(28),
            "flag": words("NO_QUERY"),
            "user": names,
            "text": prose(80),
        },
        ("text", None, "target"),
    ),
    "phrases of Rotten Tomatoes": (
        {
            "PhraseId": numbered,
            "SentenceId": counts(9),
            "Phrase": prose(40),
            "Sentiment": words("0", "1", "2", "3", "4"),
        },
        ("Phrase", None, "Sentiment"),
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
        (ASKS, ("review_type", "review_score", "top_critic")),
    ),
    "ChnSentiCorp": ({"label": BINARY, "review": prose(200)}, ("review", None, "label")),
    "weibo_senti_100k": ({"label": BINARY, "review": prose(60)}, ("review", None, "label")),
    "online_shopping_10_cats": (
        {"cat": words("书籍", "平板", "手机", "水果"), "label": BINARY, "review": prose(60)},
        ("review", None, "label"),
    ),
    "LCQMC": ({"text_a": prose(20), "text_b": prose(20), "label": BINARY}, ("text_a", "text_b", "label")),
    "TNEWS": (
        {
            "label": words("100", "101", "102", "103", "104", "106", "107"),
            "label_desc": words("news_story", "news_culture", "news_sports", "news_finance", "news_house"),
            "sentence": prose(45),
            "keywords": prose(25),
        },
        ("sentence", None, "label"),
    ),
    "微博情感": (
        {
            "微博id": numbered,
            "发布时间": days,
            "微博内容": prose(80),
            "转发数": counts(9),
            "情感倾向": words("-1", "0", "1"),
        },
        ("微博内容", None, "情感倾向"),
    ),
    "商品评价": (
        {
            "用户昵称": names,
            "评价内容": prose(60),
            "点赞数量": counts(9),
            "评分": STARS,
            "城市": words("北京", "上海", "广州"),
        },
        ("评价内容", None, "评分"),
    ),
    "emotion": (
        {
            "text": prose(90),
            "label": words("0", "1", "2", "3", "4", "5"),
            "label_name": words("joy", "sadness", "anger"),
        },
        ("text", None, "label"),
    ),
    "Stack Overflow quality": (
        {
            "Id": numbered,
            "Title": prose(50),
            "Body": prose(600),
            "Tags": prose(25),
            "CreationDate": days,
            "Y": words("HQ", "LQ_CLOSE", "LQ_EDIT"),
        },
        ("Body", None, "Y"),
    ),
    "hate speech and offensive language": (
        {
            "": numbered,
            "count": words("3", "6", "9"),
            "hate_speech": words("0", "1", "2", "3"),
            "offensive_language": words("0", "1", "2", "3"),
            "neither": words("0", "1", "2", "3"),
            "class": words("0", "1", "2"),
            "tweet": prose(90),
        },
        ("tweet", None, "class"),
    ),
    "women's clothing": (
        {
            "": numbered,
            "Clothing ID": counts(40),
            "Age": counts(60),
            "Title": prose(20),
            "Review Text": prose(300),
            "Rating": STARS,
            "Recommended IND": BINARY,
            "Positive Feedback Count": counts(20),
            "Division Name": words("General", "General Petite", "Initmates"),
            "Department Name": words("Dresses", "Bottoms", "Tops", "Jackets"),
            "Class Name": words("Dresses", "Pants", "Blouses", "Knits", "Lounge"),
        },
        ("Review Text", None, "Rating"),
    ),
    "COVID tweets": (
        {
            "UserName": numbered,
            "ScreenName": numbered,
            "Location": names,
            "TweetAt": days,
            "OriginalTweet": prose(200),
            "Sentiment": words("Extremely Negative", "Negative", "Neutral", "Positive"),
        },
        ("OriginalTweet", None, "Sentiment"),
    ),
    "disaster tweets": (
        {
            "id": numbered,
            "keyword": seldom(words("fire", "flood"), 0.9),
            "location": seldom(names, 0.7),
            "text": prose(100),
            "target": BINARY,
        },
        ("text", None, "target"),
    ),
    "tweet sentiment extraction": (
        {"textID": coded, "text": prose(70), "selected_text": prose(35), "sentiment": FEELING},
        ("text", None, "sentiment"),
    ),
    "stance": (
        {
            "Tweet": prose(100),
            "Target": words("Atheism", "Climate Change"),
            "Stance": words("FAVOR", "AGAINST", "NONE"),
        },
        (ASKS, ("Target", "Stance")),
    ),
    "TREC": (
        {"text": prose(50), "coarse_label": words("0", "1", "2"), "fine_label": words("3", "4", "7", "9")},
        (ASKS, ("coarse_label", "fine_label")),
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
        (ASKS, ("type", "queue", "priority")),
    ),
    "support tickets, one label": (
        {"subject": prose(40), "body": prose(400), "queue": words("Technical Support", "Billing", "Returns")},
        ("body", None, "queue"),
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
        (ASKS, ("headline", "short_description")),
    ),
    "fake news": (
        {"": numbered, "title": prose(65), "text": prose(900), "label": words("FAKE", "REAL")},
        ("text", None, "label"),
    ),
    "resumes": ({"Category": words("HR", "Designer", "Teacher"), "Resume": prose(900)}, ("Resume", None, "Category")),
    "resumes with markup": (
        {"ID": numbered, "Resume_str": prose(800), "Resume_html": prose(1600), "Category": words("HR", "Designer")},
        ("Resume_str", None, "Category"),
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
        (ASKS, ("Title", "Plot")),
    ),
    "drug reviews": (
        {
            "uniqueID": numbered,
            "drugName": words("Valsartan", "Guanfacine", "Lybrel"),
            "condition": words("ADHD", "Birth Control", "Pain"),
            "review": prose(400),
            "rating": words(*map(str, range(1, 11))),
            "date": days,
            "usefulCount": counts(90),
        },
        ("review", None, "rating"),
    ),
    "Google Play": (
        {
            "App": words("10 Best Foods", "Colorfit", "Chess"),
            "Translated_Review": prose(80),
            "Sentiment": FEELING,
            "Sentiment_Polarity": fractions,
            "Sentiment_Subjectivity": fractions,
        },
        ("Translated_Review", None, "Sentiment"),
    ),
    "authors to be told apart": (
        {"id": coded, "text": prose(150), "author": words("EAP", "HPL", "MWS")},
        ("text", None, "author"),
    ),
    "languages": ({"Text": prose(120), "language": words("Estonian", "Swedish", "Thai")}, ("Text", None, "language")),
    "prices": ({"description": prose(200), "price": fractions}, ("description", None, "price")),
}
