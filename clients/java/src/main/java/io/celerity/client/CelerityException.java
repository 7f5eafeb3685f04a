package io.celerity.client;

/** Everything that goes wrong between this client and a gateway. */
public abstract sealed class CelerityException extends RuntimeException
        permits ProblemException,
                NetworkException,
                WaitTimeoutException,
                UnexpectedAnswerException,
                WebhookException {
    CelerityException(String message, Throwable cause) {
        super(message, cause);
    }
}
