package io.celerity.client;

/** An answer that does not fit: a result of another type than the one asked for, or more bytes than are read. */
public final class UnexpectedAnswerException extends CelerityException {
    UnexpectedAnswerException(String message, Throwable cause) {
        super(message, cause);
    }
}
