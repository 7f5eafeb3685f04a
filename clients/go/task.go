package celerity

import "time"

// Task is one call of a task: what to run, with what, and when. It can be submitted by itself, in a batch, or as a part
// of a canvas.
type Task struct {
	// Name, as the worker registers it.
	Name string
	// Args and Kwargs are anything that encoding/json can write. Integers of any size stay exact.
	Args   []any
	Kwargs map[string]any
	// Queue to send it to. Default: what the gateway's routes say.
	Queue string
	// Delay before it may run, or ETA, the earliest time; one of the two.
	Delay time.Duration
	ETA   time.Time
	// ExpiresIn or ExpiresAt is the latest time to start, after which the task is revoked; one of the two.
	ExpiresIn time.Duration
	ExpiresAt time.Time
	// Priority is 0 to 9; nil leaves it to the queue.
	Priority *int
	// IgnoreResult stores no result; such a task cannot be waited for.
	IgnoreResult bool
	// Tags are words of your own, to find the task by.
	Tags []string
	// Dedupe says what happens to duplicates.
	Dedupe *Dedupe
	// Callback is told how the task ends.
	Callback *Callback
	// IdempotencyKey names this one request: who repeats it gets the first answer. Default: a random UUID for Submit,
	// none of its own for a task of a batch.
	IdempotencyKey string
	// Immutable, in a canvas, keeps the result of the step before out of the arguments.
	Immutable bool
}

// Dedupe names the work of a task, so that a second task for the same work is noticed.
type Dedupe struct {
	// Key of the work, or "content" for the name and the arguments.
	Key string
	// Window within which another task with the key is a duplicate. Default: ten minutes.
	Window time.Duration
	// Mode is "return" (default), "reject", "replace" or "requeue-last".
	Mode string
}

// Callback is told how a task ends: a URL, or an endpoint that the gateway knows by name.
type Callback struct {
	URL      string `json:"url,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	// On is any of "success", "failure", "revoked" and "retried". Default: the first three.
	On []string `json:"on,omitempty"`
	// Mode is "full" (default) or "thin".
	Mode string `json:"mode,omitempty"`
	// Format is "webhook" (default) or "cloudevents".
	Format string `json:"format,omitempty"`
}

// NewTask is short for a task with positional arguments.
func NewTask(name string, args ...any) Task { return Task{Name: name, Args: args} }

// call has what is called.
func (t Task) call() map[string]any {
	call := map[string]any{"task": t.Name}
	if len(t.Args) > 0 {
		call["args"] = t.Args
	}
	if len(t.Kwargs) > 0 {
		call["kwargs"] = t.Kwargs
	}
	return call
}

// addOptions has when and where. What the gateway does not take at a place it refuses by name.
func (t Task) addOptions(to map[string]any) {
	if t.Queue != "" {
		to["queue"] = t.Queue
	}
	if t.Delay != 0 {
		to["delay"] = t.Delay.Seconds()
	}
	if !t.ETA.IsZero() {
		to["eta"] = t.ETA.Format(time.RFC3339Nano)
	}
	if t.ExpiresIn != 0 {
		to["expires"] = t.ExpiresIn.Seconds()
	}
	if !t.ExpiresAt.IsZero() {
		to["expires"] = t.ExpiresAt.Format(time.RFC3339Nano)
	}
	if t.Priority != nil {
		to["priority"] = *t.Priority
	}
	if t.IgnoreResult {
		to["ignore_result"] = true
	}
	if len(t.Tags) > 0 {
		to["tags"] = t.Tags
	}
	if t.Dedupe != nil {
		to["dedupe"] = t.Dedupe.members()
	}
	if t.Callback != nil {
		to["callback"] = t.Callback
	}
}

// body of a submission.
func (t Task) body() map[string]any {
	body := t.call()
	t.addOptions(body)
	return body
}

func (d Dedupe) members() map[string]any {
	members := map[string]any{"key": d.Key}
	if d.Window != 0 {
		members["window"] = d.Window.Seconds()
	}
	if d.Mode != "" {
		members["mode"] = d.Mode
	}
	return members
}
