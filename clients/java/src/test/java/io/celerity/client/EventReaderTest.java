package io.celerity.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EventReaderTest {
    private final List<String> lines = new ArrayList<>();

    private EventReader reader(String stream) {
        var bytes = new ByteArrayInputStream(stream.getBytes(StandardCharsets.UTF_8));
        return new EventReader(bytes, "", () -> lines.add("line"));
    }

    private static List<String> readAll(EventReader reader) throws IOException {
        var events = new ArrayList<String>();
        for (var event = reader.next(); event != null; event = reader.next())
            events.add(event.id() + " " + event.type() + " " + event.data());
        return events;
    }

    static Stream<Arguments> streams() {
        return Stream.of(
                Arguments.of("id: 1\nevent: state\ndata: {}\n\n", List.of("1 state {}")),
                Arguments.of(": heartbeat\n\ndata: 1\n\n", List.of(" message 1")),
                Arguments.of("data:1\n\n", List.of(" message 1")),
                Arguments.of("data: [1,\ndata: 2]\n\n", List.of(" message [1,2]")),
                Arguments.of("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", List.of(" a 1", " message 2")),
                Arguments.of("event: a\rdata: 1\r\rdata: 2\r\r", List.of(" a 1", " message 2")),
                Arguments.of("\ufeffdata: 1\n\n", List.of(" message 1")),
                Arguments.of("event: a\nid: 7\n\ndata: 1\n\n", List.of("7 message 1")),
                Arguments.of("id: 1\ndata: 1\n\ndata: 2\n\n", List.of("1 message 1", "1 message 2")),
                Arguments.of("data: 1\n\ndata: 2\n", List.of(" message 1")),
                Arguments.of("data: 1\n\ndata: 2", List.of(" message 1")),
                Arguments.of("data: {\"a\": \"b:c Zoë\"}\n\n", List.of(" message {\"a\":\"b:c Zoë\"}")));
    }

    @ParameterizedTest
    @MethodSource("streams")
    void readsEventsAsTheStandardSays(String stream, List<String> events) throws IOException {
        assertEquals(events, readAll(reader(stream)));
    }

    @Test
    void keepsTheIdOfTheLastWholeEventAndTheDelay() throws IOException {
        var reader = reader("retry: 2000\n\nid: 5\ndata: 1\n\nid: 6\ndata: 2\n");
        readAll(reader);
        assertEquals("5", reader.lastId());
        assertEquals(Duration.ofSeconds(2), reader.retry());
        assertEquals(7, lines.size());
    }
}
