package io.celerity.client;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Verifies the webhooks by which a gateway tells how tasks end (Standard Webhooks, v1). Immutable. */
public final class WebhookVerifier {
    private static final Duration DEFAULT_TOLERANCE = Duration.ofMinutes(5);
    private static final String PREFIX = "whsec_";
    private static final int MAX_SIGNATURES = 16;
    private static final int MAX_HEADER = 4096;

    private final List<SecretKeySpec> keys;
    private final Duration tolerance;
    private final Clock clock;

    private WebhookVerifier(List<SecretKeySpec> keys, Duration tolerance, Clock clock) {
        this.keys = keys;
        this.tolerance = tolerance;
        this.clock = clock;
    }

    /**
     * A verifier of {@code whsec_} secrets. A signature of any will do, so that a secret can be changed without a
     * break. Throws IllegalArgumentException for a secret that is none.
     */
    public static WebhookVerifier of(String... secrets) {
        if (secrets.length == 0) throw new IllegalArgumentException("No secret is given");
        var keys = List.of(secrets).stream().map(WebhookVerifier::toKey).toList();
        return new WebhookVerifier(keys, DEFAULT_TOLERANCE, Clock.systemUTC());
    }

    /** How far the time of a webhook may be from now. Default: 5 minutes. */
    public WebhookVerifier tolerance(Duration tolerance) {
        return new WebhookVerifier(keys, tolerance, clock);
    }

    /** For tests. */
    public WebhookVerifier clock(Clock clock) {
        return new WebhookVerifier(keys, tolerance, clock);
    }

    /** Checks the body, the bytes that came, and reads it. Throws WebhookException. Names of headers have any case. */
    public WebhookEvent verify(byte[] body, Map<String, List<String>> headers) {
        return verify(body, name -> only(headers, name));
    }

    /** The same with a function that finds a header, such as {@code request::getHeader}. */
    public WebhookEvent verify(byte[] body, UnaryOperator<String> header) {
        var id = required(header, "webhook-id");
        // A dot would let the same signature stand for another id and timestamp.
        if (id.indexOf('.') >= 0) throw new WebhookException("The header webhook-id has a dot");
        var timestamp = required(header, "webhook-timestamp");
        var sentAt = checkTime(timestamp);
        checkSignature((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8), body, header);
        var told = Json.readIfJson(body);
        if (told == null || !told.isObject()) throw new WebhookException("The body is no JSON object");
        return new WebhookEvent(id, told.path("type").asText(), sentAt, told.path("data"));
    }

    private Instant checkTime(String seconds) {
        if (!seconds.matches("\\d{1,11}"))
            throw new WebhookException("The header webhook-timestamp is no number of seconds");
        var sentAt = Instant.ofEpochSecond(Long.parseLong(seconds));
        if (Duration.between(sentAt, clock.instant()).abs().compareTo(tolerance) > 0)
            throw new WebhookException("The header webhook-timestamp is too far from now");
        return sentAt;
    }

    private void checkSignature(byte[] prefix, byte[] body, UnaryOperator<String> header) {
        var signatures = required(header, "webhook-signature").split(" ", MAX_SIGNATURES + 1);
        if (signatures.length > MAX_SIGNATURES)
            throw new WebhookException("The header webhook-signature has too many signatures");
        for (var key : keys) {
            var expected = sign(key, prefix, body);
            for (var signature : signatures) {
                if (MessageDigest.isEqual(signature.getBytes(StandardCharsets.UTF_8), expected)) return;
            }
        }
        throw new WebhookException("No signature fits");
    }

    private static byte[] sign(SecretKeySpec key, byte[] prefix, byte[] body) {
        try {
            var mac = Mac.getInstance(key.getAlgorithm());
            mac.init(key);
            mac.update(prefix);
            var signature = Base64.getEncoder().encodeToString(mac.doFinal(body));
            return ("v1," + signature).getBytes(StandardCharsets.UTF_8);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has HmacSHA256", e);
        }
    }

    private static SecretKeySpec toKey(String secret) {
        var base64 = secret.startsWith(PREFIX) ? secret.substring(PREFIX.length()) : secret;
        try {
            return new SecretKeySpec(Base64.getDecoder().decode(base64), "HmacSHA256");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("A webhook secret must be whsec_ and base64", e);
        }
    }

    private static String required(UnaryOperator<String> header, String name) {
        var value = header.apply(name);
        if (value == null || value.isEmpty() || value.length() > MAX_HEADER)
            throw new WebhookException("The header " + name + " is missing, too long, or there twice");
        return value;
    }

    /** Null when there is none, or more than one. */
    private static String only(Map<String, List<String>> headers, String name) {
        var values = headers.entrySet().stream()
                .filter(header -> name.equalsIgnoreCase(header.getKey()))
                .flatMap(header -> header.getValue().stream())
                .toList();
        return values.size() == 1 ? values.get(0) : null;
    }
}
