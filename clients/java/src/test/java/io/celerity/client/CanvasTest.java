package io.celerity.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class CanvasTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static void assertJson(String expected, Object value) throws JsonProcessingException {
        assertEquals(JSON.readTree(expected), JSON.readTree(JSON.writeValueAsString(value)));
    }

    @Test
    void theBodyOfATask() throws JsonProcessingException {
        var task = Task.of("t", 1, null)
                .kwarg("x", 2)
                .delay(Duration.ofMillis(1500))
                .expiresAt(Instant.parse("2030-01-02T03:04:05Z"))
                .priority(9)
                .dedupe(Dedupe.by("k").within(Duration.ofMinutes(1)))
                .callback(Callback.toEndpoint("billing").on("failure"))
                .idempotencyKey("key");
        var body =
                """
                {"task": "t", "args": [1, null], "kwargs": {"x": 2}, "delay": 1.5, "expires": "2030-01-02T03:04:05Z",
                 "priority": 9, "dedupe": {"key": "k", "window": 60},
                 "callback": {"endpoint": "billing", "on": ["failure"]}}""";
        assertJson(body, task.body());
    }

    @Test
    void theJsonOfACanvas() throws JsonProcessingException {
        var canvas = Canvas.chain(
                Task.of("a", 1),
                Canvas.chord(List.of(Canvas.group(Task.of("b"))), Task.of("c").immutable().queue("q")));
        var json =
                """
                {"chain": [{"task": "a", "args": [1]},
                           {"chord": {"header": [{"group": [{"task": "b"}]}],
                                      "body": {"task": "c", "immutable": true, "options": {"queue": "q"}}}}]}""";
        assertJson(json, canvas);
    }
}
