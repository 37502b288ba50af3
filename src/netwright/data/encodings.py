"""Open a saved encoding (preprocessing.json and its arrays) as the encoding of its kind."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from netwright.data.box_encoding import BoxEncoding
from netwright.data.data import Encoding
from netwright.data.environments import EnvironmentEncoding
from netwright.data.forecasting import ForecastEncoding
from netwright.data.graph_encoding import GraphEncoding
from netwright.data.image_encoding import ImageEncoding
from netwright.data.mask_encoding import MaskEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.data.pair_encoding import PairEncoding
from netwright.data.sentence_encoding import SentenceEncoding
from netwright.data.series_encoding import SeriesEncoding
from netwright.data.sound_encoding import AudioEncoding
from netwright.data.speech_encoding import SpeechEncoding
from netwright.data.table_encoding import TableEncoding
from netwright.data.text_encoding import TextEncoding
from netwright.data.video_encoding import VideoEncoding
from netwright.data.word_encoding import WordEncoding
from netwright.errors import DataError

__all__ = ["load_encoding"]

_READERS: dict[str, Callable[[Any, Any], Encoding]] = {
    "table": TableEncoding.from_dict,
    "image": ImageEncoding.from_dict,
    "audio": AudioEncoding.from_dict,
    "speech": SpeechEncoding.from_dict,
    "masks": MaskEncoding.from_dict,
    "boxes": BoxEncoding.from_dict,
    "text": TextEncoding.from_dict,
    "series": SeriesEncoding.from_dict,
    "nodes": NodeEncoding.from_dict,
    "graphs": GraphEncoding.from_dict,
    "sentence": SentenceEncoding.from_dict,
    "text-pair": PairEncoding.from_dict,
    "forecast": ForecastEncoding.from_dict,
    "environment": EnvironmentEncoding.from_dict,
    "words": WordEncoding.from_dict,
    "video": VideoEncoding.from_dict,
}


def load_encoding(values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Encoding:
    """Return the encoding that `values` (its "type") and `tensors` describe."""
    name = values.get("type")
    if not isinstance(name, str) or name not in _READERS:
        raise DataError(
            f"preprocessing.json is of type {name!r}; expected one of {', '.join(_READERS)}."
        )
    return _READERS[name](dict(values), dict(tensors))
