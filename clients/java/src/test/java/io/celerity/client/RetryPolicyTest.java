package io.celerity.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryPolicyTest {
    private static final RetryPolicy POLICY = RetryPolicy.DEFAULT;

    @ParameterizedTest
    @CsvSource({"1, 250", "2, 500", "3, 1000", "6, 8000", "7, 10000", "100, 10000"})
    void delayIsRandomBelowADoublingBound(int attempt, long boundMs) {
        var longest = Duration.ZERO;
        for (var i = 0; i < 500; i++) longest = RetryPolicy.max(longest, POLICY.delay(attempt, Duration.ZERO));
        assertTrue(longest.toMillis() <= boundMs, "at most " + boundMs + " ms, but " + longest);
        assertTrue(longest.toMillis() >= boundMs * 9 / 10, "near " + boundMs + " ms, but " + longest);
    }

    @Test
    void delayIsAtLeastWhatTheGatewayAsksFor() {
        assertEquals(Duration.ofSeconds(7), POLICY.delay(1, Duration.ofSeconds(7)));
        assertEquals(RetryPolicy.MAX_RETRY_AFTER, POLICY.delay(1, Duration.ofHours(1)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3 | 3",
                "Wed, 02 Jan 2030 03:04:15 GMT | 10",
                "Wed, 02 Jan 2030 03:04:00 GMT | 0",
                "soon | 0",
                "-1 | 0",
                "99999999999999999999 | 0"
            })
    void retryAfterIsSecondsOrADate(String header, long seconds) {
        var now = Instant.parse("2030-01-02T03:04:05Z");
        assertEquals(Duration.ofSeconds(seconds), RetryPolicy.readRetryAfter(Optional.of(header), now));
    }

    @ParameterizedTest
    @CsvSource({
        "429, quota-exceeded, true",
        "502, about:blank, true",
        "503, broker-unavailable, true",
        "504, worker-silent, true",
        "409, idempotency-in-progress, true",
        "409, task-terminal, false",
        "400, bad-json, false",
        "500, internal-error, false"
    })
    void whatIsRepeated(int status, String type, boolean isRepeated) {
        var body = Json.readIfJson(("{\"type\": \"/problems/" + type + "\"}").getBytes());
        var failure = Problem.of(body, status, Duration.ZERO).toException();
        assertEquals(isRepeated, POLICY.next(1, failure).isPresent());
        assertEquals(Optional.empty(), POLICY.next(POLICY.attempts(), failure));
    }

    @Test
    void whatHasNoAnswerIsRepeated() {
        assertTrue(POLICY.next(1, new NetworkException("reset", null)).isPresent());
        assertTrue(POLICY.next(1, new UnexpectedAnswerException("no number", null)).isEmpty());
    }
}
