"""NIfTI in and out: places stay true."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radnlp import errors
from radnlp.io import read_volume
from radnlp.output.nifti import write_nifti
from radnlp.schema import Volume

if TYPE_CHECKING:
    from pathlib import Path

nibabel = pytest.importorskip("nibabel")


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    x, y, z = angles
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def oblique(**more: Any) -> Volume:
    turn = rotation((0.3, -0.2, 0.5))
    fields: dict[str, Any] = {
        "values": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "row_cosines": tuple(turn[:, 0]),
        "column_cosines": tuple(turn[:, 1]),
        "slice_cosines": tuple(turn[:, 2]),
        "spacing_mm": (5.0, 0.5, 0.75),
        "position_mm": (-100.0, 20.5, 7.25),
        "modality": "CT",
        "unit": "HU",
    }
    return Volume(**(fields | more))


def save(path: Path, values: np.ndarray, affine: np.ndarray, **codes: int) -> Path:
    image = nibabel.Nifti1Image(values, affine)
    image.set_sform(affine, code=codes.get("sform", 1))
    image.set_qform(affine, code=codes.get("qform", 1))
    image.to_filename(path)
    return path


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_an_oblique_volume_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    volume = oblique()
    assert write_nifti(volume, tmp_path / name) == tmp_path / name
    back = read_volume(tmp_path / name, modality="CT")
    np.testing.assert_array_equal(back.values, volume.values)
    np.testing.assert_allclose(back.affine, volume.affine, atol=1e-4)
    assert (back.modality, back.unit) == ("CT", "HU")
    assert back.slice_image(0, window="lung").window == (-600, 1500)
    assert [file.name for file in tmp_path.iterdir()] == [name]


angles = st.tuples(*[st.floats(-3.1, 3.1)] * 3)
settings_here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@settings_here
@given(
    angles, st.tuples(*[st.floats(0.2, 8)] * 3), st.tuples(*[st.floats(-400, 400)] * 3),
    st.tuples(*[st.sampled_from([1, -1])] * 3),
)  # fmt: skip
def test_every_voxel_of_any_nifti_keeps_its_place(
    tmp_path: Path,
    turn: tuple[float, float, float],
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    signs: tuple[int, int, int],
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation(turn) * np.array(spacing) * np.array(signs)
    affine[:3, 3] = origin
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    volume = read_volume(save(tmp_path / "v.nii", values, affine))
    for i, j, k in np.ndindex(values.shape):
        ras = (affine @ [i, j, k, 1])[:3]
        voxel = np.rint(volume.to_voxels([ras * (-1, -1, 1)])[0]).astype(int)
        assert volume.values[tuple(voxel)] == values[i, j, k]
        np.testing.assert_allclose(volume.to_patient([voxel])[0], ras * (-1, -1, 1), atol=1e-2)
    again = read_volume(write_nifti(volume, tmp_path / "w.nii"))
    np.testing.assert_array_equal(again.values, volume.values)
    np.testing.assert_allclose(again.affine, volume.affine, atol=1e-3)


def test_left_and_right_are_where_nibabel_says(tmp_path: Path) -> None:
    values = np.zeros((4, 3, 2), dtype=np.int16)
    values[3] = 7  # the end of the first axis
    affine = np.diag([2.0, 2.0, 2.0, 1.0])  # i grows towards the patient's right in RAS+
    assert nibabel.aff2axcodes(affine) == ("R", "A", "S")
    volume = read_volume(save(tmp_path / "v.nii", values, affine))
    image = volume.slice_image(0, view="axial")
    # The patient's right is at the image's left.
    assert image.pixels[:, 0].all()
    assert not image.pixels[:, 1:].any()


def test_sform_and_qform_both_say_where_a_written_volume_lies(tmp_path: Path) -> None:
    volume = oblique()
    image = nibabel.load(write_nifti(volume, tmp_path / "v.nii"))
    for affine, code in (image.get_sform(coded=True), image.get_qform(coded=True)):
        assert code == 1
        np.testing.assert_allclose(affine, volume.ras_affine, atol=1e-4)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.get_data_dtype() == np.int16


def test_a_tilted_volume_is_told_by_the_sform_alone(tmp_path: Path) -> None:
    tilted = Volume(
        values=np.zeros((9, 3, 4)), slice_cosines=(0.0, float(np.sin(0.3)), float(np.cos(0.3)))
    )
    path = write_nifti(tilted, tmp_path / "v.nii")
    assert nibabel.load(path).get_qform(coded=True)[1] == 0
    assert read_volume(path).tilt_degrees == pytest.approx(np.degrees(0.3), abs=0.01)


def test_fractions_are_kept_and_a_mask_is_small(tmp_path: Path) -> None:
    volume = oblique(values=np.full((2, 3, 4), 0.25))
    assert read_volume(write_nifti(volume, tmp_path / "v.nii")).values.max() == 0.25
    mask = np.zeros(volume.shape, dtype=bool)
    mask[1, 2, 3] = True
    image = nibabel.load(write_nifti(volume, tmp_path / "m.nii.gz", mask=mask))
    assert image.get_data_dtype() == np.uint8
    assert np.asarray(image.dataobj)[3, 2, 1] == np.asarray(image.dataobj).sum() == 1


def test_a_mask_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match="shape"):
        write_nifti(oblique(), tmp_path / "m.nii", mask=np.zeros((1, 1, 1), dtype=bool))


def test_simulated_stays_simulated(tmp_path: Path) -> None:
    assert read_volume(write_nifti(oblique(simulated=True), tmp_path / "a.nii")).simulated
    assert not read_volume(write_nifti(oblique(), tmp_path / "b.nii")).simulated


@pytest.mark.parametrize("name", ["v.dcm", "v.gz", "nii"])
def test_another_extension_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.OutputError, match=r"\.nii"):
        write_nifti(oblique(), tmp_path / name)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.OutputError, match="folder"):
        write_nifti(oblique(), tmp_path / "gone" / "v.nii")


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    path = save(tmp_path / "v.nii", np.full((2, 2, 2), 10, dtype=np.int16), np.eye(4))
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([2.0, -1024.0], dtype="<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(data)
    assert read_volume(path).values.max() == -1004


def test_values_that_are_not_finite_become_the_smallest_with_a_notice(tmp_path: Path) -> None:
    values = np.array([[[1.0, np.nan]], [[3.0, np.inf]]], dtype=np.float32)
    volume = read_volume(save(tmp_path / "v.nii", values, np.eye(4)))
    assert sorted(volume.values.ravel().tolist()) == [1, 1, 1, 3]
    assert [one.name for one in volume.warnings] == ["NotFinite"]


def test_a_volume_that_does_not_say_where_it_lies_is_refused(tmp_path: Path) -> None:
    path = save(
        tmp_path / "v.nii", np.zeros((2, 2, 2), dtype=np.int16), np.eye(4), sform=0, qform=0
    )
    with pytest.raises(errors.NotAVolume, match="left and right are unknown"):
        read_volume(path)


def test_forms_that_contradict_each_other_leave_a_notice(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), dtype=np.int16), np.eye(4))
    image.set_sform(np.diag([2.0, 2.0, 2.0, 1.0]), code=1)
    image.set_qform(np.eye(4), code=1)
    image.to_filename(tmp_path / "v.nii")
    volume = read_volume(tmp_path / "v.nii")
    assert [one.name for one in volume.warnings] == ["AffinesDiffer"]
    assert volume.spacing_mm == (2, 2, 2)


@pytest.mark.parametrize("shape", [(3, 3), (3, 3, 3, 2), (3, 3, 1)])
def test_another_number_of_dimensions_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = save(tmp_path / "v.nii", np.zeros(shape, dtype=np.int16), np.eye(4))
    with pytest.raises(errors.NotAVolume, match="dimensions"):
        read_volume(path)


def test_a_sheared_plane_is_refused(tmp_path: Path) -> None:
    affine = np.eye(4)
    affine[0, 1] = 0.5
    path = save(tmp_path / "v.nii", np.zeros((2, 2, 2), dtype=np.int16), affine)
    with pytest.raises(errors.NotAVolume, match="shear"):
        read_volume(path)


def test_the_limit_is_checked_before_the_values_are_read(tmp_path: Path) -> None:
    path = save(tmp_path / "v.nii", np.zeros((4, 4, 4), dtype=np.int16), np.eye(4))
    with pytest.raises(errors.ImageTooLarge, match="4 x 4 x 4"):
        read_volume(path, max_voxels=63)


def test_a_small_file_that_promises_much_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "v.nii", np.zeros((4, 4, 4), dtype=np.int16), np.eye(4))
    data = bytearray(path.read_bytes())
    data[42:48] = np.array([30000] * 3, dtype="<i2").tobytes()
    path.write_bytes(data)
    with pytest.raises(errors.ImageTooLarge, match="30000"):
        read_volume(path)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_cut_file_is_refused(tmp_path: Path, zipped: bool) -> None:
    values = np.random.default_rng(0).integers(0, 999, (8, 8, 8)).astype(np.int16)
    whole = save(tmp_path / "v.nii", values, np.eye(4)).read_bytes()
    path = tmp_path / ("cut.nii.gz" if zipped else "cut.nii")
    path.write_bytes(gzip.compress(whole)[:-30] if zipped else whole[:-30])
    with pytest.raises(errors.CorruptImage, match="copy it again"):
        read_volume(path)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e3), ("micron", 1e-3), ("unknown", 1.0)])
def test_lengths_are_brought_to_mm(tmp_path: Path, unit: str, factor: float) -> None:
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    affine[:3, 3] = (10, 20, 30)
    affine[:3] /= factor
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), dtype=np.int16), affine)
    image.header.set_xyzt_units(unit, "sec")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.to_filename(tmp_path / "v.nii")
    volume = read_volume(tmp_path / "v.nii")
    np.testing.assert_allclose(volume.spacing_mm, (2.0, 0.5, 0.5), rtol=1e-6)
    np.testing.assert_allclose(volume.position_mm, (-10, -20, 30), rtol=1e-6)


def test_a_quaternion_that_cannot_be_is_a_corrupt_file(tmp_path: Path) -> None:
    path = save(tmp_path / "v.nii", np.zeros((2, 2, 2), dtype=np.int16), np.eye(4))
    data = bytearray(path.read_bytes())
    data[256:260] = np.array([2.0], dtype="<f4").tobytes()  # quatern_b
    path.write_bytes(data)
    with pytest.raises(errors.CorruptImage, match="copy it again"):
        read_volume(path)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (np.complex64, "complex numbers"),
        ([("R", "u1"), ("G", "u1"), ("B", "u1")], "colours"),
    ],
)
def test_what_is_no_real_number_is_refused(tmp_path: Path, kind: Any, found: str) -> None:
    path = save(tmp_path / "v.nii", np.zeros((2, 2, 2), dtype=kind), np.eye(4))
    with pytest.raises(errors.NotAVolume, match=found):
        read_volume(path)


@pytest.mark.parametrize(
    ("name", "other", "suffix"), [("v.nii", "ok.dat", "nii"), ("v.nii.gz", "ok.nii", "nii.gz")]
)
def test_a_volume_under_another_name_is_to_be_renamed(
    tmp_path: Path, name: str, other: str, suffix: str
) -> None:
    path = write_nifti(oblique(), tmp_path / name).rename(tmp_path / other)
    with pytest.raises(errors.UnknownFormat, match=rf"ends in \.{suffix}; rename"):
        read_volume(path)


def test_the_name_may_be_in_capitals(tmp_path: Path) -> None:
    path = write_nifti(oblique(), tmp_path / "v.nii").rename(tmp_path / "V.NII")
    assert read_volume(path).shape == (2, 3, 4)


def test_nifti_2_is_read(tmp_path: Path) -> None:
    nibabel.Nifti2Image(np.ones((2, 2, 2), dtype=np.int16), np.eye(4)).to_filename(
        tmp_path / "v.nii"
    )
    assert read_volume(tmp_path / "v.nii").shape == (2, 2, 2)


def test_a_gzip_archive_of_something_else_is_no_volume(tmp_path: Path) -> None:
    (tmp_path / "v.nii.gz").write_bytes(gzip.compress(b"not a volume" * 100))
    with pytest.raises(errors.NotDicom, match="gzip"):
        read_volume(tmp_path / "v.nii.gz")


def test_without_nibabel_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_nifti(oblique(), tmp_path / "v.nii")
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(errors.MissingExtra, match=r"radnlp\[nifti\]"):
        read_volume(path)
    with pytest.raises(errors.MissingExtra, match=r"radnlp\[nifti\]"):
        write_nifti(oblique(), tmp_path / "w.nii")
