"""A list of the likely slips of an archive."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from radnlp.archive import SLIPS, Checked, CheckOptions, Reading, check
from radnlp.archive.slips import slips_of
from radnlp.errors import FileMissing, InputError, ModelNotFound, OutputError, StageNotFound
from radnlp.examples import load_example
from radnlp.output import checklist
from radnlp.schema import (
    Analysis,
    Box,
    Confidence,
    Conflict,
    ConflictKind,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    Region,
    RegionSource,
    Report,
    SectionKind,
    Span,
)

SLIP = "FINDINGS: Small left pleural effusion. IMPRESSION: Right pleural effusion."
CLEAN = "FINDINGS: Small left pleural effusion. IMPRESSION: Left pleural effusion."
WEAK = "FINDINGS: The left pleural effusion is unchanged."


def archive(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "reports.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def go(source: Path, out: Path | None = None, **options: object) -> Checked:
    return check([source], out, options=CheckOptions(**options), workers=1)


def stopped(source: Path, out: Path) -> None:
    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check([source], out, options=CheckOptions(shard_size=2), workers=1, on_progress=stop)


def test_slips_are_listed_worst_first_with_their_words(tmp_path: Path) -> None:
    source = archive(
        tmp_path,
        {"id": "a", "text": CLEAN},
        {"id": "b", "text": WEAK},
        {"id": "c", "text": SLIP},
    )
    done = go(source)
    assert (done.reports, done.failures) == (3, ())
    assert [(slip["rank"], slip["report_id"], slip["rule"]) for slip in done.slips] == [
        (1, "c", "side.findings_impression"),
        (2, "b", "change.no_comparison"),
    ]
    worst = done.slips[0]
    assert worst["words"] == ["left pleural effusion", "Right pleural effusion"]
    for words, span in zip(worst["words"], worst["spans"], strict=True):
        assert SLIP[span["start"] : span["end"]] == words
    assert worst["score"] == worst["weight"] * worst["confidence"]


def test_the_least_score_leaves_weak_ones_out(tmp_path: Path) -> None:
    source = archive(tmp_path, {"id": "b", "text": WEAK}, {"id": "c", "text": SLIP})
    assert [slip["report_id"] for slip in go(source, least=0.5).slips] == ["c"]


def test_columns_of_the_record_are_held_against_the_report(tmp_path: Path) -> None:
    source = archive(
        tmp_path,
        {"text": "FINDINGS: The prostate is enlarged.", "sex": "F"},
        {"text": "FINDINGS: The prostate is enlarged.", "sex": "M"},
        {"text": "FINDINGS: Left knee joint effusion.", "exam": "XR KNEE RIGHT"},
        {"text": "HISTORY: 54-year-old man. FINDINGS: Normal.", "age": "081Y"},
    )
    assert [(slip["report_row"], slip["rule"]) for slip in go(source).slips] == [
        (0, "sex.other"),
        (2, "side.exam"),
        (3, "age.words"),
    ]


def test_columns_of_a_parquet_archive_are_read_too(tmp_path: Path) -> None:
    rows = {"report": ["FINDINGS: The prostate is enlarged."], "sex": ["F"], "cost": [3]}
    pq.write_table(pa.table(rows), tmp_path / "reports.parquet")
    assert [slip["rule"] for slip in go(tmp_path / "reports.parquet").slips] == ["sex.other"]


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_the_table_has_the_same_rows_in_every_format(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"slips.{ending}"
    done = go(archive(tmp_path, {"id": "c", "text": SLIP}), out)
    if ending == "parquet":
        assert pq.read_schema(out).equals(SLIPS)
        assert pq.read_table(out).to_pylist() == list(done.slips)
    elif ending == "jsonl":
        assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == list(
            done.slips
        )
    else:
        assert out.read_text("utf-8").splitlines()[1].startswith("1,0.9,c,0,reports.jsonl,side.")
    assert not (tmp_path / f"slips.{ending}.parts").exists()


def test_a_report_that_cannot_be_read_is_listed_apart(tmp_path: Path) -> None:
    source = tmp_path / "reports.jsonl"
    source.write_text(f'{{"text": NaN}}\n{json.dumps({"id": "c", "text": SLIP})}', encoding="utf-8")
    done = go(source, tmp_path / "slips.csv")
    assert [failure["error"] for failure in done.failures] == ["InvalidRecord"]
    assert len(done.slips) == 1
    assert "InvalidRecord" in (tmp_path / "slips.csv.failures.jsonl").read_text("utf-8")
    go(archive(tmp_path, {"id": "c", "text": SLIP}), tmp_path / "slips.csv")
    assert not (tmp_path / "slips.csv.failures.jsonl").exists()


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    texts = [SLIP, CLEAN, WEAK] * 4
    source = archive(tmp_path, *({"id": str(n), "text": text} for n, text in enumerate(texts)))
    one = go(source, shard_size=3)
    two = check([source], options=CheckOptions(shard_size=3), workers=2)
    assert one.slips == two.slips


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    source = archive(tmp_path, *({"id": str(n), "text": SLIP} for n in range(9)))
    out = tmp_path / "slips.csv"
    stopped(source, out)
    again = check([source], out, options=CheckOptions(shard_size=2), workers=1)
    assert (again.resumed, again.reports, len(again.slips)) == (2, 9, 9)


def test_a_page_is_as_safe_as_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"id": "bad", "text": 7}
    source = archive(tmp_path, *({"id": str(n), "text": SLIP} for n in range(9)), bad)
    out = tmp_path / "slips.html"
    out.write_text("of yesterday", "utf-8")
    stopped(source, out)
    assert out.read_text("utf-8") == "of yesterday"

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checklist, "checklist_page", full)
        with pytest.raises(OutputError, match="finished work is kept"):
            go(source, out, shard_size=2)
    assert out.read_text("utf-8") == "of yesterday"
    again = go(source, out, shard_size=2)
    assert (again.resumed, len(again.slips)) == (10, 9)
    assert out.read_text("utf-8").count("side.findings_impression") == 9
    assert "InvalidRecord" in (tmp_path / "slips.html.failures.jsonl").read_text("utf-8")
    assert not (tmp_path / "slips.html.parts").exists()


def test_a_run_that_can_read_nothing_lists_why_and_leaves_an_earlier_list(tmp_path: Path) -> None:
    out = tmp_path / "slips.html"
    out.write_text("of yesterday", "utf-8")
    go(archive(tmp_path, {"id": "bad", "text": 7}), out)
    assert out.read_text("utf-8") == "of yesterday"
    assert "InvalidRecord" in (tmp_path / "slips.html.failures.jsonl").read_text("utf-8")


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        OutputError, match=r"expected an ending of \.parquet, \.jsonl, \.csv, \.html"
    ):
        go(archive(tmp_path, {"text": SLIP}), tmp_path / "slips.docx")


def test_studies_are_the_subfolders(tmp_path: Path) -> None:
    example = load_example().folder
    shutil.copytree(example, tmp_path / "studies" / "one")
    text = (tmp_path / "studies" / "one" / "report.txt").read_text("utf-8")
    side = text.replace("2. Small left pleural effusion", "2. Small right pleural effusion")
    (tmp_path / "studies" / "two").mkdir()
    (tmp_path / "studies" / "two" / "report.txt").write_text(side, "utf-8")
    (tmp_path / "studies" / "three").mkdir()
    assert go(tmp_path / "studies", studies=True, vision=None).reports == 3
    done = go(tmp_path / "studies", studies=True)
    assert done.reports == 3
    assert [(slip["report_id"], slip["rule"]) for slip in done.slips] == [
        ("two", "side.findings_impression")
    ]
    assert [failure["id"] for failure in done.failures] == ["three"]


def test_a_stage_that_nobody_knows_is_told_before_any_work() -> None:
    with pytest.raises(StageNotFound, match="no vision stage called 'embeded'"):
        CheckOptions(studies=True, vision="embeded")
    with pytest.raises(StageNotFound, match="no text stage called 'rule'"):
        CheckOptions(text="rule")


@pytest.mark.parametrize("workers", [1, 2])
def test_weights_that_are_not_there_end_the_run(tmp_path: Path, workers: int) -> None:
    for name in ("one", "two"):
        shutil.copytree(load_example().folder, tmp_path / "studies" / name)
    options = CheckOptions(studies=True, vision="none/there.safetensors", shard_size=1)
    with pytest.raises(ModelNotFound, match="no weights at"):
        check([tmp_path / "studies"], tmp_path / "slips.csv", options=options, workers=workers)
    assert [path.name for path in tmp_path.iterdir()] == ["studies"]


def study(folder: Path, name: str, report: bytes | None, *, image: bool = True) -> Path:
    (folder / name).mkdir(parents=True)
    if report is not None:
        (folder / name / "report.txt").write_bytes(report)
    if image:
        shutil.copy(load_example().image, folder / name)
    return folder


def test_a_study_without_a_report_is_a_failure_and_never_left_out(tmp_path: Path) -> None:
    study(tmp_path, "image", None)
    study(tmp_path, "blank", b" \n")
    study(tmp_path, "latin", "Caf\xe9. No mass.".encode("latin-1"))
    study(tmp_path, "slip", SLIP.encode(), image=False)
    done = go(tmp_path, tmp_path / "slips.csv", studies=True, vision=None)
    assert (done.reports, done.unchecked, len(done.slips)) == (4, 3, 1)
    failed = {failure["id"]: (failure["error"], failure["message"]) for failure in done.failures}
    assert {name: error for name, (error, _) in failed.items()} == dict.fromkeys(
        ("image", "blank", "latin"), "ReportMissing"
    )
    assert "the report is blank" in failed["blank"][1]
    assert "EncodingError: report.txt: byte 3 (0xe9)" in failed["latin"][1]
    lines = (tmp_path / "slips.csv.failures.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["blank", "image", "latin"]


def test_reports_that_do_not_look_english_are_counted(tmp_path: Path) -> None:
    foreign = "Kein Erguss und kein Pneumothorax."
    done = go(archive(tmp_path, {"id": "a", "text": foreign}, {"id": "c", "text": SLIP}))
    assert [(one.name, one.reports) for one in done.notices] == [("LanguageWarning", 1)]
    assert (done.failures, len(done.slips)) == ((), 1)


def test_a_blank_report_of_a_table_is_a_failure(tmp_path: Path) -> None:
    done = go(archive(tmp_path, {"id": "a", "text": " "}, {"id": "c", "text": SLIP}))
    assert [(one["id"], one["error"]) for one in done.failures] == [("a", "ReportMissing")]
    assert (done.unchecked, len(done.slips)) == (1, 1)


def test_an_image_that_cannot_be_used_is_told_beside_what_the_words_give(tmp_path: Path) -> None:
    study(tmp_path, "cut", SLIP.encode())
    film = tmp_path / "cut" / "chest.dcm"
    film.write_bytes(film.read_bytes()[:40_000])
    (tmp_path / "cut" / "viewer.exe").write_bytes(b"MZ\x00\x01")
    (tmp_path / "cut" / "sizes.json").write_text('{"rows": 1}', "utf-8")
    done = go(tmp_path, studies=True, vision=None)
    assert [failure["error"] for failure in done.failures] == ["TruncatedFile"]
    assert (done.reports, done.unchecked) == (1, 0)
    assert [slip["rule"] for slip in done.slips] == ["side.findings_impression"]


def test_language_and_encoding_hold_for_studies(tmp_path: Path) -> None:
    study(tmp_path, "a", f"Caf\xe9. {SLIP}".encode("cp1252"), image=False)
    reading = Reading(encoding="cp1252")
    done = go(tmp_path, studies=True, vision=None, reading=reading)
    assert ([slip["rule"] for slip in done.slips], done.failures) == (
        ["side.findings_impression"],
        (),
    )
    done = go(tmp_path, studies=True, vision=None, reading=reading, language="xx")
    assert [failure["error"] for failure in done.failures] == ["LanguageNotSupported"]


@pytest.mark.parametrize("named", [{"text_columns": ("report",)}, {"id_column": "id"}])
def test_columns_are_refused_for_studies(named: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"leave out .*--text-column"):
        CheckOptions(studies=True, reading=Reading(**named))


def test_the_output_among_the_studies_is_no_study(tmp_path: Path) -> None:
    study(study(tmp_path, "a", SLIP.encode(), image=False), "b", SLIP.encode(), image=False)
    out = tmp_path / "slips.html"

    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    options = CheckOptions(studies=True, vision=None, shard_size=1)
    with pytest.raises(KeyboardInterrupt):
        check([tmp_path], out, options=options, workers=1, on_progress=stop)
    again = check([tmp_path], out, options=options, workers=1)
    assert (again.reports, again.resumed, again.failures) == (2, 1, ())


def test_a_folder_without_studies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no subfolders"):
        go(tmp_path, studies=True)
    with pytest.raises(FileMissing):
        go(tmp_path / "none", studies=True)


def test_a_disagreement_with_the_image_becomes_a_row_with_both_evidences() -> None:
    words = "left effusion"
    analysis = Analysis(
        report=Report(text=words),
        images=(Image(pixels=None, rows=9, columns=9),),
        entities=(
            Entity(id="e0", text=words, span=Span(0, 13), section=SectionKind.FINDINGS,
                   kind=EntityKind.FINDING, concept="pleural_effusion"),
        ),
        image_findings=(
            ImageFinding(id="f0", concept="pleural_effusion", image_id="i0", positive=True,
                         confidence=Confidence(value=0.5, calibrated=True)),
        ),
        regions=(
            Region(id="g0", image_id="i0", box=Box(1, 2, 3, 4), label="pleural_effusion",
                   source=RegionSource.IMAGE),
        ),
        conflicts=(
            Conflict(kind=ConflictKind.SIDE, entity_ids=("e0",), region_ids=("g0",),
                     finding_ids=("f0",), sentence="They disagree."),
        ),
    )  # fmt: skip
    about = {"report_id": "a", "report_row": 0, "source": "a"}
    (row,) = slips_of(about, analysis, None)
    assert (row["rule"], row["words"], row["score"]) == ("image.side", [words], 0.25)
    assert row["boxes"] == [
        {"image_id": "i0", "label": "pleural_effusion", "x0": 1, "y0": 2, "x1": 3, "y1": 4}
    ]
