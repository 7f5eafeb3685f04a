package io.celerity.client;

/** A webhook that is not to be trusted. The message is for the log: answer all of them with the same 401. */
public final class WebhookException extends CelerityException {
    WebhookException(String message) {
        super(message, null);
    }
}
