"""The user's rows with what was predicted for them."""

from datasets import ClassLabel, Dataset, Features, Value

from warmstart.evaluation.predicted import beside


def test_the_users_columns_stand_beside_the_predictions() -> None:
    features = Features({"id": Value("int64"), "prediction": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    rows = Dataset.from_dict({"id": [7, 8], "prediction": ["a", "b"], "label": [1, -1]}, features=features)
    assert [*beside(rows, [{"prediction": "x"}, {"prediction": "y"}])] == [
        {"id": 7, "prediction (given)": "a", "label": "yes", "prediction": "x"},
        {"id": 8, "prediction (given)": "b", "label": -1, "prediction": "y"},
    ]
    assert [*beside(rows.select([]), [])] == []


def test_no_column_takes_the_place_of_another() -> None:
    given = {"text": ["t"], "prediction": ["a"], "prediction (given)": ["b"], "p(x)": ["c"], "p(x) (given)": ["d"]}
    for names in (list(given), list(given)[::-1]):
        rows = Dataset.from_dict({name: given[name] for name in names})
        found = [*beside(rows, [{"prediction": "new", "p(x)": 1.0}])]
        assert found == [
            {
                **{"text": "t", "prediction (given) (given)": "a", "prediction (given)": "b"},
                **{"p(x) (given) (given)": "c", "p(x) (given)": "d", "prediction": "new", "p(x)": 1.0},
            }
        ]
