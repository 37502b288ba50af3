"""TextFeatures: a text column beside others as a few numbers, by TF-IDF and truncated SVD.

Latent semantic analysis (Deerwester et al. 1990): words weighted by rarity, projected on the
directions in which the training rows vary most. Columns of single words (names, codes) are cut into
runs of 2 to 4 characters instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.column_cells import read_words
from netwright.data.columns import Column
from netwright.data.ledger import Ledger

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

__all__ = ["TextFeatures"]

MAX_TERMS = 5000
MAX_FEATURES = 32
ROWS_A_FEATURE = 100  # fewer training rows than this for each feature and they fit noise


@dataclass(frozen=True)
class TextFeatures:
    """terms, idf: the vectoriser's. components: (features, terms). mean, std: of each feature in
    training."""

    column: Column
    level: Literal["word", "char"]
    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    components: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        return [f"{self.column.name} text {number}" for number in range(1, len(self.mean) + 1)]

    @classmethod
    def fit(
        cls, column: Column, cells: pd.Series, ledger: Ledger, *, most: int = MAX_FEATURES
    ) -> "TextFeatures | None":
        """Fit on training cells; None when fewer than two terms occur twice."""
        level: Literal["word", "char"] = "word" if column.kind == "text" else "char"
        texts = _texts(column, cells)
        vectorizer = _vectorizer(level, None)
        try:
            weights = vectorizer.fit_transform(texts)
        except ValueError:  # sklearn's "empty vocabulary": no term is left
            return None
        size = min(most, len(cells) // ROWS_A_FEATURE, weights.shape[1] - 1)
        if size < 1:
            return None
        from sklearn.decomposition import TruncatedSVD  # slow to import; few tables have texts

        svd = TruncatedSVD(n_components=size, random_state=0).fit(weights)
        scores = weights @ svd.components_.T
        ordered = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
        unit = "terms" if level == "word" else "runs of characters"
        what = f"text: {len(ordered):,} {unit} by TF-IDF, projected to {size} numbers"
        ledger.note("encoded", column.name, what, len(cells))
        return cls(
            column,
            level,
            tuple(ordered),
            vectorizer.idf_.astype(np.float64),
            np.ascontiguousarray(svd.components_, dtype=np.float64),
            scores.mean(0),
            np.maximum(scores.std(0), 1e-6),
        )

    def encode(self, cells: pd.Series) -> NDArray[np.float32]:
        """(rows, features)."""
        vectorizer = _vectorizer(self.level, self.terms)
        vectorizer.idf_ = self.idf
        scores = vectorizer.transform(_texts(self.column, cells)) @ self.components.T
        return ((scores - self.mean) / self.std).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; the numbers are in `arrays`."""
        return {"column": self.column.to_dict(), "level": self.level, "terms": list(self.terms)}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fitted numbers."""
        return {
            "idf": self.idf,
            "components": self.components,
            "mean": self.mean,
            "std": self.std,
        }

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> "TextFeatures":
        """Read the JSON form."""
        return cls(
            Column.from_dict(values["column"]),
            values["level"],
            tuple(values["terms"]),
            arrays["idf"],
            arrays["components"],
            arrays["mean"],
            arrays["std"],
        )


def _vectorizer(level: str, terms: Sequence[str] | None) -> "TfidfVectorizer":
    from sklearn.feature_extraction.text import TfidfVectorizer  # slow to import

    if level == "char":
        return TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(2, 4),
            max_features=MAX_TERMS,
            min_df=2 if terms is None else 1,
            sublinear_tf=True,
            vocabulary=terms,
        )
    return TfidfVectorizer(
        token_pattern=r"(?u)\b\w+\b",
        max_features=MAX_TERMS,
        min_df=2 if terms is None else 1,
        sublinear_tf=True,
        vocabulary=terms,
    )


def _texts(column: Column, cells: pd.Series) -> list[str]:
    known = read_words(column, cells)
    return [str(text) for text in known.take(known.words, "")]
