package io.celerity.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With the example that the Standard Webhooks libraries share. */
class WebhookVerifierTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final String TIMESTAMP = "1614265330";
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
    private static final Map<String, String> HEADERS =
            Map.of("webhook-id", ID, "webhook-timestamp", TIMESTAMP, "webhook-signature", SIGNATURE);

    private static WebhookVerifier at(long secondsLater, String... secrets) {
        var now = Instant.ofEpochSecond(Long.parseLong(TIMESTAMP) + secondsLater);
        return WebhookVerifier.of(secrets).clock(Clock.fixed(now, ZoneOffset.UTC));
    }

    @ParameterizedTest
    @ValueSource(longs = {-300, 0, 300})
    void takesTheSendersSignature(long secondsLater) {
        var event = at(secondsLater, SECRET).verify(BODY, HEADERS::get);
        assertEquals(ID, event.id());
        assertEquals(Instant.ofEpochSecond(1614265330), event.sentAt());
    }

    @Test
    void takesHeadersOfAnyCaseAndRotatedSecrets() {
        var headers = Map.of(
                "Webhook-Id", List.of(ID),
                "WEBHOOK-TIMESTAMP", List.of(TIMESTAMP),
                "webhook-Signature", List.of("v1,AAAA v1a,AAAA " + SIGNATURE));
        assertEquals(ID, at(0, OTHER_SECRET, SECRET).verify(BODY, headers).id());
    }

    @ParameterizedTest
    @CsvSource({
        "webhook-id, msg_2",
        "webhook-id, msg.2",
        "webhook-id, ''",
        "webhook-timestamp, 1614265331",
        "webhook-timestamp, now",
        "webhook-timestamp, 99999999999999999999",
        "webhook-signature, 'v1,'",
        "webhook-signature, 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='",
    })
    void refusesOtherHeaders(String name, String value) {
        var headers = new HashMap<>(HEADERS);
        headers.put(name, value);
        assertThrows(WebhookException.class, () -> at(0, SECRET).verify(BODY, headers::get));
    }

    @Test
    void refusesHeadersThatAreThereTwice() {
        var headers = new HashMap<String, List<String>>();
        HEADERS.forEach((name, value) -> headers.put(name, List.of(value)));
        assertEquals(ID, at(0, SECRET).verify(BODY, headers).id());
        headers.put("Webhook-Id", List.of(ID));
        assertThrows(WebhookException.class, () -> at(0, SECRET).verify(BODY, headers));
    }

    @Test
    void refusesManySignatures() {
        var headers = new HashMap<>(HEADERS);
        headers.put("webhook-signature", (SIGNATURE + " ").repeat(17).strip());
        assertThrows(WebhookException.class, () -> at(0, SECRET).verify(BODY, headers::get));
    }

    @Test
    void refusesAnotherBodyAndAnotherSecret() {
        var changed = "{\"test\":2432232314}".getBytes(StandardCharsets.UTF_8);
        assertThrows(WebhookException.class, () -> at(0, SECRET).verify(changed, HEADERS::get));
        assertThrows(WebhookException.class, () -> at(0, OTHER_SECRET).verify(BODY, HEADERS::get));
    }

    @ParameterizedTest
    @ValueSource(longs = {-301, 301})
    void refusesOtherTimes(long secondsLater) {
        assertThrows(WebhookException.class, () -> at(secondsLater, SECRET).verify(BODY, HEADERS::get));
    }

    @Test
    void refusesSecretsThatAreNone() {
        assertThrows(IllegalArgumentException.class, WebhookVerifier::of);
        assertThrows(IllegalArgumentException.class, () -> WebhookVerifier.of("whsec_"));
        assertThrows(IllegalArgumentException.class, () -> WebhookVerifier.of("whsec_?"));
    }
}
