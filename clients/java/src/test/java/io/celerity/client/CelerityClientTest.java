package io.celerity.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CelerityClientTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String BUSY =
            "{\"type\": \"/problems/broker-unavailable\", \"title\": \"Busy\", \"status\": 503}";

    /** What the server answers; a status of 0 closes the connection. */
    private record Reply(int status, String body) {}

    private final Queue<Reply> replies = new ArrayDeque<>();
    private final List<String> keys = new ArrayList<>();
    private final List<String> lastIds = new ArrayList<>();
    private HttpServer server;
    private CelerityClient client;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        client = CelerityClient.builder()
                .url("http://127.0.0.1:" + server.getAddress().getPort() + "/")
                .retry(new RetryPolicy(4, Duration.ofMillis(1), Duration.ofMillis(10)))
                .build();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
        lastIds.add(exchange.getRequestHeaders().getFirst("Last-Event-ID"));
        var reply = replies.remove();
        if (reply.status() != 0) {
            var body = reply.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Retry-After", "0");
            exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    @Test
    void repeatsHaveTheSameKey() {
        replies.addAll(List.of(
                new Reply(503, BUSY),
                new Reply(0, ""),
                new Reply(202, "{\"id\": \"a\", \"task\": \"t\", \"state\": \"PENDING\"}")));
        assertEquals("a", client.submit(Task.of("t")).id());
        assertEquals(3, keys.size());
        assertNotNull(keys.get(0));
        assertEquals(1, new HashSet<>(keys).size());
    }

    @Test
    void theLastProblemIsThrown() {
        for (var i = 0; i < 4; i++) replies.add(new Reply(503, BUSY));
        var refused = assertThrows(ProblemException.Unavailable.class, () -> client.submit(Task.of("t")));
        assertEquals("broker-unavailable", refused.problem().type());
    }

    @Test
    void futuresFailWithTheSameExceptions() {
        replies.add(new Reply(404, "{\"type\": \"/problems/unknown-task\"}"));
        var failed = assertThrows(
                CompletionException.class, () -> client.task("a").statusAsync().join());
        assertInstanceOf(ProblemException.UnknownTask.class, failed.getCause());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<h1>Not here</h1>", "{\"title\": {}}", "[]", "\"no\""})
    void anAnswerThatIsNoProblemIsOneAllTheSame(String body) {
        replies.add(new Reply(404, body));
        var refused = assertThrows(ProblemException.class, () -> client.task("a").status());
        assertEquals("about:blank", refused.problem().type());
        assertEquals(404, refused.problem().status());
    }

    @Test
    void awaitEndsInTime() {
        for (var i = 0; i < 100; i++)
            replies.add(new Reply(200, "{\"id\": \"a\", \"state\": \"STARTED\", \"terminal\": false}"));
        var timeout = assertThrows(
                WaitTimeoutException.class, () -> client.task("a").await(Duration.ofMillis(1500)));
        assertEquals("STARTED", timeout.lastState());
    }

    @Test
    void numbersStayExact() {
        var digits = "123456789012345678901234567890";
        replies.addAll(List.of(new Reply(200, digits), new Reply(200, digits + ".25"), new Reply(200, "[1, 2]")));
        assertEquals(new BigInteger(digits), client.task("a").result(BigInteger.class, LONG));
        var number = client.task("a").result(JsonNode.class, LONG);
        assertEquals(new BigDecimal(digits + ".25"), number.decimalValue());
        assertEquals(List.of(1, 2), client.task("a").result(new TypeReference<List<Integer>>() {}, LONG));
    }

    @Test
    void aResultOfAnotherTypeIsSaidToBeOne() {
        replies.add(new Reply(200, "\"five\""));
        assertThrows(UnexpectedAnswerException.class, () -> client.task("a").result(Integer.class, LONG));
    }

    @Test
    void eventsGoOnAfterACut() {
        replies.addAll(List.of(
                new Reply(200, "id: 4\nevent: state\ndata: {}\n\nid: 5\nevent: pro"),
                new Reply(503, BUSY),
                new Reply(200, "id: 9\nevent: end\ndata: {}\n\n")));
        var types = new ArrayList<String>();
        try (var events = client.task("a").events()) {
            for (var event : events) types.add(event.type());
        }
        assertEquals(List.of("state", "end"), types);
        assertEquals("4", lastIds.get(2));
    }

    @Test
    void aClosedStreamHasNoMoreEvents() {
        replies.add(new Reply(200, "id: 4\nevent: state\ndata: {}\n\nid: 5\nevent: state\ndata: {}\n\n"));
        var events = client.task("a").events();
        assertEquals("4", events.next().id());
        events.close();
        assertEquals(false, events.hasNext());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gateway:8420", "ftp://gateway", "http://key@gateway", "http://gateway/?k=1", "http:/v1"})
    void otherUrlsAreRefused(String url) {
        var builder = CelerityClient.builder().url(url);
        assertThrows(IllegalArgumentException.class, builder::build);
    }
}
