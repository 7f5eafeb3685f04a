package adapter;

import com.geneea.celery.spi.Broker;
import com.geneea.celery.spi.Message;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Consumer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Listens to what the library says to the broker and hears from it, and gives tasks names that it can take. */
final class Seen {
    /** What is watched too when a watched object returns it. */
    private static final List<Class<?>> INNER = List.of(Broker.class, Message.class, Message.Headers.class, Channel.class);

    /** The id of the latest task that was sent. */
    volatile String lastId;

    <T> T watch(Class<T> type, Object target) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            switch (method.getName()) {
                case "setId" -> lastId = (String) args[0];
                case "basicConsume" -> args[args.length - 1] = watch(Consumer.class, args[args.length - 1]);
                case "handleDelivery" -> args[2] = renamed((BasicProperties) args[2]);
                default -> { }
            }
            try {
                Object answer = method.invoke(target, args);
                for (Class<?> inner : INNER) if (inner.isInstance(answer)) return watch(inner, answer);
                return answer;
            } catch (InvocationTargetException error) {
                throw error.getCause();
            }
        }));
    }

    /** Its workers take `package.Class#method` only: conf.add is Conf#add. */
    private static BasicProperties renamed(BasicProperties properties) {
        Map<String, Object> headers = properties.getHeaders();
        if (headers == null || !String.valueOf(headers.get("task")).startsWith("conf.")) return properties;
        Map<String, Object> named = new HashMap<>(headers);
        named.put("task", Conf.class.getName() + "#" + headers.get("task").toString().substring("conf.".length()));
        return properties.builder().headers(named).build();
    }
}
