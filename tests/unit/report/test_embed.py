"""Embedders place sentences by their words, or by what they say."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.errors import InvalidRecord
from radnlp.report.embed import HashedWords, Meaning, embedder_of


def test_a_denial_lies_away_from_what_it_denies() -> None:
    lie = Meaning()(
        ["There is a pleural effusion.", "A pleural effusion is present.", "No pleural effusion."]
    )
    near = lie @ lie.T
    assert near[0, 1] > near[0, 2] + 0.3
    assert np.allclose(np.linalg.norm(lie, axis=1), 1, atol=1e-4)


def test_no_sentences_give_no_rows() -> None:
    assert Meaning()([]).shape == (0, 128)
    assert HashedWords()([]).shape == (0, 512)


def test_an_embedder_is_found_by_the_name_that_an_index_keeps() -> None:
    for made in (HashedWords(), Meaning()):
        assert type(embedder_of(made.name)) is type(made)
    with pytest.raises(InvalidRecord, match="none of radnlp's own"):
        embedder_of("somebody's")
