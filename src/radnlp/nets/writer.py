"""A small decoder that puts a plan into words, with an eye on the image.

An encoder–decoder of transformers (BART, a few layers). Its encoder reads the plan's word pieces
and, after them, patches of the vision network; the decoder attends to both. `generate` runs
batched, with a cache of keys and values, as for any model of transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import BartConfig, BartForConditionalGeneration

from radnlp.errors import ModelRejected
from radnlp.nets.language import read_tokenizer
from radnlp.nets.weights import Weights, load_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = [
    "ARCHITECTURE",
    "LoadedWriter",
    "ReportWriter",
    "ReportWriterConfig",
    "joined",
    "load_writer",
    "memory_of",
    "own_tensors",
    "plan_text",
    "write",
]

#: Name that a card gives to what this module builds; it changes when old weights no longer fit.
ARCHITECTURE = "radnlp-writer-1"

#: Longest sentence in word pieces.
LONGEST = 48

_PAD, _BEGIN, _END = "[PAD]", "[CLS]", "[SEP]"


class ReportWriterConfig(BartConfig):  # type: ignore[no-untyped-call]
    """`BartConfig`, and the channels of a patch.

    Args:
        patch_width: Channels of a patch of the vision network.
        **others: As for `BartConfig`.
    """

    model_type = "radnlp-writer"

    def __init__(self, patch_width: int = 320, **others: Any) -> None:
        super().__init__(**others)
        self.patch_width = patch_width


class ReportWriter(BartForConditionalGeneration):  # type: ignore[no-untyped-call]
    """Plan and patches in, a sentence out; loads and saves as every model of transformers.

    Args:
        config: Sizes.

    Examples:
        >>> config = ReportWriterConfig(
        ...     vocab_size=20, d_model=16, encoder_layers=1, decoder_layers=1, patch_width=8,
        ...     encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        ...     decoder_ffn_dim=16, max_position_embeddings=32, pad_token_id=0,
        ...     bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, forced_eos_token_id=None,
        ... )
        >>> writer = ReportWriter(config).eval()
        >>> plan, patches = torch.ones(2, 4, dtype=torch.long), torch.zeros(2, 9, 8)
        >>> memory, mask = memory_of(writer, plan, torch.ones(2, 4, dtype=torch.long), patches)
        >>> tuple(memory.shape), tuple(mask.shape)
        ((2, 13, 16), (2, 13))
    """

    config_class = ReportWriterConfig

    def __init__(self, config: ReportWriterConfig) -> None:
        super().__init__(config)
        self.patch_norm = nn.LayerNorm(config.patch_width)
        self.patches = nn.Linear(config.patch_width, int(config.d_model or 0))
        self.post_init()  # type: ignore[no-untyped-call]


def plan_text(
    *,
    style: str,
    claim: str,
    names: Sequence[str],
    extent: str = "",
    side: str = "",
    place: str = "",
) -> str:
    """Return a plan in the words that the decoder was trained on.

    Args:
        style: ``prose`` or ``telegraphic``.
        claim: ``present``, ``possible``, ``absent``, ``new``, ``stable`` or ``gone``.
        names: What is spoken of; several only if absent.
        extent: ``small`` and the like, if known.
        side: If known.
        place: In words, if known.

    Examples:
        >>> plan_text(style="prose", claim="present", names=["pleural effusion"], side="left")
        'style prose ; claim present ; side left ; name pleural effusion'
    """
    fields = [("style", style), ("claim", claim), ("extent", extent), ("side", side)]
    fields += [("place", place), *(("name", name) for name in names)]
    return " ; ".join(f"{key} {value}" for key, value in fields if value)


def memory_of(
    writer: ReportWriter, plan: Tensor, mask: Tensor, patches: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return what the encoder reads, shape (n, pieces + patches, width), and its mask.

    Args:
        writer: The model.
        plan: Word pieces of the plans, shape (n, pieces).
        mask: 1 where there is a piece.
        patches: Of the images, shape (n, patches, channels); a row of zeros is no image and is
            masked. ``None`` if no image is there at all.
    """
    words = writer.get_input_embeddings()(plan)
    if patches is None:
        return words, mask
    seen = patches.abs().sum(dim=(1, 2)).gt(0).to(mask.dtype)
    there = seen[:, None].expand(-1, patches.shape[1])
    return (
        torch.cat([words, writer.patches(writer.patch_norm(patches))], dim=1),
        torch.cat([mask, there], dim=1),
    )


