"""Reads and writes the flatbuffers of table frames, as section 5 of docs/protocol.md describes them.

A layout names the fields of a table in the order of their numbers with their types. Values are plain Python ones:
int, bool, str, bytes, and lists of dicts for lists of structs. Anything that breaks the format raises ValueError.
"""

import struct

SCALARS = {"bool": "<?", "uint8": "<B", "uint16": "<H", "uint32": "<I", "uint64": "<Q"}
STRUCTS = {
    "PendingChat": (56, {"chat": (0, "Id"), "from": (16, "uint64"), "head": (24, "uint64"),
                         "delivered_to": (32, "uint64"), "read_to": (40, "uint64"), "last_time_ms": (48, "uint64")}),
    "EmptyRange": (24, {"from": (0, "uint64"), "to": (8, "uint64"), "reason": (16, "uint8")}),
}


def _take(data, offset, size):
    if offset < 0 or offset + size > len(data):
        raise ValueError(f"{size} bytes at {offset} are outside the {len(data)} bytes of a table")
    return data[offset:offset + size]


def _scalar(data, offset, kind):
    form = SCALARS[kind]
    return struct.unpack(form, _take(data, offset, struct.calcsize(form)))[0]


def _value(data, offset, kind):
    if kind == "Id":
        return bytes(_take(data, offset, 16))
    if kind in SCALARS:
        return _scalar(data, offset, kind)
    target = offset + _scalar(data, offset, "uint32")
    count = _scalar(data, target, "uint32")
    if kind == "string":
        return bytes(_take(data, target + 4, count)).decode("utf-8")
    if kind == "[ubyte]":
        return bytes(_take(data, target + 4, count))
    size, fields = STRUCTS[kind.strip("[]")]
    _take(data, target + 4, count * size)
    starts = range(target + 4, target + 4 + count * size, size)
    return [{name: _value(data, start + at, of) for name, (at, of) in fields.items()} for start in starts]


def _absent(kind):
    if kind == "Id":
        raise ValueError("a required id is absent")
    return {"string": "", "[ubyte]": b"", "bool": False}.get(kind, 0 if kind in SCALARS else [])


def read(data, layout):
    """The fields of the root table of `data`, by name."""
    table = _scalar(data, 0, "uint32")
    vtable = table - struct.unpack("<i", _take(data, table, 4))[0]
    vtable_bytes = _scalar(data, vtable, "uint16")
    found = {}
    for number, (name, kind) in enumerate(layout):
        slot = 4 + 2 * number
        distance = _scalar(data, vtable + slot, "uint16") if slot + 2 <= vtable_bytes else 0
        found[name] = _value(data, table + distance, kind) if distance else _absent(kind)
    return found


def _aligned(position, size):
    return -(-position // size) * size


def _place(layout, table):
    """Where each field lies in the table, and how long the table is; the table begins at a multiple of 8."""
    places, end = [], table + 4
    for _, kind in layout:
        size = 16 if kind == "Id" else struct.calcsize(SCALARS.get(kind, "<I"))
        end = _aligned(end, 1 if kind == "Id" else size)
        places.append(end)
        end += size
    return places, end


def write(values, layout):
    """A flatbuffer whose root table has `values`, by name; every field of the layout is present."""
    vtable_bytes = 4 + 2 * len(layout)
    table = _aligned(4 + vtable_bytes, 8)
    places, end = _place(layout, table)
    out = bytearray(end)
    struct.pack_into("<I", out, 0, table)
    struct.pack_into("<HH", out, 4, vtable_bytes, end - table)
    struct.pack_into("<i", out, table, table - 4)
    for number, ((name, kind), place) in enumerate(zip(layout, places)):
        struct.pack_into("<H", out, 8 + 2 * number, place - table)
        value = values[name]
        if kind == "Id":
            out[place:place + 16] = value
        elif kind in SCALARS:
            struct.pack_into(SCALARS[kind], out, place, value)
        else:
            content = value.encode("utf-8") if kind == "string" else value
            out.extend(bytes(_aligned(len(out), 4) - len(out)))
            struct.pack_into("<I", out, place, len(out) - place)
            out.extend(struct.pack("<I", len(content)) + content + b"\0")
    return bytes(out)
