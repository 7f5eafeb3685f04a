"""kombu's compressors, on the documents as JSON."""

import json

from kombu.compression import compress, decompress, encoders
from measure import documents, leave_out, measure, report

for name in ("zlib", "bzip2", "brotli", "zstd", "lzma"):
    if name not in encoders():
        leave_out(name, "kombu does not know it, or its package is missing")
        continue
    for size, document in documents.items():
        plain = json.dumps(document, separators=(",", ":")).encode()
        packed, content_type = compress(plain, name)
        measure(f"{name} {size} encode", lambda: compress(plain, name))
        measure(f"{name} {size} decode", lambda: decompress(packed, content_type))
report()
