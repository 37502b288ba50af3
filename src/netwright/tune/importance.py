"""How much each field of a space decides the score: fANOVA (Hutter, Hoos and Leyton-Brown 2014), by
Optuna."""

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.study import StudyDirection
from optuna.trial import TrialState

from netwright.tune.search import distributions, params_of
from netwright.tune.storage import quiet
from netwright.tune.study import Study

__all__ = ["FEWEST_TRIALS", "importance"]

FEWEST_TRIALS = 12  # trained to their end; a forest on fewer tells noise


def importance(study: Study) -> dict[str, float]:
    """Return each field's share of the score's variance, the largest first; empty where there are
    too few trials or all scores are equal."""
    whole = [t for t in study.trials if t.state == "complete" and t.score is not None]
    if len(whole) < FEWEST_TRIALS or len({t.score for t in whole}) < 2:
        return {}
    way = StudyDirection.MAXIMIZE if study.higher_is_better else StudyDirection.MINIMIZE
    offered = distributions(study.space)
    with quiet():
        copy = optuna.create_study(direction=way)
        for trial in whole:
            copy.add_trial(
                optuna.trial.create_trial(
                    params=params_of(study.space, trial.changes),
                    distributions=offered,
                    value=trial.score,
                    state=TrialState.COMPLETE,
                )
            )
        return get_param_importances(copy, evaluator=FanovaImportanceEvaluator(seed=0))
