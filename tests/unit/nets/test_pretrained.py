"""Networks out of a folder and back into one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from radnlp.errors import InputError, ModelNotFound, ModelRejected
from radnlp.nets import AnatomyNet, VisionNet
from radnlp.nets.vision import VisionShape
from radnlp.schema.image import Image
from radnlp.vision import EmbeddedVision


@pytest.mark.parametrize(
    ("network", "name"), [(VisionNet, "vision-lite0"), (AnatomyNet, "anatomy-lite0")]
)
def test_what_is_saved_comes_back(
    network: type[VisionNet] | type[AnatomyNet], name: str, tmp_path: Path
) -> None:
    net = network.from_pretrained(name)
    assert not net.training
    assert net.card["name"] == name
    again = network.from_pretrained(net.save_pretrained(tmp_path / "copy"))
    for key, value in net.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value)
    assert {**again.card, "sha256": ""} == {**net.card, "sha256": ""}
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        f"{name}.json",
        f"{name}.safetensors",
    ]


def test_a_saved_folder_is_a_vision_stage(tmp_path: Path) -> None:
    net = VisionNet.from_pretrained("vision-lite0")
    with torch.no_grad():
        net.findings.evidence.bias += 1
    stage = EmbeddedVision(weights=net.save_pretrained(tmp_path))
    shipped = EmbeddedVision()
    assert stage.provenance.weights != shipped.provenance.weights
    flat = Image(pixels=torch.zeros(64, 64).numpy())
    assert [one.concept for one in stage(flat).findings] == [
        one.concept for one in shipped(flat).findings
    ]


def test_a_new_network_is_saved_with_a_card(tmp_path: Path) -> None:
    net = VisionNet(VisionShape(concepts=2, boxed=()))
    for card in (None, {"name": "mine"}):
        with pytest.raises(InputError, match="name and version"):
            net.save_pretrained(tmp_path, card=card)
    # What a card says of architecture and shape is overruled by the network.
    net.save_pretrained(tmp_path, card={"name": "mine", "version": "1", "architecture": "x"})
    assert VisionNet.from_pretrained(tmp_path).shape.concepts == 2


def test_what_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        VisionNet.from_pretrained(tmp_path / "gone")
    with pytest.raises(ModelRejected, match="architecture"):
        VisionNet.from_pretrained("anatomy-lite0")
    AnatomyNet.from_pretrained("anatomy-lite0").save_pretrained(tmp_path)
    weights = tmp_path / "anatomy-lite0.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelRejected, match="sha256"):
        AnatomyNet.from_pretrained(tmp_path)
    weights.write_bytes(content)
    card = tmp_path / "anatomy-lite0.json"
    told = json.loads(card.read_text(encoding="utf-8"))
    card.write_text(json.dumps({**told, "shape": {"structures": 4}}), encoding="utf-8")
    with pytest.raises(ModelRejected, match="do not fit"):
        AnatomyNet.from_pretrained(tmp_path)


def test_an_unknown_name_is_not_there() -> None:
    import radnlp.nets

    with pytest.raises(AttributeError, match="Nothing"):
        radnlp.nets.Nothing  # noqa: B018
