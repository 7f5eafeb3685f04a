package io.celerity.client;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How requests are repeated that had no answer, or one that says to come back later.
 *
 * @param attempts in all, at least 1
 * @param firstDelay longest delay before the second attempt; it doubles with each one
 * @param maxDelay longest delay of all
 */
public record RetryPolicy(int attempts, Duration firstDelay, Duration maxDelay) {

    /** Four attempts, with delays below 0.25 s, 0.5 s and 1 s. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(4, Duration.ofMillis(250), Duration.ofSeconds(10));

    /** One attempt. */
    public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

    /** Bounds what a gateway may ask for. */
    static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(1);

    private static final int MAX_DOUBLINGS = 30;

    /** Checks the values. */
    public RetryPolicy {
        if (attempts < 1) throw new IllegalArgumentException("attempts must be at least 1, not " + attempts);
        if (firstDelay.isNegative() || maxDelay.isNegative())
            throw new IllegalArgumentException("firstDelay and maxDelay must not be negative");
    }

    /**
     * The delay after a failed attempt, the first being 1: random up to the bound ("full jitter"), so that many clients
     * do not come back at once, and at least what the gateway asked for.
     */
    Duration delay(int attempt, Duration asked) {
        var doubled = firstDelay.multipliedBy(1L << Math.min(attempt - 1, MAX_DOUBLINGS));
        var bound = min(doubled, maxDelay).toNanos();
        var random = Duration.ofNanos(ThreadLocalRandom.current().nextLong(bound + 1));
        return max(random, min(asked, MAX_RETRY_AFTER));
    }

    /** The delay before the next attempt; empty when the failure is for good, or the attempts are used up. */
    Optional<Duration> next(int attempt, CelerityException failure) {
        if (attempt >= attempts) return Optional.empty();
        if (failure instanceof NetworkException) return Optional.of(delay(attempt, Duration.ZERO));
        if (failure instanceof ProblemException refused && refused.problem().isTemporary())
            return Optional.of(delay(attempt, refused.problem().retryAfter()));
        return Optional.empty();
    }

    /** Reads seconds or a date; zero when it is missing, past or neither. */
    static Duration readRetryAfter(Optional<String> header, Instant now) {
        if (header.isEmpty()) return Duration.ZERO;
        var text = header.get();
        try {
            if (text.matches("\\d{1,9}")) return Duration.ofSeconds(Long.parseLong(text));
            var date = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            return max(Duration.between(now, date), Duration.ZERO);
        } catch (DateTimeException notADate) {
            return Duration.ZERO;
        }
    }

    static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    static Duration max(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }
}