class LoadedWriter(NamedTuple):
    """A decoder ready to write, its tokenizer, and where it comes from."""

    net: ReportWriter
    tokenizer: Tokenizer
    weights: Weights


def load_writer(path: str | Path = "writer-mini0") -> LoadedWriter:
    """Build the decoder from a weights file, a folder, or shipped weights by name.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the weights or the tokenizer do not fit.
    """
    weights = load_weights(path, architectures=frozenset({ARCHITECTURE}))
    tokenizer = read_tokenizer(path, weights)
    if "shape" not in weights.card:
        raise ModelRejected(f"the card of {weights.name} lacks the shape; copy it again")
    net = ReportWriter(ReportWriterConfig(**weights.card["shape"]))
    if tokenizer.get_vocab_size() != net.config.vocab_size:
        raise ModelRejected(
            f"the tokenizer has {tokenizer.get_vocab_size()} pieces, {weights.name} has "
            f"{net.config.vocab_size}; copy both again"
        )
    try:
        missing, unknown = net.load_state_dict(dict(weights.tensors), strict=False)
    except RuntimeError as error:
        raise ModelRejected(f"the weights of {weights.name} do not fit their shape") from error
    net.tie_weights()
    shared = {name for name in missing if name.endswith(("embed_tokens.weight", "lm_head.weight"))}
    if unknown or set(missing) - shared:
        raise ModelRejected(f"the weights of {weights.name} do not fit their shape")
    net.train(mode=False)
    net.requires_grad_(requires_grad=False)
    return LoadedWriter(net=net, tokenizer=tokenizer, weights=weights)


def own_tensors(net: ReportWriter) -> Mapping[str, Tensor]:
    """Return the state without the copies of the shared word pieces."""
    copies = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")
    return {name: value for name, value in net.state_dict().items() if not name.endswith(copies)}


def write(loaded: LoadedWriter, plans: Sequence[str], patches: Tensor | None = None) -> list[str]:
    """Return one sentence per plan, the likeliest by greedy search.

    Args:
        loaded: The decoder.
        plans: What to say, in the words that training used; what the encoder cannot hold is cut.
        patches: Of the image, shape (plans, patches, channels); a row of zeros is no image.
    """
    if not plans:
        return []
    net, tokenizer = loaded.net, loaded.tokenizer
    encoded = tokenizer.encode_batch(list(plans))
    most = int(net.config.max_position_embeddings) - (0 if patches is None else patches.shape[1])
    longest = min(most, max(len(one.ids) for one in encoded))
    ids = torch.tensor([(one.ids + [0] * longest)[:longest] for one in encoded])
    with torch.inference_mode():
        memory, mask = memory_of(net, ids, ids.ne(0).long(), patches)
        made = net.generate(
            inputs_embeds=memory,
            attention_mask=mask,
            max_new_tokens=LONGEST,
            num_beams=1,
            do_sample=False,
        )
    return [joined(tokenizer, row) for row in made.tolist()]


def joined(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Return word pieces as a sentence: marks close up, the first letter is a capital."""
    text = ""
    for id in ids:
        piece = tokenizer.id_to_token(id) or ""
        if piece in (_PAD, _BEGIN, _END, ""):
            continue
        if piece.startswith("##"):
            text += piece[2:]
        elif not text or piece in ".,;:%)'/-" or text[-1] in "('/-":
            text += piece
        else:
            text += f" {piece}"
    return text[:1].upper() + text[1:]
