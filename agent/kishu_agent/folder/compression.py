"""zstd for frames: only where a sample says that it is worth it, and never more output than was promised."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdCompressor, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdCompressor, ZstdDecompressor, ZstdError

if TYPE_CHECKING:
    from typing import Final

LEVEL: Final = 3
SAMPLE: Final = 4096
WORTH: Final = 0.9
"""Compressed data that is not smaller than this part of the plain data is stored raw: it reads several times
faster that way. Random mantissas with equal exponents reach 0.94 and are not worth it."""
TINY: Final = 96
"""A zstd frame costs about 12 bytes; below this there is nothing to win."""

# Memory for decompression is bounded by this window, whatever a frame asks for. Level 3 uses at most 2 MiB.
_OPTIONS: Final[dict[int, int]] = {DecompressionParameter.window_log_max: 24}


class Compressor:
    """Compresses payloads one after the other. Not thread-safe; the GIL is released while zstd works."""

    def __init__(self) -> None:
        self._sampler = ZstdCompressor(level=1)
        self._compressor = ZstdCompressor(level=LEVEL)

    def compress(self, payload: bytes | memoryview) -> bytes | None:
        """Return the compressed payload, None when it is better stored raw."""
        size = len(payload)
        if size < TINY:
            return None
        if size > 4 * SAMPLE:
            middle = size // 2
            sample = self._sampler.compress(payload[middle : middle + SAMPLE], ZstdCompressor.FLUSH_FRAME)
            if len(sample) > SAMPLE * WORTH:
                return None
        compressed = self._compressor.compress(payload, ZstdCompressor.FLUSH_FRAME)
        return compressed if len(compressed) <= size * WORTH else None


def decompress(stored: bytes | memoryview, plain: int) -> bytes:
    """Exactly `plain` bytes, or ValueError. Never makes more than `plain` + 1 bytes."""
    decompressor = ZstdDecompressor(options=_OPTIONS)
    try:
        payload = decompressor.decompress(stored, max_length=plain + 1)
    except ZstdError as error:
        raise ValueError(str(error)) from None
    if len(payload) != plain or not decompressor.eof or decompressor.unused_data:
        raise ValueError("it does not have the length that it claims")
    return payload
