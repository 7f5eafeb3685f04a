package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads server-sent events as the HTML standard defines them. */
final class EventReader {
    private final InputStream stream;
    private final Runnable onLine;
    private String lastId;
    private Duration retry = Duration.ZERO;
    private boolean isStart = true;
    private boolean isAfterCr;

    /** @param onLine told of every line, comments too */
    EventReader(InputStream stream, String lastId, Runnable onLine) {
        this.stream = new BufferedInputStream(stream);
        this.lastId = lastId;
        this.onLine = onLine;
    }

    /** The id of the last event that came to its end. */
    String lastId() {
        return lastId;
    }

    /** The least time before the stream is opened again. */
    Duration retry() {
        return retry;
    }

    /** The next event that has data; null after the last one. An event that breaks off is none. */
    Event next() throws IOException {
        var type = "message";
        var id = lastId;
        var data = new StringBuilder();
        for (var line = readLine(); line != null; line = readLine()) {
            onLine.run();
            if (line.isEmpty()) {
                // An event that broke off must not count as seen.
                lastId = id;
                if (!data.isEmpty()) return new Event(id, type, Json.read(data.toString(), JsonNode.class));
                type = "message";
                continue;
            }
            var colon = line.indexOf(':');
            var name = colon < 0 ? line : line.substring(0, colon);
            var value = colon < 0 ? "" : line.substring(colon + 1);
            if (value.startsWith(" ")) value = value.substring(1);
            switch (name) {
                case "event" -> type = value;
                case "data" -> {
                    if (data.length() + value.length() > Answer.MAX_BYTES) throw new BoundedBody.TooLarge();
                    data.append(value).append('\n');
                }
                case "id" -> id = value.indexOf('\0') < 0 ? value : id;
                case "retry" -> retry = value.matches("\\d{1,5}") ? Duration.ofMillis(Long.parseLong(value)) : retry;
                default -> {}
            }
        }
        return null;
    }

    /** Lines end at CR, LF or both. Null at the end; the rest of a broken stream is no line. */
    private String readLine() throws IOException {
        var line = new ByteArrayOutputStream();
        for (var next = stream.read(); next >= 0; next = stream.read()) {
            var isSecondHalf = isAfterCr && next == '\n';
            isAfterCr = next == '\r';
            if (isSecondHalf) continue;
            if (next == '\n' || next == '\r') return toText(line);
            line.write(next);
            if (line.size() > Answer.MAX_BYTES) throw new BoundedBody.TooLarge();
        }
        return null;
    }

    private String toText(ByteArrayOutputStream line) {
        var text = line.toString(StandardCharsets.UTF_8);
        var isMarked = isStart && text.startsWith("\ufeff");
        isStart = false;
        return isMarked ? text.substring(1) : text;
    }
}
