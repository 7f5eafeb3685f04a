// gocelery as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	. "conformance/tagged"
	"github.com/gocelery/gocelery"
	"github.com/gomodule/redigo/redis"
)

var client, worker *gocelery.CeleryClient
var broker, backend *redis.Pool

// kwargsTask is gocelery's other kind of task: it gets keyword arguments instead of positional ones, and may fail.
type kwargsTask struct {
	run    func(kwargs Object) (any, error)
	kwargs Object
}

func (task *kwargsTask) ParseKwargs(kwargs map[string]any) error { task.kwargs = kwargs; return nil }
func (task *kwargsTask) RunTask() (any, error)                   { return task.run(task.kwargs) }

var tasks = map[string]any{
	"conf.add":    func(x, y float64) float64 { return x + y },
	"conf.echo":   func(value any) any { return value },
	"conf.types":  func() Object { return Types },
	"conf.big":    func(length int) string { return strings.Repeat("x", length) },
	"conf.sleep":  func(ms int) int { time.Sleep(time.Duration(ms) * time.Millisecond); return ms },
	"conf.crash":  func() { os.Exit(1) },
	"conf.call":   func(task string, args []any) string { sent, _ := client.Delay(task, args...); return sent.TaskID },
	"conf.kwargs": &kwargsTask{run: func(kwargs Object) (any, error) { return kwargs, nil }},
	"conf.fail":   &kwargsTask{run: func(kwargs Object) (any, error) { return nil, fmt.Errorf("%v", kwargs["message"]) }},
}

func open(queue string) *gocelery.CeleryClient {
	transport := gocelery.NewRedisBroker(broker)
	transport.QueueName = queue
	opened, _ := gocelery.NewCeleryClient(transport, gocelery.NewRedisBackend(backend), 4) // its error is always nil
	return opened
}

func configure(command Command) (Object, error) {
	if strings.HasPrefix(command.Broker, "amqp") {
		return nil, Skip("over AMQP gocelery sends to the queue celery only")
	}
	dial := func(url string) func() (redis.Conn, error) {
		return func() (redis.Conn, error) { return redis.DialURL(url) }
	}
	broker, backend = &redis.Pool{Dial: dial(command.Broker)}, &redis.Pool{Dial: dial(command.Backend)}
	client = open(command.Queue)
	return Object{"ok": true}, nil
}

func publish(command Command) (Object, error) {
	call := command.ReadCall("protocol", "serializer", "task_id") // ids are its own
	if len(call.Args) > 0 && len(call.Kwargs) > 0 {
		return nil, Skip("it sends positional or keyword arguments, not both")
	}
	send := func() (*gocelery.AsyncResult, error) { return client.Delay(call.Task, call.Args...) }
	if len(call.Kwargs) > 0 {
		send = func() (*gocelery.AsyncResult, error) { return client.DelayKwargs(call.Task, call.Kwargs) }
	}
	sent, err := send()
	if err != nil {
		return nil, err
	}
	return Object{"id": sent.TaskID}, nil
}

var final = []string{"SUCCESS", "FAILURE", "REVOKED"}

func result(command Command) (Object, error) {
	for until := time.Now().Add(time.Duration(command.TimeoutMs) * time.Millisecond); time.Now().Before(until); {
		stored, err := gocelery.NewRedisBackend(backend).GetResult(command.ID)
		if err == nil && slices.Contains(final, stored.Status) {
			return Outcome(stored.Status, stored.Result), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return Object{"state": "PENDING"}, nil
}

func work(command Command) (Object, error) {
	worker = open(command.Queue)
	for name, task := range tasks {
		worker.Register(name, task)
	}
	worker.StartWorker()
	return Object{"ready": true}, nil
}

func drain(Command) (Object, error) { worker.StopWorker(); return Object{"ok": true}, nil }

func decode(command Command) (Object, error) {
	var stored gocelery.ResultMessage
	if err := json.Unmarshal(command.StoredBody(), &stored); err != nil {
		return Object{"accept": false, "reason": err.Error()}, nil
	}
	others := Object{"task_id": stored.ID, "traceback": Tag(stored.Traceback), "children": Tag(stored.Children)}
	return Accept(stored.Status, stored.Result, others), nil
}

func main() {
	about := Object{"name": "gocelery", "language": "go", "version": "0.0.0-20201111034804-825d89059344"}
	about["roles"], about["homepage"] = []string{"producer", "worker", "results"}, "https://github.com/gocelery/gocelery"
	about["features"] = Object{"protocol": []int{1}, "serializers": []string{"json"}, "brokers": []string{"redis"},
		"backends": []string{"redis"}, "expires": true}
	Serve(about, Answers{"configure": configure, "publish": publish, "result": result, "work": work, "drain": drain, "decode": decode})
}
