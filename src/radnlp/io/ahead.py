"""Studies of a batch, read side by side while earlier ones are being analysed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.io.study import load_study
from radnlp.schema import Failure, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def read_ahead(
    studies: Iterable[Study | str | Path],
    batch_size: int,
    load: Callable[[Path], Study] = load_study,
) -> Iterator[Study | Failure]:
    """Yield studies in order while up to ``batch_size`` following files are being read.

    Args:
        studies: Studies, or folders and files that `load_study` reads.
        batch_size: Studies held at a time; bounds memory.
        load: Reads a folder or file.

    Yields:
        One `Study`, or the `Failure` to read it, per input.
    """
    waiting: deque[Study | Future[Study | Failure]] = deque()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for item in studies:
            waiting.append(item if isinstance(item, Study) else pool.submit(_load, item, load))
            if len(waiting) >= batch_size:
                first = waiting.popleft()
                yield first if isinstance(first, Study) else first.result()
        for rest in waiting:
            yield rest if isinstance(rest, Study) else rest.result()


def _load(item: object, load: Callable[[Path], Study]) -> Study | Failure:
    if not isinstance(item, str | Path):
        message = f"expected a Study or the path of one, got {type(item).__name__}"
        return Failure(id="", error="InputError", message=message)
    path = Path(item)
    try:
        return replace(load(path), id=path.name)
    except Exception as error:  # noqa: BLE001  (one bad file must not end the batch)
        return Failure.of(path.name, error)


__all__ = ["read_ahead"]
