"""kombu's compressors, on the documents as JSON."""

import json

from kombu.compression import compress, decompress, get_encoder
from measure import documents, leave_out, measure, report

for name in ("zlib", "bzip2", "brotli", "zstd", "lzma"):
    try:
        get_encoder(name)
    except KeyError:
        leave_out(name, "its Python package is missing")
        continue
    for size, document in documents.items():
        plain = json.dumps(document, separators=(",", ":")).encode()
        packed, content_type = compress(plain, name)
        measure(f"{name} {size} encode", lambda: compress(plain, name))
        measure(f"{name} {size} decode", lambda: decompress(packed, content_type))
report()
