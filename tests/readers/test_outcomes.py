"""One set of words for the outcomes of all reports."""

from helpers.readers import outcomes, verdicts


def test_each_outcome_has_a_mark_and_one_spelling():
    assert outcomes.MARKS.keys() == set(outcomes.OUTCOMES)
    spelled = [outcomes.spelled(outcome) for outcome in outcomes.OUTCOMES]
    assert len(set(spelled)) == len(spelled)
    assert [text.lower() for text in spelled] == list(outcomes.OUTCOMES)
    assert set(verdicts.STATUSES) < set(outcomes.OUTCOMES)
