package io.celerity.client;

import java.util.Objects;

/** The gateway refused a request, or a task did not succeed. The subclasses are what programs tell apart most. */
public sealed class ProblemException extends CelerityException {
    private final transient Problem problem;

    ProblemException(Problem problem) {
        super(problem.toString(), null);
        this.problem = Objects.requireNonNull(problem);
    }

    /** What the gateway said. */
    public Problem problem() {
        return problem;
    }

    /** The task ran and failed. {@link Problem#taskError()} says why. */
    public static final class TaskFailed extends ProblemException {
        TaskFailed(Problem problem) {
            super(problem);
        }
    }

    /** The task was revoked, or expired, before it could return a result. */
    public static final class TaskRevoked extends ProblemException {
        TaskRevoked(Problem problem) {
            super(problem);
        }
    }

    /** Credentials are missing or not valid: 401. */
    public static final class Unauthorized extends ProblemException {
        Unauthorized(Problem problem) {
            super(problem);
        }
    }

    /** The credentials are good, but not for this: 403. */
    public static final class Forbidden extends ProblemException {
        Forbidden(Problem problem) {
            super(problem);
        }
    }

    /** The gateway knows no task of this id. */
    public static final class UnknownTask extends ProblemException {
        UnknownTask(Problem problem) {
            super(problem);
        }
    }

    /** The request is not valid: 422. {@link Problem#errors()} says where. */
    public static final class InvalidArguments extends ProblemException {
        InvalidArguments(Problem problem) {
            super(problem);
        }
    }

    /** These credentials have sent as much as they may for now: 429. */
    public static final class QuotaExceeded extends ProblemException {
        QuotaExceeded(Problem problem) {
            super(problem);
        }
    }

    /** The gateway, its broker or a store is unavailable: 503. */
    public static final class Unavailable extends ProblemException {
        Unavailable(Problem problem) {
            super(problem);
        }
    }
}
