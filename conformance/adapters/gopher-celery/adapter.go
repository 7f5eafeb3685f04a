// gopher-celery as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	. "conformance/tagged"
	gokit "github.com/go-kit/log"
	"github.com/google/uuid"
	celery "github.com/marselester/gopher-celery"
	"github.com/marselester/gopher-celery/goredis"
	"github.com/marselester/gopher-celery/protocol"
	"github.com/marselester/gopher-celery/rabbitmq"
	"github.com/redis/go-redis/v9"
)

var broker celery.Broker
var url, queue string
var cancel context.CancelFunc
var ended = make(chan error, 1)
var registry = protocol.NewSerializerRegistry()

// logged is a task without an effect. Tasks return nothing but an error, and that is logged only: there are no results.
func logged(p *celery.TaskParam) error { log.Print(p.Args(), p.Kwargs()); return nil }

var tasks = map[string]func(p *celery.TaskParam) error{
	"conf.add": logged, "conf.echo": logged, "conf.kwargs": logged, "conf.types": logged, "conf.big": logged, "conf.sum": logged,
	"conf.fail":  func(p *celery.TaskParam) error { return fmt.Errorf("%v %v", p.Args(), p.Kwargs()) },
	"conf.crash": func(*celery.TaskParam) error { os.Exit(1); return nil },
	"conf.sleep": func(p *celery.TaskParam) error {
		p.NameArgs("milliseconds")
		time.Sleep(time.Duration(p.MustInt("milliseconds")) * time.Millisecond)
		return nil
	},
	"conf.call": func(p *celery.TaskParam) error {
		p.NameArgs("task", "args")
		args, _ := p.Get("args")
		return celery.NewApp(celery.WithBroker(broker)).Delay(p.MustString("task"), queue, args.([]any)...)
	},
}

func open(url string) (celery.Broker, error) {
	if strings.HasPrefix(url, "amqp:") {
		return rabbitmq.NewBroker(rabbitmq.WithAmqpUri(url), rabbitmq.WithReceiveTimeout(time.Second))
	}
	if options, err := redis.ParseURL(url); err == nil {
		return goredis.NewBroker(goredis.WithClient(redis.NewClient(options)), goredis.WithReceiveTimeout(time.Second)), nil
	}
	return nil, Skip("its brokers are Redis and AMQP")
}

func configure(command Command) (_ Object, err error) {
	url, queue = command.Broker, command.Queue
	broker, err = open(url)
	return Object{"ok": true}, err
}

// message makes what App.ApplyAsync sends. That chooses an id of its own, and tells nobody.
func message(command Command) (id string, envelope []byte, err error) {
	call := command.ReadCall("protocol", "serializer", "task_id", "expires")
	id = Option(call, "task_id", uuid.NewString())
	task := protocol.Task{ID: id, Name: call.Task, Args: call.Args, Kwargs: call.Kwargs, Expires: call.Expires()}
	envelope, err = registry.Encode(queue, protocol.MimeJSON, int(Option(call, "protocol", int64(protocol.V2))), &task)
	return id, envelope, err
}

func encode(command Command) (Object, error) {
	_, envelope, err := message(command)
	return Wire(envelope), err
}

func publish(command Command) (Object, error) {
	id, envelope, err := message(command)
	if err == nil {
		err = broker.Send(envelope, queue)
	}
	return Object{"id": id}, err
}

func decode(command Command) (Object, error) {
	task, err := registry.Decode(command.Envelope())
	if err != nil {
		return Object{"accept": false, "reason": err.Error()}, nil
	}
	call := Object{"task": task.Name, "id": task.ID, "args": Tag(task.Args), "kwargs": Tag(task.Kwargs), "expires": TagTime(task.Expires)}
	return Object{"accept": true, "call": call}, nil
}

func work(command Command) (Object, error) {
	own, err := open(url)
	app := celery.NewApp(celery.WithBroker(own), celery.WithLogger(gokit.NewLogfmtLogger(os.Stderr)))
	for name, task := range tasks {
		app.Register(name, command.Queue, func(_ context.Context, p *celery.TaskParam) error { return task(p) })
	}
	running, stop := context.WithCancel(context.Background())
	cancel = stop
	go func() { ended <- app.Run(running) }()
	return Object{"ready": true}, err
}

func drain(Command) (Object, error) { cancel(); return Object{"ok": true}, <-ended }

func main() {
	about := Object{"name": "gopher-celery", "language": "go", "version": "0.0.0-20251015210134-9446fb60c2aa"}
	about["roles"], about["homepage"] = []string{"producer", "worker"}, "https://github.com/marselester/gopher-celery"
	about["features"] = Object{"protocol": []int{1, 2}, "serializers": []string{"json"}, "brokers": []string{"redis", "amqp"},
		"envelope": true, "expires": true}
	Serve(about, Answers{"configure": configure, "encode": encode, "decode": decode, "publish": publish, "work": work, "drain": drain})
}
