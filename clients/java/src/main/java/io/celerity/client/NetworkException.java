package io.celerity.client;

/** There was no answer: no connection, a broken one, or none in time. */
public final class NetworkException extends CelerityException {
    NetworkException(String message, Throwable cause) {
        super(message, cause);
    }
}
