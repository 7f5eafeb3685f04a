import { testQueueStore } from "../../testing/queue-store.ts";
import { redisPlace } from "./redis-place.ts";

testQueueStore("redis", redisPlace);
