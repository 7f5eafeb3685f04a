package io.celerity.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Notices that a stream says nothing any more. Only the time counts in which somebody listens. */
final class Silence {
    private final long longest;
    private volatile long heardAt;

    Silence(Duration longest) {
        this.longest = longest.toNanos();
    }

    void heard() {
        heardAt = System.nanoTime();
    }

    /** Calls {@code broken} when nothing is heard for too long, until the future is completed. */
    CompletableFuture<Void> watch(Runnable broken) {
        heard();
        var done = new CompletableFuture<Void>();
        check(done, broken);
        return done;
    }

    private void check(CompletableFuture<Void> done, Runnable broken) {
        var left = heardAt + longest - System.nanoTime();
        if (left <= 0) {
            broken.run();
            return;
        }
        done.copy().orTimeout(left, TimeUnit.NANOSECONDS).exceptionally(timeout -> {
            check(done, broken);
            return null;
        });
    }
}
