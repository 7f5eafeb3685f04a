package io.celerity.client;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Collects a body, and fails at the first byte too many. */
final class BoundedBody implements BodySubscriber<byte[]> {
    /** More than {@link Answer#MAX_BYTES}. */
    static final class TooLarge extends IOException {
        TooLarge() {
            super("The answer has more than " + Answer.MAX_BYTES + " bytes");
        }
    }

    private final BodySubscriber<byte[]> collector = BodySubscribers.ofByteArray();
    private Flow.Subscription subscription;
    private long bytes;

    @Override
    public CompletionStage<byte[]> getBody() {
        return collector.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        collector.onSubscribe(subscription);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (var buffer : buffers) bytes += buffer.remaining();
        if (bytes <= Answer.MAX_BYTES) {
            collector.onNext(buffers);
            return;
        }
        subscription.cancel();
        collector.onError(new TooLarge());
    }

    @Override
    public void onError(Throwable failure) {
        collector.onError(failure);
    }

    @Override
    public void onComplete() {
        collector.onComplete();
    }
}
