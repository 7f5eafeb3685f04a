package adapter;

import com.geneea.celery.CeleryClientCore;
import com.geneea.celery.backends.rabbit.RabbitBackendFactory;
import com.geneea.celery.brokers.rabbit.RabbitBrokerFactory;
import com.geneea.celery.spi.BackendFactory;
import com.geneea.celery.spi.BrokerFactory;
import java.util.List;

/** The library's client. It tells the id of a task to nobody, so it is overheard. */
final class Client extends CeleryClientCore {
    private final Seen seen;

    Client(Seen seen, String broker, String backend, String queue) {
        super(broker, backend, queue, null, null);
        this.seen = seen;
    }

    @Override
    protected Iterable<BrokerFactory> findBrokers() {
        return List.of(seen.watch(BrokerFactory.class, new RabbitBrokerFactory()));
    }

    @Override
    protected Iterable<BackendFactory> findBackends() {
        return List.of(new RabbitBackendFactory());
    }
}
