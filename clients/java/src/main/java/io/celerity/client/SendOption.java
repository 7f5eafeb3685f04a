package io.celerity.client;

/** Changes a request that sends many tasks. */
public record SendOption(String header, String value) {
    /** Names a batch or a workflow: who repeats it gets the first answer. Default: a random UUID. */
    public static SendOption idempotencyKey(String key) {
        return new SendOption("Idempotency-Key", key);
    }

    /** Sends a batch only when every task in it is good; otherwise the problem is {@code batch-refused}. */
    public static SendOption allOrNothing() {
        return new SendOption("Prefer", "handling=strict");
    }
}
