package tagged

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Object is a JSON object.
type Object = map[string]any

// Skip says what an implementation has no means for. Returned or panicked with, it is answered as `skipped`.
type Skip string

func (skip Skip) Error() string { return string(skip) }

// Command is one of CCP/1, with the members of all.
type Command struct {
	Cmd       string
	Seq       json.Number
	Broker    string
	Backend   string
	Queue     string
	ID        string
	TimeoutMs int `json:"timeout_ms"`
	Call      Object
	Wire      Object
	Stored    struct {
		Body []byte `json:"body_b64"`
	}
}

// Call is a call to make, in values of Go.
type Call struct {
	Task    string
	Args    []any
	Kwargs  map[string]any
	Options map[string]any
}

// ReadCall untags the call of a command. It panics with a Skip for other options than those named.
func (command Command) ReadCall(options ...string) Call {
	members := Untag(command.Call).(Object)
	call := Call{}
	call.Task, _ = members["task"].(string)
	call.Args, _ = members["args"].([]any)
	call.Kwargs, _ = members["kwargs"].(Object)
	call.Options, _ = members["options"].(Object)
	for option := range call.Options {
		if !slices.Contains(options, option) {
			panic(Skip("no means for the option " + option))
		}
	}
	return call
}

// Option is an option of the call, or what is otherwise.
func Option[T any](call Call, name string, otherwise T) T {
	if value, ok := call.Options[name].(T); ok {
		return value
	}
	return otherwise
}

// Expires is the option of that name, a time or seconds from now; without it the zero time.
func (call Call) Expires() time.Time {
	seconds, isNumber := call.Options["expires"].(int64)
	if isNumber {
		return time.Now().Add(time.Duration(seconds) * time.Second)
	}
	moment, _ := call.Options["expires"].(time.Time)
	return moment
}

// Envelope is the wire of a command as kombu's envelope, the text that lies in Redis.
func (command Command) Envelope() []byte {
	if text, ok := command.Wire["envelope"].(string); ok {
		return []byte(text)
	}
	properties := Untag(command.Wire["properties"]).(Object)
	properties["body_encoding"] = "base64"
	envelope := Object{"body": command.Wire["body_b64"], "headers": Untag(command.Wire["headers"]), "properties": properties}
	envelope["content-type"], envelope["content-encoding"] = properties["content_type"], properties["content_encoding"]
	text, err := json.Marshal(envelope)
	if err != nil {
		panic(err)
	}
	return text
}

// Wire is kombu's envelope as the answer to `encode` has it; nil for other text.
func Wire(text []byte) Object {
	var envelope struct {
		Body            string
		ContentType     string `json:"content-type"`
		ContentEncoding string `json:"content-encoding"`
		Headers         any
		Properties      Object
	}
	if json.Unmarshal(text, &envelope) != nil {
		return nil
	}
	properties := envelope.Properties
	delete(properties, "delivery_info")
	properties["content_type"], properties["content_encoding"] = envelope.ContentType, envelope.ContentEncoding
	wire := Object{"properties": Tag(properties), "headers": Tag(envelope.Headers), "body_b64": envelope.Body}
	return Object{"wire": wire}
}

// Outcome is the answer about a stored result of Celery's JSON.
func Outcome(state string, result any) Object {
	failure, isFailure := result.(Object)
	if state == "SUCCESS" || !isFailure {
		return Object{"state": state, "value": Tag(result)}
	}
	message := failure["exc_message"]
	if args, isList := message.([]any); isList && len(args) == 1 {
		message = args[0]
	}
	return Object{"state": state, "error": Object{"type": failure["exc_type"], "message": Tag(message)}}
}

// Accept is the answer to `decode` about a stored result of Celery's JSON, with what else was read of it.
func Accept(state string, result any, fields Object) Object {
	fields["state"] = state
	if failure, isFailure := result.(Object); isFailure && failure["exc_type"] != nil {
		fields["error"] = Tag(Object{"type": failure["exc_type"], "module": failure["exc_module"], "args": failure["exc_message"]})
	} else {
		fields["value"] = Tag(result)
	}
	return Object{"accept": true, "result": fields}
}

// StoredBody is the text of a stored result. It panics with a Skip when the command is about a message.
func (command Command) StoredBody() []byte {
	if command.Wire != nil {
		panic(Skip("it reads messages from a broker only"))
	}
	return command.Stored.Body
}

// Answers has a function for each command that an adapter answers, beside `start` and `stop`.
type Answers map[string]func(Command) (Object, error)

// Serve answers the commands on standard input until `stop`, all at once; `about` is the answer to `start`.
func Serve(about Object, answers Answers) {
	commands := []string{}
	for name := range answers {
		if name != "configure" {
			commands = append(commands, name)
		}
	}
	about["commands"] = commands
	answers["start"] = func(Command) (Object, error) { return maps.Clone(about), nil }
	lines, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	var writing sync.Mutex
	for {
		var command Command
		line, err := lines.ReadBytes('\n')
		if err != nil || json.Unmarshal(line, &command) != nil || command.Cmd == "stop" {
			return
		}
		go func() {
			answer := answers.to(command)
			writing.Lock()
			defer writing.Unlock()
			answer["seq"] = command.Seq
			_ = out.Encode(answer) // fails when nobody listens any more
		}()
	}
}

func (answers Answers) to(command Command) (answer Object) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = refusal(problem)
		}
	}()
	does, ok := answers[command.Cmd]
	if !ok {
		return refusal(Skip("this adapter has no " + command.Cmd))
	}
	answer, err := does(command)
	if err != nil {
		return refusal(err)
	}
	return answer
}

func refusal(problem any) Object {
	if skip, ok := problem.(Skip); ok {
		return Object{"skipped": true, "message": skip.Error()}
	}
	return Object{"errored": true, "message": fmt.Sprint(problem), "trace": string(debug.Stack())}
}
