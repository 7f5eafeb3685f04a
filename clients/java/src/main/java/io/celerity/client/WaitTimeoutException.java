package io.celerity.client;

/** A task or workflow did not end in time. It goes on. */
public final class WaitTimeoutException extends CelerityException {
    private final String id;
    private final String lastState;

    WaitTimeoutException(String id, String lastState) {
        super(id + " has not ended in time: " + lastState, null);
        this.id = id;
        this.lastState = lastState;
    }

    /** The id of the task or workflow. */
    public String id() {
        return id;
    }

    /** The state when it was last heard of; {@code UNKNOWN} when nothing was. */
    public String lastState() {
        return lastState;
    }
}
