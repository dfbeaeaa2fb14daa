"""The size of a Git pack once it is unpacked, told without keeping any of it.

24 MB that a host sends may unpack to 24 GB, and a delta of some bytes may claim a result of any size: whoever hands a
pack to a library asks here first.
"""

import zlib

LARGEST = 256 * 1024 * 1024
"""bytes that a pack may unpack to"""
PIECE = 1 << 20
_OFS_DELTA, _REF_DELTA = 6, 7


def too_large(pack: bytes, largest: int = LARGEST) -> bool:
    """True if its objects take more than `largest` bytes, results of deltas included. Raises ValueError for no pack."""
    if len(pack) < 12 or pack[:4] != b"PACK":
        raise ValueError("what came is no pack")
    at, size = 12, 0
    for _ in range(int.from_bytes(pack[8:12], "big")):
        kind = pack[at] >> 4 & 7 if at < len(pack) else 0
        at = _varint(pack, at)[1]
        if kind == _OFS_DELTA:
            at = _varint(pack, at)[1]
        elif kind == _REF_DELTA:
            at += 20
        length, head, at = _inflated(pack, at, largest - size)
        size += length
        if kind in (_OFS_DELTA, _REF_DELTA):
            size += _varint(head, _varint(head, 0)[1])[0]
        if size > largest:
            return True
    return False


def _inflated(pack: bytes, at: int, most: int) -> tuple[int, bytes, int]:
    """An object's size, its beginning, and where the next one begins; it is left once it is larger than `most`."""
    inflating, size, head = zlib.decompressobj(), 0, b""
    view = memoryview(pack)
    while not inflating.eof and size <= most:
        if at >= len(pack):
            raise ValueError("the pack ends in the middle")
        taken = view[at : at + PIECE]
        try:
            data = inflating.decompress(taken, PIECE)
        except zlib.error as error:
            raise ValueError(f"the pack is damaged: {error}") from error
        at += len(taken) - len(inflating.unconsumed_tail) - len(inflating.unused_data)
        size += len(data)
        head = (head + data)[:32]
    return size, head, at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first, and where it ends; an end that is missing is the end of `raw`."""
    value = shift = 0
    while at < len(raw):
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            break
    return value, at
