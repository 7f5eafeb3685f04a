import { testQueueStore } from "../contract/queue-store.ts";
import { redisPlace } from "./redis-place.ts";

testQueueStore("redis", redisPlace);
